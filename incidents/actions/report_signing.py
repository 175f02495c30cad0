"""Who stands for a report's text: written, checked, approved."""

from datetime import datetime

from incidents.lib import times
from incidents.models import Report, ReportState, Role, Signature, Staff
from incidents.queries.report_life import last_written


def text_changed(report: Report) -> None:
    """Counts the version up, in memory: the caller saves the report, whose row it holds.

    What others signed was another text, and an approval falls back to the review.
    """
    report.version += 1
    if report.state == ReportState.APPROVED:
        report.state = ReportState.REVIEW


def sign_written(report: Report, *, otherwise: Staff | None = None) -> None:
    """In the name of whoever changed the text last, as the audit knows it; else of `otherwise`."""
    last = last_written(report)
    if last is not None and last.actor is not None:
        sign(report, Role.WRITTEN, actor=last.actor, at=last.at)
    elif otherwise is not None and not report.signatures.filter(role=Role.WRITTEN).exists():
        sign(report, Role.WRITTEN, actor=otherwise)


def sign(report: Report, role: Role, *, actor: Staff, at: datetime | None = None) -> None:
    """In place of whoever signed in this role before."""
    Signature.objects.update_or_create(
        report=report,
        role=role,
        defaults={"staff": actor, "version": report.version, "signed_at": at or times.now()},
    )
