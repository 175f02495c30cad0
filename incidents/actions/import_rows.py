"""One row of a file of subscribers, read and checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from incidents.lib import times
from incidents.lib.addresses import clean_address
from incidents.lib.csv_files import Fault
from incidents.lib.errors import Refused
from incidents.models import Page, Stages
from incidents.queries.choices import KINDS
from incidents.queries.selection import NOTHING, group_names, service_names, split

REQUIRED = ("email", "consent_date")
OPTIONAL = ("language", "services", "groups", "kinds", "stages", "time_zone", "consent_source")
LONGEST_SOURCE = 200
NO_SOURCE = "import"
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_FIRST_DAY = date(1990, 1, 1)


@dataclass(frozen=True)
class Entry:
    """`values` are columns of the subscriber; no service and no group with `all_services` is everything."""

    line: int
    email: str
    values: dict[str, Any]
    service_ids: tuple[int, ...]
    group_ids: tuple[int, ...]


class RowReader:
    """Knows what the page offers."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._zones = available_timezones()
        self._today = times.now().astimezone(page.zone).date()
        self._readings: dict[str, Callable[[str], Any]] = {
            "email": clean_address,
            "consent_date": self._consented_at,
            "language": self._language,
            "services": partial(service_names(page).read, field="services"),
            "groups": partial(group_names(page).read, field="groups"),
            "kinds": self._kinds,
            "stages": _stages,
            "time_zone": self._zone,
            "consent_source": _source,
        }

    def read(self, line: int, cells: Mapping[str, str]) -> Entry | list[Fault]:
        """The faults of all its cells, where there are any."""
        found: dict[str, Any] = {}
        faults = []
        for column, reading in self._readings.items():
            try:
                found[column] = reading(cells.get(column, ""))
            except Refused as refused:
                faults.append(Fault(str(refused), line=line, column=column))
        if faults:
            return faults
        return Entry(
            line=line,
            email=found["email"],
            service_ids=tuple(found["services"]),
            group_ids=tuple(found["groups"]),
            values={
                "language": found["language"],
                "all_services": not (cells.get("services") or cells.get("groups")),
                **{f"wants_{kind}": kind in found["kinds"] for kind in KINDS},
                "stages": found["stages"],
                "time_zone": found["time_zone"],
                "confirmed_at": found["consent_date"],
                "consent_source": found["consent_source"],
            },
        )

    def _language(self, cell: str) -> str:
        return _one_of(self._page.languages, cell or self._page.first_language, field="language")

    def _kinds(self, cell: str) -> set[str]:
        if cell in ("", NOTHING):
            return set(KINDS) if not cell else set()
        return {_one_of(KINDS, kind, field="kinds") for kind in split(cell)}

    def _zone(self, cell: str) -> str:
        if cell and cell not in self._zones:
            raise Refused(f"expected an IANA time zone such as Asia/Tokyo, not {cell!r}", field="time_zone")
        return cell

    def _consented_at(self, cell: str) -> datetime:
        """The first instant of that day in the page's zone."""
        day = _day(cell)
        if day > self._today:
            raise Refused(f"expected a day that is not in the future, not {cell}", field="consent_date")
        return times.on_the_clock(datetime.combine(day, time()), self._page.zone)


def _day(cell: str) -> date:
    """Spreadsheets turn 2024-04-01 into 2024/4/1 when they save it."""
    found = _DAY.fullmatch(cell)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or day < _FIRST_DAY:
        message = f"expected the day on which they agreed, such as 2024-04-01, not {cell!r}"
        raise Refused(message, field="consent_date")
    return day


def _one_of(allowed: list[str] | tuple[str, ...], cell: str, *, field: str) -> str:
    if cell not in allowed:
        raise Refused(f"expected one of {', '.join(allowed)}, not {cell!r}", field=field)
    return str(cell)


def _stages(cell: str) -> str:
    return _one_of(Stages.values, cell or Stages.ALL, field="stages")


def _source(cell: str) -> str:
    if len(cell) > LONGEST_SOURCE or not cell.isprintable():
        raise Refused(f"expected one line of at most {LONGEST_SOURCE} characters", field="consent_source")
    return cell or NO_SOURCE
