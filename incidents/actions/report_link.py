"""Links by which a named customer reads a report."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.models import Customer, Report, ReportLink, Staff

LONGEST_DAYS = 365


@transaction.atomic
def make_report_link(
    report: Report, customer: Customer, *, days: int, actor: Staff | None = None
) -> ReportLink:
    """It leads to the newest edition, with third parties by name, until it expires or is revoked."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"expected a whole number from 1 to {LONGEST_DAYS}", field="days")
    if customer.page_id != report.incident.page_id:
        raise Refused("expected a customer of this page", field="customer")
    now = timezone.now()
    link = ReportLink.objects.create(
        report=report,
        customer=customer,
        nonce=secrets.token_hex(16),
        expires_at=now + timedelta(days=days),
        made_at=now,
        made_by=actor,
    )
    audit.record(
        "make_report_link",
        report,
        actor=actor,
        after={"customer": customer.pk, "link": link.pk, "days": days},
    )
    return link


@transaction.atomic
def revoke_report_link(link: ReportLink, *, actor: Staff | None = None) -> None:
    """A second time changes nothing."""
    revoked = ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        audit.record("revoke_report_link", link.report, actor=actor, after={"link": link.pk})


@transaction.atomic
def note_opened(link: ReportLink) -> None:
    """The instant at which somebody last read the report by this link."""
    ReportLink.objects.filter(pk=link.pk).update(opened_at=timezone.now())
