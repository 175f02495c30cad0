import secrets

from django.db import transaction

from incidents.actions import audit
from incidents.actions.page import LANGUAGES
from incidents.lib.errors import Refused
from incidents.models import Staff


@transaction.atomic
def create_first_staff(*, email: str) -> tuple[Staff, str]:
    """The account of a new installation and its password, which is kept nowhere else."""
    password = secrets.token_urlsafe(12)
    staff = Staff.objects.create_superuser(email, password)
    audit.record("create_staff", staff, after={"email": email})
    return staff, password


@transaction.atomic
def set_language(staff: Staff, language: str) -> Staff:
    """Chooses the language that the console speaks to this person."""
    if language not in LANGUAGES:
        raise Refused(f"expected one of {', '.join(LANGUAGES)}", field="language")
    before = {"language": staff.language}
    staff.language = language
    staff.save(update_fields=["language"])
    audit.record("set_staff_language", staff, actor=staff, before=before, after={"language": language})
    return staff
