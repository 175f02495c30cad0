"""Links of customers: made, noted, revoked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.customer import create_customer
from incidents.actions.report_link import make_report_link, note_opened, revoke_report_link
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, ReportLink
from incidents.queries.report_links import find_shared, link_token
from tests import make
from tests.make_report import draft, issued, revised

pytestmark = pytest.mark.django_db


def made(days: int = 30) -> ReportLink:
    report = issued(reach="customers")
    customer = create_customer(report.incident.page, name="顧客")
    return make_report_link(report, customer, days=days)


def test_a_link_leads_to_the_newest_edition() -> None:
    link = made()
    shared = find_shared(link_token(link), now=timezone.now())
    assert shared and shared.edition and shared.edition.revision == 1
    revised(link.report, reach="customers")
    shared = find_shared(link_token(link), now=timezone.now())
    assert shared and shared.edition and shared.edition.revision == 2


def test_a_link_ends_when_it_expires_or_is_revoked() -> None:
    link = made(days=3)
    later = find_shared(link_token(link), now=timezone.now() + timedelta(days=3, seconds=1))
    assert later and later.is_expired and later.edition is None
    revoke_report_link(link)
    revoked = find_shared(link_token(link), now=timezone.now())
    assert revoked and revoked.is_revoked and revoked.edition is None


def test_a_token_that_is_not_ours_leads_nowhere() -> None:
    token = link_token(made())
    assert find_shared(token[:-2] + "00", now=timezone.now()) is None
    assert find_shared("ab" * 40, now=timezone.now()) is None


def test_revoking_twice_is_told_once() -> None:
    link = made()
    revoke_report_link(link)
    revoke_report_link(link)
    assert AuditEntry.objects.filter(action="revoke_report_link").count() == 1


def test_the_last_opening_is_noted() -> None:
    link = made()
    note_opened(link)
    link.refresh_from_db()
    assert link.opened_at


@pytest.mark.parametrize("days", [0, 366])
def test_a_link_lasts_a_day_to_a_year(days: int) -> None:
    with pytest.raises(Refused) as refused:
        made(days=days)
    assert refused.value.field == "days"


def test_a_link_is_for_a_customer_of_the_page() -> None:
    stranger = create_customer(make.page(), name="よその顧客")
    with pytest.raises(Refused) as refused:
        make_report_link(draft(), stranger, days=1)
    assert refused.value.field == "customer"
