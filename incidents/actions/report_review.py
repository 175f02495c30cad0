"""Between writing and issuing: a report is handed in, checked, approved, or sent back.

Each step names the `version` that its person read: a text that changed since is not signed.
"""

from django.db import transaction

from incidents.actions import audit
from incidents.actions.report import lock_draft
from incidents.actions.report_signing import sign, sign_written
from incidents.lib.errors import Refused
from incidents.models import Report, ReportState, Role, Staff
from incidents.queries.report_life import signatures_in_force, writers_of

LONGEST_REASON = 500


@transaction.atomic
def request_review(report: Report, *, version: int, actor: Staff) -> Report:
    """Hands the text in, written by whoever changed it last."""
    report = lock_draft(report, version=version)
    if report.state != ReportState.DRAFT:
        raise Refused("the report is in review already")
    sign_written(report, otherwise=actor)
    return _step(report, ReportState.REVIEW, "request_review", actor=actor)


@transaction.atomic
def check_report(report: Report, *, version: int, actor: Staff) -> Report:
    report = _lock_reviewed(report, version=version)
    _refuse_signed(report, Role.CHECKED)
    sign(report, Role.CHECKED, actor=actor)
    return _step(report, report.state, "check_report", actor=actor)


@transaction.atomic
def approve_report(report: Report, *, version: int, actor: Staff) -> Report:
    """Where the page asks for four eyes, whoever wrote any of the text cannot approve it."""
    report = _lock_reviewed(report, version=version)
    _refuse_signed(report, Role.APPROVED)
    if report.incident.page.four_eyes and actor.pk in writers_of(report):
        raise Refused("somebody else must approve what you have written")
    sign(report, Role.APPROVED, actor=actor)
    return _step(report, ReportState.APPROVED, "approve_report", actor=actor)


@transaction.atomic
def send_back(report: Report, *, because: str, version: int, actor: Staff) -> Report:
    """Back to those who write, with a reason; an approval that was given is taken back."""
    report = _lock_reviewed(report, version=version)
    because = because.strip()
    if not because or len(because) > LONGEST_REASON:
        raise Refused(f"expected a reason of 1 to {LONGEST_REASON} characters", field="because")
    report.signatures.filter(role__in=(Role.CHECKED, Role.APPROVED)).delete()
    return _step(report, ReportState.DRAFT, "send_back_report", actor=actor, because=because)


def _lock_reviewed(report: Report, *, version: int) -> Report:
    report = lock_draft(report, version=version)
    if report.state == ReportState.DRAFT:
        raise Refused("the report is not in review")
    return report


def _refuse_signed(report: Report, role: Role) -> None:
    signed = signatures_in_force(report).get(role)
    if signed is not None:
        done = "checked" if role == Role.CHECKED else "approved"
        raise Refused(f"{signed.staff} has {done} this text already")


def _step(report: Report, state: str, action: str, *, actor: Staff, **told: str) -> Report:
    before = {"state": report.state}
    report.state = state
    report.save(update_fields=["state"])
    after = {"state": state, "version": report.version, **told}
    audit.record(action, report, actor=actor, before=before, after=after)
    return report
