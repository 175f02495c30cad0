"""The language and the clock that the console uses for one person on one page."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone, translation

from incidents.models import Page, Staff


@contextmanager
def speaking_to(staff: Staff, *, page: Page) -> Iterator[None]:
    """Texts in the person's language; instants read and written in the page's zone."""
    with translation.override(staff.language), timezone.override(page.zone):
        yield
