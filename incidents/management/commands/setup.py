from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, call_command
from django.db import connection

from incidents.actions.access import create_first_staff
from incidents.management.first_page import ensure_page
from incidents.queries.access import has_staff


class Command(BaseCommand):
    help = "Migrates, and creates the page and one staff account where there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        _close_database_file()
        call_command("migrate", verbosity=0, interactive=False)
        page = ensure_page()
        if not has_staff():
            staff, password = create_first_staff(email=f"admin@{_mail_domain(page.host)}")
            self.stdout.write(f"First staff account: {staff.email}")
            self.stdout.write(f"Its password, shown only now: {password}")


def _close_database_file() -> None:
    """To every other user of the machine; the files SQLite makes beside it take after it."""
    file = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and file.is_absolute():
        file.touch(0o600)
        file.chmod(0o600)


def _mail_domain(host: str) -> str:
    """A name that can stand behind an @; an address or a bare name gets the reserved example domain."""
    return host if "." in host and not host.replace(".", "").isdigit() else "example.com"
