"""The two serials: an incident's reference at its opening, a report's number at its first issue."""

import re
import secrets
from collections.abc import Iterable
from datetime import date, datetime

from incidents.actions.revision import lock_page
from incidents.lib.errors import Refused
from incidents.models import Incident, Report

PER_DAY = 99
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # without vowels they make no word


def next_reference(page_id: int, *, opened_at: datetime) -> str:
    """`INC-20200904-01`: the day of opening in the page's zone, a serial from 01.

    All pages count together, since one may show incidents of another. A private page's end in four random
    letters instead: a number left out elsewhere would tell of them.
    """
    page = lock_page(page_id)
    stem = f"INC-{opened_at.astimezone(page.zone):%Y%m%d}-"
    taken = set(Incident.objects.filter(reference__startswith=stem).values_list("reference", flat=True))
    if not page.is_private:
        return stem + _next_serial(taken, what="incident", stem=stem)
    drawn = iter(lambda: stem + "".join(secrets.choice(LETTERS) for _ in range(4)), "")
    return next(reference for reference in drawn if reference not in taken)


def next_number(page_id: int, *, code: str, issued_on: date) -> str:
    """`HEA2020100801`: the service's code, the day of the first issue, a serial from 01 per code and day."""
    lock_page(page_id)
    return propose_number(code=code, issued_on=issued_on)


def propose_number(*, code: str, issued_on: date) -> str:
    """The number that a report would be given now; nothing is reserved."""
    stem = f"{code}{issued_on:%Y%m%d}"
    taken = Report.objects.filter(number__startswith=stem).values_list("number", flat=True)
    return stem + _next_serial([number for number in taken if number], what="report", stem=stem)


def _next_serial(taken: Iterable[str], *, what: str, stem: str) -> str:
    endings = (name[len(stem) :] for name in taken)
    serial = 1 + max((int(ending) for ending in endings if re.fullmatch(r"\d+", ending)), default=0)
    if serial > PER_DAY:
        raise Refused(f"{stem}: a day has at most {PER_DAY} {what} numbers, and all are taken")
    return f"{serial:02d}"
