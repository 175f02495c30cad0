"""After a report was issued: its next edition is begun, or it is withdrawn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from incidents.actions import audit
from incidents.actions.report_issue import Frozen, keep_edition, keep_files
from incidents.actions.revision import touch_incident
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Edition, IssuedEdition, IssuedFile, Reach, Report, ReportState, Staff
from incidents.notices import fanout
from incidents.queries.incident import lock_incident

LONGEST_REASON = 500


@transaction.atomic
def begin_revision(
    report: Report,
    *,
    freeze: Callable[[Report], Frozen],
    edition: str = Edition.FINAL,
    actor: Staff | None = None,
) -> Report:
    """Opens the text of an issued or withdrawn report again; readers keep what was issued until the next issue."""
    report = _lock_issued(report)
    _keep_what_is_public(report, freeze)
    before = {"revision": report.revision, "edition": report.edition}
    report.revision += 1
    report.revised_on = times.now().astimezone(report.incident.page.zone).date()
    report.edition = edition
    report.state = ReportState.DRAFT
    report.version += 1
    report.signatures.all().delete()
    report.save()
    after = {"revision": report.revision, "edition": report.edition}
    audit.record("begin_revision", report, actor=actor, before=before, after=after)
    return report


@transaction.atomic
def withdraw_report(
    report: Report,
    *,
    because: str,
    marked: Mapping[int, Sequence[IssuedFile]],
    withdrawn_at: datetime,
    shows_text: bool = True,
    actor: Staff | None = None,
) -> Report:
    """Marks every edition that stands as withdrawn, and takes back what was not sent yet.

    The address and the number stay, with the day and the reason. `marked` are the files of each of these editions,
    by its id, with the mark of `withdrawn_at`. A revision that is being written goes on.
    """
    report = _lock_issued(report, in_revision_too=True)
    because = because.strip()
    if not because or len(because) > LONGEST_REASON:
        raise Refused(f"expected a reason of 1 to {LONGEST_REASON} characters", field="because")
    standing = list(standing_editions(report))
    if not standing:
        raise Refused(f"{report.number} was withdrawn already")
    if {edition.pk for edition in standing} != set(marked):
        raise Refused("someone else issued an edition meanwhile; nothing was withdrawn")
    for edition in standing:
        edition.withdrawn_at, edition.withdrawn_by = withdrawn_at, actor
        edition.withdrawn_because, edition.shows_text = because, shows_text
        edition.save()
        keep_files(edition, marked[edition.pk])
    if report.state == ReportState.ISSUED:
        report.state = ReportState.WITHDRAWN
        report.save(update_fields=["state"])
    cancelled = fanout.cancel_report(report)
    after = {"because": because, "shows_text": shows_text, "cancelled": cancelled}
    audit.record("withdraw_report", report, actor=actor, after=after)
    touch_incident(report.incident)
    return report


@transaction.atomic
def keep_past(report: Report, *, freeze: Callable[[Report], Frozen]) -> None:
    """Freezes a past report that was taken in, before anything is done with it; others are frozen already."""
    _keep_what_is_public(_lock_issued(report, in_revision_too=True), freeze)


def standing_editions(report: Report) -> QuerySet[IssuedEdition]:
    return IssuedEdition.objects.filter(report=report, withdrawn_at=None)


def _lock_issued(report: Report, *, in_revision_too: bool = False) -> Report:
    """The report's row, held, then its incident's."""
    held = Report.objects.select_for_update(of=("self",)).select_related("service")
    locked = held.get(pk=report.pk)
    locked.incident = lock_incident(locked.incident_id)
    is_issued = locked.state in (ReportState.ISSUED, ReportState.WITHDRAWN)
    if not (is_issued or (in_revision_too and locked.issued_at)):
        raise Refused(f"{locked.number or locked.incident.reference} is not issued")
    return locked


def _keep_what_is_public(report: Report, freeze: Callable[[Report], Frozen]) -> None:
    """A past report that was taken in has no frozen edition until something is done with it."""
    if report.editions.exists():
        return
    edition = keep_edition(report, freeze(report), reach=Reach.QUIET)
    edition.issued_at = report.issued_at or edition.issued_at
    edition.save(update_fields=["issued_at"])
