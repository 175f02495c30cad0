"""Issuing: every edition must be writable before the number counts, and is kept as it was written."""

from datetime import date

from django.db import transaction

from incidents.actions import report_issue, report_revision
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Edition, Reach, Report, Staff
from incidents.queries.report import with_record
from incidents.reports import frozen
from incidents.reports.checking import refuse_open_claims
from incidents.reports.masking import mask_words


def issue(
    report: Report,
    *,
    issued_on: date | None = None,
    reach: str = Reach.AUDIENCE,
    changes: str = "",
    version: int | None = None,
    notify: bool = True,
    actor: Staff | None = None,
) -> Report:
    """Gives number and date, writes every edition and freezes it; where a writer refuses, nothing is issued.

    `reach` says who may read it and who is told, `changes` what a later edition changed. `version` is the one that
    was read: another's save in between is refused.
    """
    if actor is not None:
        refuse_open_claims(with_record(report.pk))
    with transaction.atomic():
        reserved = report_issue.reserve_number(report, issued_on=issued_on, version=version)
        drawn = frozen.draw(reserved)
    try:
        written = frozen.write(drawn)
        told = mask_words(changes, reserved.parties)
        edition = report_issue.issue_report(
            reserved, written, reach=reach, changes=told, notify=notify, actor=actor
        )
    except Refused:
        report_issue.release_number(reserved)
        raise
    return edition.report


def begin_revision(report: Report, *, edition: str = Edition.FINAL, actor: Staff | None = None) -> Report:
    """Opens the text again for the next edition, `edition` being its kind."""
    return report_revision.begin_revision(report, freeze=frozen.freeze, edition=edition, actor=actor)


def withdraw(report: Report, *, because: str, shows_text: bool = True, actor: Staff | None = None) -> Report:
    """Marks what was issued as withdrawn, with the reason; without `shows_text` readers find only that."""
    report_revision.keep_past(report, freeze=frozen.freeze)
    now = times.now()
    editions = report_revision.standing_editions(report).select_related("report__incident__page")
    return report_revision.withdraw_report(
        report,
        because=mask_words(because, with_record(report.pk).parties),
        marked={edition.pk: frozen.rewrite(edition, withdrawn_at=now) for edition in editions},
        withdrawn_at=now,
        shows_text=shows_text,
        actor=actor,
    )
