from typing import Any

from django.core.management import BaseCommand, call_command

from incidents.actions.access import create_first_staff
from incidents.management.first_page import ensure_page
from incidents.queries.access import has_staff


class Command(BaseCommand):
    help = "Migrates, and creates the page and one staff account where there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        page = ensure_page()
        if not has_staff():
            staff, password = create_first_staff(email=f"admin@{_mail_domain(page.host)}")
            self.stdout.write(f"First staff account: {staff.email}")
            self.stdout.write(f"Its password, shown only now: {password}")


def _mail_domain(host: str) -> str:
    """A name that can stand behind an @; an address or a bare name gets the reserved example domain."""
    return host if "." in host and not host.replace(".", "").isdigit() else "example.com"
