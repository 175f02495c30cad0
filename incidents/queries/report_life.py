"""Where a report stands between the people who write, check and approve it."""

from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from incidents.models import AuditEntry, LogEntry, Report, ReportLine, Role, Signature

NOT_WRITING = (
    *("draft_report", "request_review", "check_report", "approve_report", "send_back_report"),
    *("issue_report", "begin_revision", "withdraw_report", "make_report_link", "revoke_report_link"),
)
"""What the audit calls the steps of a report that leave its text as it is; so does whatever begins with `confirm`."""


def signatures_in_force(report: Report) -> dict[str, Signature]:
    """By role. Those who checked or approved did so for one version; a later text is not theirs."""
    signed = Signature.objects.filter(report=report).select_related("staff")
    in_force = signed.filter(Q(role=Role.WRITTEN) | Q(version=report.version))
    return {signature.role: signature for signature in in_force}


def ended_signatures(report: Report) -> list[Signature]:
    """Of those who checked or approved an earlier text."""
    signed = Signature.objects.filter(report=report).select_related("staff")
    return list(signed.exclude(Q(role=Role.WRITTEN) | Q(version=report.version)))


def writers_of(report: Report) -> set[int]:
    """Everybody, by id, who changed the text since the last edition was issued."""
    return {writer for writer in _writing_of(report).values_list("actor_id", flat=True) if writer is not None}


def last_written(report: Report) -> AuditEntry | None:
    return _writing_of(report).select_related("actor").order_by("-at", "-pk").first()


def _writing_of(report: Report) -> QuerySet[AuditEntry]:
    issued = _told_of(report).filter(action="issue_report").order_by("-pk").values("pk")[:1]
    changed = _told_of(report).filter(pk__gt=Coalesce(Subquery(issued), 0), actor__isnull=False)
    return changed.exclude(action__in=NOT_WRITING).exclude(action__startswith="confirm")


def last_sent_back(report: Report) -> AuditEntry | None:
    """The entry that says who sent it back and why, unless it was handed in again since."""
    steps = _told_of(report).filter(action__in=("send_back_report", "request_review", "issue_report"))
    last = steps.order_by("-at", "-pk").first()
    return last if last and last.action == "send_back_report" else None


def lines_since(report: Report) -> int:
    """Lines of the log that the report neither shows nor leaves out: they were written later."""
    known = ReportLine.objects.filter(report=report).values("entry")
    return LogEntry.objects.filter(incident=report.incident_id).exclude(pk__in=known).count()


def _told_of(report: Report) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(object_type="report", object_id=str(report.pk))
