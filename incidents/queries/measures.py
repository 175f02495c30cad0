"""Permanent measures: which are open, which are late, and what customers were told of them."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from incidents.lib.languages import said_by
from incidents.models import Measure, MeasuresNote, MeasureState, Page, Report, Staff

SHOWN_OVERDUE = 8


@dataclass(frozen=True)
class ToldNote:
    """Safe HTML; `language` is the one it is really in."""

    html: str
    language: str


def measures_of_page(page: Page) -> QuerySet[Measure]:
    """With what a list shows of each."""
    found = Measure.objects.filter(report__incident__page=page)
    return found.select_related("owner", "report__incident", "report__service")


def filters(*, today: date, staff: Staff) -> dict[str, Q]:
    open_ = Q(state=MeasureState.OPEN)
    return {
        "open": open_,
        "overdue": open_ & Q(due_on__lt=today),
        "mine": open_ & Q(owner=staff),
        "done": Q(state=MeasureState.DONE),
        "dropped": Q(state=MeasureState.DROPPED),
        "all": Q(),
    }


def overdue_measures(page: Page, *, today: date) -> list[Measure]:
    """The longest overdue first, and no more than a dashboard shows."""
    late = measures_of_page(page).filter(state=MeasureState.OPEN, due_on__lt=today)
    return list(late.order_by("due_on", "pk")[:SHOWN_OVERDUE])


def measures_of_report(report: Report) -> list[Measure]:
    """Open ones first, by their day."""
    found = Measure.objects.filter(report=report).select_related("owner")
    return list(found.order_by(F("ended_at").asc(nulls_first=True), "due_on", "pk"))


def told_note(report: Report, *, language: str) -> ToldNote | None:
    """None until customers are told; in the page's first language where nobody wrote it in this one."""
    note = MeasuresNote.objects.filter(report=report).first()
    if note is None:
        return None
    said = said_by(note, "body_html", language=language, first=report.incident.page.first_language)
    return ToldNote(said.text, said.language)
