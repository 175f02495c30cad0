"""Issuing a report: its number is reserved, every edition is written, and what was written is frozen and told.

The three are apart because writing takes seconds: no transaction is open meanwhile, and nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.actions.references import next_number
from incidents.actions.report import TEXTS, lock_draft
from incidents.actions.report_signing import sign_written
from incidents.actions.revision import touch_incident
from incidents.actions.update import SENDING
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import Edition, IssuedEdition, IssuedFile, Reach, Report, ReportState, Role, Staff
from incidents.notices import fanout
from incidents.queries.report_life import signatures_in_force, writers_of

LONGEST_CHANGES = 2000
RANKS = {Edition.FIRST: 0, Edition.INTERIM: 1, Edition.FINAL: 2}


@dataclass(frozen=True)
class Frozen:
    """What is kept of an edition: see IssuedEdition. `files` are rows without their edition."""

    documents: Mapping[str, Any]
    named: Mapping[str, Any] = field(default_factory=dict)
    signatures: Sequence[Mapping[str, Any]] = ()
    files: Sequence[IssuedFile] = ()


@transaction.atomic
def reserve_number(report: Report, *, issued_on: date | None = None, version: int | None = None) -> Report:
    """The report as it will be issued, with number and dates; only the number is saved.

    Refused, by the field, unless it is complete, and approved where the page asks for that. `version` is the one
    that was read: another's save in between is refused.
    """
    report = _lock_unissued(report, version=version)
    last = _last_edition(report)
    _check_complete(report)
    _check_order(report, last)
    _check_approved(report)
    sign_written(report)
    day = issued_on or times.now().astimezone(report.incident.page.zone).date()
    if last is None:
        report.issued_on = day
        report.number = _reserved(report, day)
        report.save(update_fields=["number"])
        report.revision, report.revised_on = 1, None
    else:
        _check_day(report, day)
        report.revised_on = day
    return report


@transaction.atomic
def release_number(report: Report) -> None:
    """After a writer refused: a report that was never issued has no number."""
    held = Report.objects.select_for_update(of=("self",)).filter(pk=report.pk, issued_at=None)
    held.update(number=None)


@transaction.atomic
def issue_report(
    reserved: Report,
    frozen: Frozen,
    *,
    reach: str = Reach.AUDIENCE,
    changes: str = "",
    notify: bool = True,
    actor: Staff | None = None,
) -> IssuedEdition:
    """Issues what was reserved and written, unless the text has changed since, and tells whom `reach` says."""
    report = _lock_unissued(reserved, version=reserved.version)
    if report.number != reserved.number:
        raise Refused("someone else issues this report at this moment")
    last = _last_edition(report)
    changes = _checked_changes(changes, is_needed=last is not None)
    _check_approved(report)
    now = times.now()
    report.issued_on, report.revised_on = reserved.issued_on, reserved.revised_on
    if last is None:
        report.issued_at, report.issued_by = now, actor
    report.state = ReportState.ISSUED
    report.reach = reach
    report.save()
    edition = keep_edition(report, frozen, reach=reach, changes=changes, actor=actor)
    audit.record("issue_report", report, actor=actor, after=_told(edition))
    touch_incident(report.incident)
    if notify and reach in (Reach.PAGE, Reach.AUDIENCE):
        fanout.queue_report(report, is_for_all=reach == Reach.PAGE)
        transaction.on_commit(lambda: wake(SENDING), robust=True)
    return edition


def keep_edition(
    report: Report, frozen: Frozen, *, reach: str, changes: str = "", actor: Staff | None = None
) -> IssuedEdition:
    """Freezes an edition with its files, in the caller's transaction."""
    edition = IssuedEdition.objects.create(
        report=report,
        revision=report.revision,
        edition=report.edition,
        documents=frozen.documents,
        named=frozen.named,
        signatures=list(frozen.signatures),
        changes=changes,
        reach=reach,
        issued_at=times.now(),
        issued_by=actor,
    )
    keep_files(edition, frozen.files)
    return edition


def keep_files(edition: IssuedEdition, files: Sequence[IssuedFile]) -> None:
    """In place of those that it had."""
    IssuedFile.objects.filter(edition=edition).delete()
    for file in files:
        file.edition = edition
    IssuedFile.objects.bulk_create(files)


def _reserved(report: Report, day: date) -> str:
    """A number of this day; one that an issue left behind when it was killed is taken up again."""
    stem = f"{report.service.code}{day:%Y%m%d}"
    if report.number and report.number.startswith(stem):
        return report.number
    return next_number(report.incident.page_id, code=report.service.code, issued_on=day)


def _lock_unissued(report: Report, *, version: int | None) -> Report:
    if Report.objects.filter(pk=report.pk, state=ReportState.ISSUED).exists():
        raise Refused(f"{report.number or report.incident.reference} is already issued")
    return lock_draft(report, version=version)


def _last_edition(report: Report) -> IssuedEdition | None:
    found = IssuedEdition.objects.filter(report=report).defer("documents", "named")
    return found.order_by("-revision").first()


def _check_complete(report: Report) -> None:
    for name in TEXTS:
        if not str(getattr(report, name)).strip():
            raise Refused("this part of the report is empty", field=name)
    if report.edition == Edition.FINAL and report.period_until is None:
        raise Refused("a final report names the end of the period", field="period_until")
    if not report.lines.filter(is_included=True).exists():
        raise Refused("the timeline has no line", field="lines")


def _check_order(report: Report, last: IssuedEdition | None) -> None:
    """A first report may be followed by an interim and a final one, and none by an earlier kind that stands."""
    if last and not last.withdrawn_at and RANKS[Edition(report.edition)] < RANKS[Edition(last.edition)]:
        raise Refused("this edition cannot follow the one that was issued last", field="edition")


def _check_approved(report: Report) -> None:
    approved = signatures_in_force(report).get(Role.APPROVED)
    if report.incident.page.four_eyes and (approved is None or approved.staff_id in writers_of(report)):
        raise Refused("a second person must approve the text as it is now before it is issued")


def _check_day(report: Report, day: date) -> None:
    if report.issued_on and day < report.issued_on:
        raise Refused(f"expected a day not before the first issue, {report.issued_on}", field="issued_on")


def _checked_changes(changes: str, *, is_needed: bool) -> str:
    changes = changes.strip()
    if is_needed and not changes:
        raise Refused("a later edition says what has changed", field="changes")
    if len(changes) > LONGEST_CHANGES:
        raise Refused(f"expected at most {LONGEST_CHANGES} characters", field="changes")
    return changes


def _told(edition: IssuedEdition) -> dict[str, Any]:
    return {
        "number": edition.report.number,
        "revision": edition.revision,
        "edition": edition.edition,
        "reach": edition.reach,
    }
