"""Who stands for a report's text: written, checked, approved."""

from incidents.lib import times
from incidents.models import Report, ReportState, Role, Signature, Staff


def text_changed(report: Report, *, actor: Staff | None) -> None:
    """Counts the version up, in memory: the caller saves the report, whose row it holds.

    Whoever changed the text has written it; what others signed was another text, and an approval falls back to
    the review.
    """
    report.version += 1
    if report.state == ReportState.APPROVED:
        report.state = ReportState.REVIEW
    if actor is not None:
        sign(report, Role.WRITTEN, actor=actor)


def sign(report: Report, role: Role, *, actor: Staff) -> None:
    """In place of whoever signed in this role before."""
    Signature.objects.update_or_create(
        report=report,
        role=role,
        defaults={"staff": actor, "version": report.version, "signed_at": times.now()},
    )
