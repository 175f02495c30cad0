from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.db import transaction

from incidents import fixtures
from incidents.management.demo import make_demo
from incidents.management.first_page import ensure_page
from incidents.management.incident_file import load
from incidents.management.replay import Replay
from incidents.queries.page import has_services

REFERENCE = Path(fixtures.__path__[0]) / "hea2020100801.toml"


class Command(BaseCommand):
    help = (
        "Fills a page that has no services yet with invented ones, their history, and the reference incident."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        page = ensure_page()
        if has_services(page):
            self.stdout.write("The page has services already; nothing was added.")
            return
        with transaction.atomic():
            make_demo(page)
            Replay(load(REFERENCE), page).play()
        self.stdout.write("The page is full of life.")
