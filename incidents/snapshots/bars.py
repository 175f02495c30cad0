"""A service's days as a drawing of few bytes: what is ordinary in one line of dashes, what is not in marks.

Units are those of the drawing: a day is DAY wide, BAR of it drawn. Heights, dashes and colours are the
stylesheet's, by class, so that a state is told by shape as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.past_days import OUTAGES, Day, Past, Seconds
from incidents.templatetags.page_time import format_day_short, format_days_short
from incidents.templatetags.uptime import duration, percent

DAY, BAR, HEIGHT = 8, 6, 32
# The middles of the lines that each kind of run is drawn by.
RUNS = {"up": (23,), "unknown": (15, 31), "gap": (15, 23, 31)}


@dataclass(frozen=True)
class Run:
    """Days alike, as one path; `title` where they are not simply up."""

    kind: str
    path: str
    title: str = ""


@dataclass(frozen=True)
class Mark:
    """A day on which something happened: a link to it."""

    kind: str
    middle: int
    href: str
    title: str


@dataclass(frozen=True)
class Bar:
    label: str
    width: int
    height: int
    runs: tuple[Run, ...]
    marks: tuple[Mark, ...]

    def svg(self) -> SafeString:
        """Written out here: of 500 services there are thousands of marks, over which a template takes long."""
        runs = format_html_join(
            "",
            '<path class="{}" d="{}">{}</path>',
            ((run.kind, run.path, _titled(run.title) if run.title else "") for run in self.runs),
        )
        marks = format_html_join(
            "",
            '<a href="{}">{}<path class="{}" d="M{} {}V0"/></a>',
            ((mark.href, _titled(mark.title), mark.kind, mark.middle, self.height) for mark in self.marks),
        )
        return format_html(
            '<div class="bar" role="group" aria-label="{}">'
            '<svg viewBox="0 0 {} {}" preserveAspectRatio="none">{}{}</svg></div>',
            self.label,
            self.width,
            self.height,
            runs,
            marks,
        )


def _titled(title: str) -> SafeString:
    return format_html("<title>{}</title>", title)


@dataclass(frozen=True)
class Place:
    """Where what happened on a day is told: under `prefix`, for incidents by the day, else by the service."""

    slug: str
    prefix: str
    language: str

    def of(self, day: Day) -> str:
        if day.is_told:
            return f"{self.prefix}/history/{day.day:%Y-%m}#d{day.day:%d}"
        return f"{self.prefix}/services/{self.slug}#{day.day.isoformat()}"


def draw(past: Past, *, label: str, place: Place, days: range | None = None) -> Bar:
    """The days of the range, all by default."""
    span = days or range(len(past.calendar))
    unusual = [(index, past.day(index)) for index in past.unusual() if index in span]
    kinds = dict.fromkeys(span, "up")
    kinds |= dict.fromkeys(range(span.start, min(past.first_known, span.stop)), "unknown")
    kinds |= {index: kind_of(day) for index, day in unusual}
    return Bar(
        label=label,
        width=DAY * len(span) - (DAY - BAR),
        height=HEIGHT,
        runs=tuple(_runs(kinds, past, language=place.language)),
        marks=tuple(
            Mark(
                kind=kinds[index],
                middle=DAY * (index - span.start) + BAR // 2,
                href=place.of(day),
                title=_title(day, language=place.language),
            )
            for index, day in unusual
            if kinds[index] not in RUNS
        ),
    )


def kind_of(day: Day) -> str:
    """That of a run, or the status of a mark."""
    if day.status == ServiceStatus.OPERATIONAL:
        return "gap" if day.has_gap else "up"
    return day.status.value


def _runs(kinds: dict[int, str], past: Past, *, language: str) -> Iterator[Run]:
    """One for all days that are up, one for each stretch of others that are no marks."""
    start = next(iter(kinds))
    stretches = [
        (kind, [index for index, _ in members])
        for kind, members in groupby(kinds.items(), key=lambda item: item[1])
        if kind in RUNS
    ]
    up = "".join(_path("up", indexes, start) for kind, indexes in stretches if kind == "up")
    if up:
        yield Run("up", up)
    for kind, indexes in stretches:
        if kind != "up":
            first, last = (past.calendar.day(indexes[end]) for end in (0, -1))
            days = format_days_short(first, last, language=language)
            words = _("no data") if kind == "unknown" else _("partly observed")
            yield Run(kind, _path(kind, indexes, start), f"{days} {words}")


def _path(kind: str, indexes: list[int], start: int) -> str:
    left, length = DAY * (indexes[0] - start), DAY * len(indexes) - (DAY - BAR)
    return "".join(f"M{left} {middle}h{length}" for middle in RUNS[kind])


def _title(day: Day, *, language: str) -> str:
    """The day, its state, and for how long: as people told it, else as monitors saw it."""
    seconds = day.checks if day.is_seen and day.checks else day.declared
    source = f" {_('(seen by monitoring)')}" if day.is_seen else ""
    return f"{format_day_short(day.day, language=language)} {', '.join(durations(seconds))}{source}"


def durations(seconds: Seconds) -> Iterable[str]:
    """Each state that was not up with its length, the worst first."""
    for status in (*reversed(OUTAGES), ServiceStatus.MAINTENANCE):
        if lasted := getattr(seconds, status.value):
            yield f"{status.label} {duration(lasted)}"


def observed(seconds: Seconds) -> str:
    return percent(seconds.known, seconds.total, places=1)
