"""A page whose mails come back sends no more notices to many until staff let them go on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions import subscriber as subscriber_actions
from incidents.actions.mail_pause import BURSTS, let_mails_go_on
from incidents.models import (
    AuditEntry,
    Channel,
    Delivery,
    MailEvent,
    MailEventKind,
    Notice,
    Page,
    Subscriber,
)
from incidents.notices import outbox, pausing
from incidents.notices.channels.webhook import new_secret
from incidents.queries.choices import Choices
from tests import make
from tests.endpoints import Endpoints, endpoints
from tests.make_returned import bounce, told
from tests.smtp import Sink, sink

__all__ = ["endpoints", "sink"]
pytestmark = pytest.mark.django_db

KATO = "kato@example.jp"


def publish(page: Page) -> None:
    make.update(make.incident(page), notify=True)
    Delivery.objects.filter(state="queued").update(next_attempt_at=timezone.now())


def many_told(page: Page, count: int) -> list[Delivery]:
    Subscriber.objects.bulk_create(make.unsaved_subscriber(page, f"r{n}@example.jp") for n in range(count))
    publish(page)
    Delivery.objects.filter(subscriber__page=page).update(state="sent", sent_at=timezone.now())
    return list(Delivery.objects.filter(subscriber__page=page).order_by("pk"))


@pytest.mark.parametrize("mails", [400, 401])
def test_a_burst_of_hard_bounces_pauses_the_page(mails: int, caplog: pytest.LogCaptureFixture) -> None:
    page, limit = make.page(), BURSTS[MailEventKind.HARD].count
    deliveries = many_told(page, mails)
    for delivery in deliveries[: limit - 1]:
        bounce(delivery)
    page.refresh_from_db()
    assert page.mail_paused_at is None
    bounce(deliveries[limit - 1])
    page.refresh_from_db()
    assert (page.mail_paused_at is not None) is (mails == 400)
    assert bool(page.mail_pause_reason) is ("are paused" in caplog.text) is (mails == 400)


def test_three_complaints_pause_a_page_that_sent_few_mails() -> None:
    page = make.page()
    for delivery in many_told(page, 10)[:3]:
        bounce(delivery, "complaint")
    page.refresh_from_db()
    assert page.mail_pause_reason == "complaint 3/10"


def paused_page(deliveries: int = 10) -> Page:
    page = make.page()
    for delivery in many_told(page, deliveries)[:3]:
        bounce(delivery, "complaint")
    page.refresh_from_db()
    assert page.mail_paused_at
    return page


def test_a_paused_page_sends_personal_mails_only_and_others_are_unconcerned(sink: Sink) -> None:
    page, other = paused_page(), make.page()
    make.subscriber(other, "other@example.jp")
    publish(other)
    publish(page)
    subscriber_actions.subscribe(page, email="new@example.jp", choices=Choices("ja"))
    outbox.deliver_due()
    assert sink.copies == {"other@example.jp": 1, "new@example.jp": 1}


def test_webhooks_are_told_while_mails_are_paused(endpoints: Endpoints, sink: Sink) -> None:
    page = paused_page()
    own = {"channel": Channel.WEBHOOK, "endpoint": endpoints.url(), "secret": new_secret()}
    hook = make.subscriber(page, "owner@example.jp", **own)
    Subscriber.objects.filter(pk=hook.pk).update(paused_until=timezone.now() + timedelta(days=3))
    publish(page)
    pausing.tidy_up()
    assert outbox.deliver_due() == 1
    assert endpoints.posted[0].json["incident"] and not sink.received
    assert set(Delivery.objects.filter(state="queued").values_list("channel", flat=True)) == {"email"}


def test_what_waited_is_sent_when_staff_let_it_go_on_and_nothing_expired(sink: Sink) -> None:
    page = paused_page()
    publish(page)
    outbox.deliver_due()
    Delivery.objects.filter(state="queued").update(expires_at=timezone.now() - timedelta(days=2))
    outbox.deliver_due()
    assert let_mails_go_on(page, actor=make.staff()) == 7
    outbox.deliver_due()
    assert len(sink.copies) == 7
    assert AuditEntry.objects.get(action="let_mails_go_on").before == {"reason": "complaint 3/10"}


def test_updates_published_meanwhile_wait_aside_and_go_out_in_their_order(sink: Sink) -> None:
    page = paused_page()
    incident = make.incident(page)
    for stage in ("investigating", "identified"):
        make.update(incident, stage, notify=True)
    waiting = Delivery.objects.filter(state="queued")
    waiting.update(next_attempt_at=timezone.now(), expires_at=timezone.now() - timedelta(days=2))
    assert set(waiting.values_list("lane", flat=True)) == {f"paused:{page.pk}"}
    outbox.deliver_due()
    assert not sink.received
    assert let_mails_go_on(page) == 14
    outbox.deliver_due()
    to_one = [mail for mail in sink.received if mail.recipient == sink.received[0].recipient]
    sent = [Delivery.objects.get(public_id=mail.message["Message-ID"][1:33]).sequence for mail in to_one]
    assert len(sink.received) == 14
    assert sent == [1, 2]


def test_mails_that_wait_when_the_page_is_paused_are_set_aside_at_once(sink: Sink) -> None:
    page = make.page()
    deliveries = many_told(page, 10)
    publish(page)
    for delivery in deliveries[:3]:
        bounce(delivery, "complaint")
    outbox.deliver_due()
    assert not sink.copies
    assert set(Delivery.objects.filter(state="queued").values_list("lane", flat=True)) == {
        f"paused:{page.pk}"
    }


def test_a_mail_set_aside_just_as_the_page_went_on_is_sent_too(sink: Sink) -> None:
    page = paused_page()
    publish(page)
    outbox.deliver_due()
    Page.objects.update(mail_paused_at=None)
    outbox.deliver_due()
    assert len(sink.copies) == 7


def test_what_came_back_before_staff_let_mails_go_on_pauses_no_more() -> None:
    page = paused_page()
    let_mails_go_on(page)
    still = Subscriber.objects.filter(page=page, state="active").first()
    assert still is not None
    delivery = Delivery.objects.get(subscriber=still)
    bounce(delivery, "complaint")
    page.refresh_from_db()
    assert page.mail_paused_at is None


def test_a_spared_subscriber_is_not_written_to_until_then(sink: Sink) -> None:
    page = make.page()
    until = timezone.now() + timedelta(hours=3)
    make.subscriber(page, KATO, paused_until=until)
    publish(page)
    outbox.deliver_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_attempt_at, delivery.attempts) == ("queued", until, 0)
    Subscriber.objects.update(paused_until=timezone.now() - timedelta(days=1))
    Delivery.objects.update(next_attempt_at=timezone.now())
    outbox.deliver_due()
    assert sink.copies == {KATO: 1}


def test_a_mail_that_would_come_too_late_for_a_spared_subscriber_expires_with_the_reason(sink: Sink) -> None:
    page = make.page()
    make.subscriber(page, KATO, paused_until=timezone.now() + timedelta(days=3))
    publish(page)
    outbox.deliver_due()
    delivery = Delivery.objects.get()
    assert delivery.state == "expired"
    assert "mails came back" in delivery.last_reply


@pytest.mark.parametrize(("mails", "pauses"), [(1000, True), (1001, False)])
def test_late_complaints_are_a_share_of_the_mails_they_are_about(mails: int, *, pauses: bool) -> None:
    page = make.page()
    deliveries = many_told(page, mails)
    Delivery.objects.update(sent_at=timezone.now() - timedelta(hours=30))
    Notice.objects.update(created_at=timezone.now() - timedelta(hours=31))
    for delivery in deliveries[:3]:
        bounce(delivery, "complaint")
    page.refresh_from_db()
    assert (page.mail_paused_at is not None) is pauses


def test_a_mail_after_those_complained_of_counts_too_and_one_before_does_not() -> None:
    page = make.page()
    deliveries = many_told(page, 10)
    told(page, sent_at=timezone.now() - timedelta(hours=5))
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries]).update(
        sent_at=timezone.now() - timedelta(hours=4)
    )
    told(page, sent_at=timezone.now() - timedelta(hours=3))
    MailEvent.objects.all().delete()
    for delivery in deliveries[:3]:
        bounce(delivery, "complaint")
    page.refresh_from_db()
    assert page.mail_pause_reason == "complaint 3/30"
