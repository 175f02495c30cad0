"""One line of a report's timeline: taken in, left out, reworded, joined to the one before; the log stays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from incidents.actions import audit
from incidents.actions.report_signing import text_changed
from incidents.actions.report_text import lock_text
from incidents.lib.errors import Refused
from incidents.models import Report, ReportLine, Staff

LONGEST_WORDING = 5000


@dataclass(frozen=True)
class LineChange:
    """None leaves a thing as it is. `wordings` are {language: text}, "" the log's own words; `read` what they
    were when they were read: one that was changed since is not overwritten."""

    is_included: bool | None = None
    is_joined: bool | None = None
    wordings: dict[str, str] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)


def wording_of(line: ReportLine, language: str, *, first: str) -> str:
    return line.wording if language == first else str(line.wordings.get(language, ""))


@transaction.atomic
def change_line(
    report: Report, entry_id: int, change: LineChange, *, actor: Staff | None = None
) -> list[ReportLine]:
    """Answers the lines of the same minute, this one included: where it no longer stands before one that was
    joined to it, that one stands alone."""
    held = lock_text(report)
    line = ReportLine.objects.filter(report=held, entry=entry_id).select_related("entry").first()
    if line is None:
        raise Refused(f"log entry {entry_id} is not in this report", field="lines")
    before = _facts(line)
    _reword(line, change, first=held.language)
    if change.is_included is not None:
        line.is_included = change.is_included
    if change.is_joined is not None:
        line.is_joined = change.is_joined
    same = _of_the_minute(held, line)
    if change.is_joined and not _has_one_before(line, same):
        raise Refused("a line can only join one of the same minute", field="lines")
    for other in same:
        other.is_joined = other.is_joined and _has_one_before(other, same)
        other.save()
    text_changed(held)
    held.save(update_fields=["version", "state"])
    audit.record("choose_report_line", held, actor=actor, before=before, after=_facts(line))
    return same


def _reword(line: ReportLine, change: LineChange, *, first: str) -> None:
    for language, text in change.wordings.items():
        old, new = wording_of(line, language, first=first), " ".join(text.split())
        if len(new) > LONGEST_WORDING:
            raise Refused(f"expected at most {LONGEST_WORDING} characters", field="wording")
        if old not in (change.read.get(language, old), new):
            raise Refused(
                "someone else changed this line meanwhile; nothing was overwritten", field="wording"
            )
        if language == first:
            line.wording = new
        else:
            line.wordings[language] = new


def _of_the_minute(report: Report, line: ReportLine) -> list[ReportLine]:
    """In the order of the timeline, with `line` itself as it is to be."""
    minute = line.entry.happened_at.replace(second=0, microsecond=0)
    found = report.lines.filter(
        entry__happened_at__gte=minute, entry__happened_at__lt=minute + timedelta(minutes=1)
    )
    ordered = found.select_related("entry__update", "entry__author").order_by(
        "entry__happened_at", "entry_id"
    )
    return [line if row.pk == line.pk else row for row in ordered]


def _has_one_before(line: ReportLine, same: Sequence[ReportLine]) -> bool:
    return any(row.is_included for row in same[: same.index(line)])


def _facts(line: ReportLine) -> dict[str, object]:
    return {
        "entry": line.entry_id,
        "is_included": line.is_included,
        "is_joined": line.is_joined,
        "wording": line.wording,
        "wordings": dict(line.wordings),
    }
