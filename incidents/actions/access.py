import secrets

from django.db import transaction

from incidents.actions import audit
from incidents.models import Staff


@transaction.atomic
def create_first_staff(*, email: str) -> tuple[Staff, str]:
    """The account of a new installation and its password, which is kept nowhere else."""
    password = secrets.token_urlsafe(12)
    staff = Staff.objects.create_superuser(email, password)
    audit.record("create_staff", staff, after={"email": email})
    return staff, password
