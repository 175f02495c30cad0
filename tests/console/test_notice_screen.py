from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from incidents.console import deliveries
from incidents.models import AuditEntry, Delivery, Notice
from tests import make
from tests.console.conftest import Desk


def tell(desk: Desk, *names: str) -> Notice:
    for name in names:
        make.subscriber(desk.page, f"{name}@example.com")
    make.update(make.incident(desk.page), notify=True)
    return Notice.objects.latest("pk")


def screen(desk: Desk, notice: Notice, query: str = "") -> str:
    response = desk.client.get(f"/console/notices/{notice.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_notice_shows_what_became_of_its_mails(desk: Desk) -> None:
    notice = tell(desk, "sent", "failed", "waits")
    at = notice.due_at + timedelta(seconds=42)
    notice.deliveries.filter(subscriber__email="sent@example.com").update(state="sent", sent_at=at)
    notice.deliveries.filter(subscriber__email="failed@example.com").update(
        state="failed", last_code="550", last_reply="5.1.1 <b>unknown</b>"
    )
    html = screen(desk, notice)
    for name in ("sent", "failed", "queued"):
        assert f'<dd id="count-{name}">1</dd>' in html
    assert "42 s" in html
    assert "550 5.1.1 &lt;b&gt;unknown&lt;/b&gt;" in html
    assert "count-parked" not in html


def test_the_counts_of_an_update_lead_to_its_proof(desk: Desk) -> None:
    notice = tell(desk, "a")
    notice.deliveries.update(state="failed")
    assert notice.incident
    for path in (f"/console/incidents/{notice.incident.reference}/", "/console/mail/"):
        assert f"/console/notices/{notice.pk}/" in desk.client.get(path).content.decode()


def test_failed_mails_are_sent_again_by_a_button(desk: Desk) -> None:
    notice = tell(desk, "a", "b")
    notice.deliveries.update(state="failed")
    assert "Send 2 failed mails again" in screen(desk, notice)
    response = desk.client.post(f"/console/notices/{notice.pk}/retry/", follow=True)
    assert "2 mails are sent again." in response.content.decode()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}
    assert AuditEntry.objects.get(action="retry_failed_mails").actor == desk.staff


def test_what_cannot_be_sent_again_says_why(desk: Desk) -> None:
    notice = tell(desk, "a")
    notice.deliveries.update(state="failed")
    Notice.objects.update(expires_at=timezone.now())
    assert 'name="fresh_life"' in screen(desk, notice)
    refused = desk.client.post(f"/console/notices/{notice.pk}/retry/", follow=True)
    assert "past its life" in refused.content.decode()
    desk.client.post(f"/console/notices/{notice.pk}/retry/", {"fresh_life": "on"})
    assert Delivery.objects.get().state == "queued"


def test_there_is_no_button_where_nothing_failed(desk: Desk) -> None:
    assert 'id="retry"' not in screen(desk, tell(desk, "a"))


def test_those_that_failed_are_paged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "PER_PAGE", 2)
    notice = tell(desk, "a", "b", "c")
    notice.deliveries.update(state="failed")
    first = screen(desk, notice)
    assert "b@example.com" in first and "c@example.com" not in first
    last = notice.deliveries.order_by("subscriber_id")[1].subscriber_id
    assert f"?after={last}#failed" in first
    rest = screen(desk, notice, f"?after={last}")
    assert "c@example.com" in rest and "b@example.com" not in rest


def test_notices_of_another_page_are_not_found(desk: Desk) -> None:
    other = make.page()
    make.subscriber(other)
    make.update(make.incident(other), notify=True)
    path = f"/console/notices/{Notice.objects.latest('pk').pk}/"
    assert desk.client.get(path).status_code == 404
    assert desk.client.post(f"{path}retry/").status_code == 404


@pytest.mark.parametrize("readers", [1, 3])
def test_the_screen_costs_the_same_queries_for_any_audience(
    desk: Desk, readers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    notice = tell(desk, *(f"r{n}" for n in range(readers)))
    notice.deliveries.update(state="failed")
    screen(desk, notice)
    with django_assert_num_queries(10):
        screen(desk, notice)
