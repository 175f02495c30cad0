"""Posting notices to endpoints: real HTTP, by lanes that hold up nobody else."""

import json
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from incidents.models import (
    AuditEntry,
    Channel,
    Delivery,
    DeliveryState,
    Lane,
    Notice,
    Page,
    Subscriber,
    SubscriberState,
    Throttle,
)
from incidents.notices import fanout, outbox, posting
from incidents.notices.channels import webhook
from incidents.notices.registry import CHANNELS
from tests.endpoints import Endpoints, Reply
from tests.make_notices import make_incident, make_page, make_subscriber, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db
OWNER = "owner@example.com"


def make_webhook(page: Page, url: str, **fields: Any) -> Subscriber:
    values = {"channel": Channel.WEBHOOK, "endpoint": url, "secret": webhook.new_secret()}
    return make_subscriber(page, OWNER, **{**values, **fields})


def tell(page: Page, number: int = 1, **fields: Any) -> Notice:
    incident = page.incidents.first() or make_incident(page)
    return fanout.queue_update(make_update(incident, number, **fields), hold_until=timezone.now())


def make_due() -> None:
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(next_attempt_at=timezone.now())
    Throttle.objects.update(paused_until=None)


def test_a_webhook_is_posted_once_and_verifies_by_the_standard(endpoints: Endpoints) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    delivery = tell(reader.page).deliveries.get()
    assert (delivery.channel, delivery.domain) == ("webhook", endpoints.host)
    assert [outbox.deliver_due(), outbox.deliver_due()] == [1, 0]
    (posted,) = endpoints.posted
    verified = Webhook(reader.secret).verify(posted.body, dict(posted.headers))
    assert verified["incident"]["incident_updates"][0]["status"] == "investigating"
    assert posted.headers["webhook-id"] == delivery.public_id
    assert posted.headers["content-type"] == "application/json"
    assert Delivery.objects.get().last_code == "200"


def test_mail_and_webhook_of_one_notice_go_their_own_ways(endpoints: Endpoints, sink: Sink) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    make_subscriber(reader.page, OWNER)
    notice = tell(reader.page)
    assert notice.audience == 2
    assert set(notice.deliveries.values_list("channel", "lane")) == {
        ("email", "notices"),
        ("webhook", f"webhook:{endpoints.host}"),
    }
    assert outbox.deliver_due() == 2
    assert [len(endpoints.posted), sink.copies] == [1, {OWNER: 1}]


def test_a_sender_of_mail_leaves_endpoints_to_theirs(endpoints: Endpoints, sink: Sink) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    make_subscriber(reader.page, OWNER)
    tell(reader.page)
    assert outbox.deliver_due(lanes=[Lane.PERSONAL, Lane.NOTICES]) == 1
    assert not endpoints.posted
    assert outbox.deliver_due(lanes=[Lane.ENDPOINTS]) == 1
    assert len(endpoints.posted) == 1


def test_a_mail_server_that_is_away_holds_up_no_webhook(endpoints: Endpoints, sink: Sink) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    make_subscriber(reader.page, OWNER)
    tell(reader.page)
    with sink.away():
        outbox.deliver_due()
    assert len(endpoints.posted) == 1


def test_each_host_has_a_lane_and_a_sender_at_a_time(endpoints: Endpoints) -> None:
    page = make_page()
    make_webhook(page, endpoints.url())
    make_webhook(page, f"http://127.0.0.2:{endpoints.port}/hook")
    tell(page)
    lanes = {f"webhook:127.0.0.{n}:{endpoints.port}" for n in (1, 2)}
    assert set(Delivery.objects.values_list("lane", flat=True)) == lanes
    assert set(Throttle.objects.values_list("key", "is_lane", "connections")) == {(k, True, 1) for k in lanes}


def test_the_longest_host_that_is_taken_can_be_told_of_an_incident() -> None:
    """One that the queue has no room for would keep everybody else from being told."""
    page = make_page()
    host = ("a" * 49 + ".") * 4 + "b" * (posting.LONGEST_HOST - 200)
    for channel in (Channel.WEBHOOK, Channel.DISCORD):
        make_webhook(page, f"https://{host}/hook", channel=channel)
    tell(page)
    assert set(Delivery.objects.values_list("lane", flat=True)) == {f"webhook:{host}", f"discord:{host}"}


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_whatever_is_not_2xx_is_tried_again_under_the_same_id(endpoints: Endpoints, status: int) -> None:
    """A redirect too: it is not followed."""
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(status, headers={"Location": endpoints.url("/elsewhere")})]
    assert outbox.deliver_due() == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_code) == (DeliveryState.QUEUED, str(status))
    assert 20 < (delivery.next_attempt_at - timezone.now()).total_seconds() < 40
    assert Subscriber.objects.get().failing_since is not None
    make_due()
    assert outbox.deliver_due() == 1
    first, second = endpoints.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Subscriber.objects.get().failing_since is None


def test_429_is_honoured_as_long_as_it_says(endpoints: Endpoints) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(429, headers={"Retry-After": "900"})]
    outbox.deliver_due()
    wait = (Delivery.objects.get().next_attempt_at - timezone.now()).total_seconds()
    assert 890 < wait <= 900


def test_410_disables_the_endpoint_and_mails_its_owner(endpoints: Endpoints, sink: Sink) -> None:
    page = make_page()
    reader = make_webhook(page, endpoints.url("/secret-path"))
    tell(page)
    tell(page, 2)
    endpoints.replies["/secret-path"] = [Reply(410)]
    outbox.deliver_due()
    reader.refresh_from_db()
    assert (reader.state, reader.disabled_reason) == (SubscriberState.DISABLED, "410 Gone")
    assert sorted(Delivery.objects.filter(channel="webhook").values_list("state", "last_reply")) == [
        ("cancelled", "410 Gone"),
        ("failed", "Gone"),
    ]
    outbox.deliver_due()
    (mail,) = sink.received
    assert mail.recipient == OWNER
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert endpoints.host in text and "410 Gone" in text and "secret-path" not in text
    assert AuditEntry.objects.get().action == "disable_endpoint"
    tell(page, 3)
    assert len(endpoints.posted) == 1


def test_failing_for_75_hours_disables_the_endpoint(endpoints: Endpoints, sink: Sink) -> None:
    since = timezone.now() - timedelta(hours=76)
    reader = make_webhook(make_page(), endpoints.url(), failing_since=since)
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(500)]
    outbox.deliver_due()
    reader.refresh_from_db()
    assert reader.state == SubscriberState.DISABLED
    assert reader.disabled_reason == "Failed for 76 hours. Last: 500 Internal Server Error"
    outbox.deliver_due()
    assert sink.copies == {OWNER: 1}


def test_failing_for_less_does_not(endpoints: Endpoints) -> None:
    since = timezone.now() - timedelta(hours=74)
    reader = make_webhook(make_page(), endpoints.url(), failing_since=since)
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(500)]
    outbox.deliver_due()
    reader.refresh_from_db()
    assert (reader.state, reader.failing_since) == (SubscriberState.ACTIVE, since)


def test_a_slow_endpoint_is_left_at_the_deadline(endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(posting, "TOTAL_MS", 300)
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(seconds=3)]
    began = time.monotonic()
    assert outbox.deliver_due() == 0
    assert time.monotonic() - began < 2
    assert "no complete answer within 300 ms" in Delivery.objects.get().last_reply


def test_hosts_that_do_not_answer_go_last_and_wait(endpoints: Endpoints) -> None:
    page = make_page()
    dead = [make_webhook(page, f"http://127.0.0.2:1/{n}") for n in range(6)]
    make_webhook(page, endpoints.url())
    tell(page)
    for _ in range(len(dead)):
        outbox.deliver_due()
    lane = Throttle.objects.get(key="webhook:127.0.0.2:1")
    assert lane.failures >= 5 and lane.paused_until is not None
    assert len(endpoints.posted) == 1


def test_a_huge_body_is_read_to_its_limit_only(endpoints: Endpoints) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(body=b"x" * 5_000_000)]
    assert outbox.deliver_due() == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "169.254.169.254", "10.0.0.1"])
def test_an_address_inside_is_refused_at_sending_too(endpoints: Endpoints, settings: Any, host: str) -> None:
    """A name may lead elsewhere by then."""
    settings.ENDPOINTS_ALLOW = ()
    reader = make_webhook(make_page(), f"https://{host}:8443/hook")
    tell(reader.page)
    assert outbox.deliver_due() == 0
    assert "is not one that may be reached" in Delivery.objects.get().last_reply
    assert not endpoints.posted


def test_what_the_body_says_reaches_nobody(endpoints: Endpoints) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)
    endpoints.replies["/hook"] = [Reply(500, body=b"internal secret")]
    outbox.deliver_due()
    assert Delivery.objects.get().last_reply == "Internal Server Error"


def test_a_sender_that_died_after_the_answer_repeats_the_same_id(endpoints: Endpoints) -> None:
    reader = make_webhook(make_page(), endpoints.url())
    tell(reader.page)

    class Dies(webhook.WebhookSender):
        def send(self, letter: Any) -> Any:
            super().send(letter)
            raise RuntimeError("killed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CHANNELS, "webhook", replace(webhook.CHANNEL, open_sender=Dies))
        with pytest.raises(RuntimeError):
            outbox.deliver_due()
    outbox.deliver_due()
    first, second = endpoints.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.maybe_sent, delivery.crashes) == (DeliveryState.SENT, True, 1)


@pytest.mark.parametrize("channel", ["webhook", "slack"])
def test_three_readers_cost_no_statement_more_than_one_but_their_own_marks(
    endpoints: Endpoints, channel: str
) -> None:
    def statements(count: int) -> int:
        page = make_page(host=f"status{count}.example")
        for number in range(count):
            make_webhook(page, endpoints.url(f"/{count}/{number}"), channel=channel)
        fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            assert outbox.deliver_due() == count
        marks = [q for q in captured if "SET state = 'sent'" in q["sql"] or '"failures" = 0' in q["sql"]]
        return len(captured) - len(marks)

    statements(2)  # what only a first pass does
    assert statements(1) == statements(3)


def test_a_thousand_expand_by_the_same_statements_as_one(endpoints: Endpoints) -> None:
    def statements(count: int) -> int:
        page = make_page(host=f"status{count}.example")
        for number in range(count):
            make_webhook(page, endpoints.url(f"/{count}/{number}"))
        update = make_update(make_incident(page))
        with CaptureQueriesContext(connection) as captured:
            fanout.queue_update(update, hold_until=timezone.now())
        return len(captured)

    assert statements(1) == statements(30)


@pytest.mark.parametrize(
    ("language", "prefix"),
    [("ja", "/ja"), ("en", ""), ("fr", "")],  # the page speaks no French any more
)
def test_the_links_of_a_payload_are_in_its_owners_language(
    endpoints: Endpoints, language: str, prefix: str
) -> None:
    page = make_page(languages=["en", "ja"])
    make_webhook(page, endpoints.url(), language=language)
    tell(page)
    outbox.deliver_due()
    told = json.loads(endpoints.posted[0].body)
    assert told["incident"]["shortlink"] == f"http://status.example{prefix}/incidents/INC-20200904-01"
    assert told["meta"]["documentation"] == f"http://status.example{prefix}/subscribe/webhook"


@pytest.mark.parametrize(("life", "verified"), [(timedelta(minutes=1), True), (timedelta(0), False)])
def test_a_former_secret_signs_beside_the_new_one_until_its_time_is_over(
    endpoints: Endpoints, life: timedelta, verified: bool
) -> None:
    page, former = make_page(), webhook.new_secret()
    until = timezone.now() + life
    reader = make_webhook(page, endpoints.url(), former_secret=former, former_secret_until=until)
    tell(page)
    outbox.deliver_due()
    (posted,) = endpoints.posted[:1]
    Webhook(reader.secret).verify(posted.body, dict(posted.headers))
    with nullcontext() if verified else pytest.raises(WebhookVerificationError):
        Webhook(former).verify(posted.body, dict(posted.headers))
