"""What the screens of a report say of its life: who signed, what can be done next."""

from dataclasses import dataclass

from django import template

from incidents.models import AuditEntry, Edition, IssuedEdition, Report, ReportState, Role, Signature
from incidents.queries.report import editions_of
from incidents.queries.report_life import ended_signatures, last_sent_back, lines_since, signatures_in_force

register = template.Library()


@dataclass(frozen=True)
class Life:
    """`signatures` are roles with who signed them, None where nobody did; `ended` those of an earlier text."""

    signatures: tuple[tuple[str, Signature | None], ...]
    ended: tuple[Signature, ...]
    sent_back: AuditEntry | None
    editions: tuple[IssuedEdition, ...]
    newer_lines: int
    is_draft: bool
    is_in_review: bool
    is_issued: bool
    can_withdraw: bool
    next_editions: tuple[tuple[str, str], ...]


@register.simple_tag
def life_of(report: Report) -> Life:
    in_force = signatures_in_force(report)
    editions = editions_of(report)
    is_issued = report.state in (ReportState.ISSUED, ReportState.WITHDRAWN)
    stands = not editions or any(edition.withdrawn_at is None for edition in editions)
    return Life(
        signatures=tuple((str(role.label), in_force.get(role.value)) for role in Role),
        ended=tuple(ended_signatures(report)),
        sent_back=last_sent_back(report) if report.state == ReportState.DRAFT else None,
        editions=tuple(editions),
        newer_lines=lines_since(report) if is_issued else 0,
        is_draft=report.state == ReportState.DRAFT,
        is_in_review=report.state in (ReportState.REVIEW, ReportState.APPROVED),
        is_issued=is_issued,
        can_withdraw=report.issued_at is not None and stands,
        next_editions=tuple((value, str(label)) for value, label in Edition.choices),
    )


@register.filter
def role_name(role: str) -> str:
    return str(Role(role).label) if role in Role.values else role
