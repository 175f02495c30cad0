"""What comes back: the address is spared, the page's mails are paused, and nothing counts twice."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from incidents.actions import returned as actions
from incidents.actions import subscriber as subscriber_actions
from incidents.actions.returned import BURSTS, let_mails_go_on, take_of_address, take_of_delivery
from incidents.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    MailEvent,
    MailEventKind,
    Page,
    Subscriber,
    SubscriberState,
    Suppression,
)
from incidents.notices import outbox
from incidents.notices.returned import Returned
from incidents.queries.choices import Choices
from incidents.queries.suppressions import is_suppressed, suppressed_among
from tests import make
from tests.smtp import Sink, sink

__all__ = ["sink"]
pytestmark = pytest.mark.django_db

KATO = "kato@example.jp"
WORDS = f"550 5.1.1 <{KATO}>: user unknown"
HARD = Returned(MailEventKind.HARD, "5.1.1", WORDS)
SOFT = Returned(MailEventKind.SOFT, "5.2.2", "552 mailbox full")
COMPLAINT = Returned(MailEventKind.COMPLAINT, "", "abuse")


def publish(page: Page) -> None:
    make.update(make.incident(page), notify=True)
    Delivery.objects.filter(state="queued").update(next_attempt_at=timezone.now())


def told(page: Page, email: str = KATO) -> Delivery:
    """The delivery of a mail that was sent to the address."""
    make.subscriber(page, email)
    publish(page)
    Delivery.objects.filter(subscriber__email=email).update(state="sent", sent_at=timezone.now())
    return Delivery.objects.get(subscriber__page=page, subscriber__email=email)


def take(delivery: Delivery, returned: Returned) -> bool:
    return take_of_delivery(delivery.public_id, returned, source="dsn")


def test_a_hard_bounce_disables_the_address_on_every_page_and_keeps_only_its_hash() -> None:
    page, other = make.page(), make.page()
    delivery = told(page)
    make.subscriber(other, KATO)
    publish(other)
    assert take(delivery, HARD)
    ended = Subscriber.objects.filter(email=KATO)
    assert {one.state for one in ended} == {SubscriberState.DISABLED}
    assert {one.disabled_reason for one in ended} == {"550 5.1.1 <…>: user unknown"}
    waiting = Delivery.objects.get(subscriber__page=other)
    assert waiting.state == DeliveryState.CANCELLED
    suppression = Suppression.objects.get()
    assert "kato" not in suppression.address + suppression.words
    assert is_suppressed(KATO)
    assert suppressed_among([KATO, "b@example.jp"]) == {KATO}


def test_a_suppression_outlives_a_change_of_the_secret_key(settings: Settings) -> None:
    take(told(make.page()), HARD)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of forty characters, or more."
    assert is_suppressed(KATO)


def test_what_is_told_twice_counts_once() -> None:
    page = make.page()
    delivery = told(page)
    assert [take(delivery, SOFT) for _ in range(4)] == [True, False, False, False]
    assert MailEvent.objects.count() == 1
    assert Subscriber.objects.get().paused_until is None


def test_the_third_soft_bounce_of_a_week_spares_the_subscriber_three_days() -> None:
    page = make.page()
    first = told(page)
    for _ in range(2):
        publish(page)
    deliveries = list(Delivery.objects.order_by("pk"))
    assert first in deliveries
    for delivery in deliveries[:2]:
        take(delivery, SOFT)
    assert Subscriber.objects.get().paused_until is None
    take(deliveries[2], SOFT)
    until = Subscriber.objects.get().paused_until
    assert until is not None
    assert timedelta(days=2, hours=23) < until - timezone.now() <= timedelta(days=3)


def test_soft_bounces_of_last_week_do_not_count() -> None:
    page = make.page()
    told(page)
    for _ in range(2):
        publish(page)
    for delivery in Delivery.objects.order_by("pk"):
        take(delivery, SOFT)
        MailEvent.objects.update(at=timezone.now() - timedelta(days=8))
    assert Subscriber.objects.get().paused_until is None


def test_a_complaint_unsubscribes_from_that_page_alone() -> None:
    page, other = make.page(), make.page()
    delivery = told(page)
    make.subscriber(other, KATO)
    take(delivery, COMPLAINT)
    assert Subscriber.objects.get(page=page).state == SubscriberState.UNSUBSCRIBED
    assert Subscriber.objects.get(page=other).state == SubscriberState.ACTIVE
    assert not is_suppressed(KATO)


def test_a_delivery_nobody_knows_changes_nothing() -> None:
    assert not take_of_delivery("0" * 32, HARD, source="dsn")
    assert not take_of_address("nobody@example.jp", HARD, source="postmark", event_id="1")
    assert not Suppression.objects.exists()


def test_a_suppressed_address_is_answered_alike_and_gets_no_mail() -> None:
    page = make.page()
    take(told(page), HARD)
    before = Delivery.objects.count()
    subscriber_actions.subscribe(page, email=KATO, choices=Choices("ja"))
    subscriber_actions.subscribe(make.page(), email=KATO, choices=Choices("ja"))
    assert Delivery.objects.count() == before


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
        take(delivery, HARD)
    page.refresh_from_db()
    assert page.mail_paused_at is None
    take(deliveries[limit - 1], HARD)
    page.refresh_from_db()
    assert (page.mail_paused_at is not None) is (mails == 400)
    assert bool(page.mail_pause_reason) is ("are paused" in caplog.text) is (mails == 400)


def test_three_complaints_pause_a_page_that_sent_few_mails() -> None:
    page = make.page()
    for delivery in many_told(page, 10)[:3]:
        take(delivery, COMPLAINT)
    page.refresh_from_db()
    assert page.mail_pause_reason == "complaint 3/10"


def paused_page(deliveries: int = 10) -> Page:
    page = make.page()
    for delivery in many_told(page, deliveries)[:3]:
        take(delivery, COMPLAINT)
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
        take(delivery, COMPLAINT)
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
    take(delivery, COMPLAINT)
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


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("550 5.1.1 no such user", SubscriberState.DISABLED),
        ("550 refused", SubscriberState.ACTIVE),
        ("552 5.2.2 full", SubscriberState.ACTIVE),
    ],
)
def test_a_recipient_refused_at_the_door_is_a_hard_bounce(sink: Sink, reply: str, state: str) -> None:
    make.subscriber(page := make.page(), KATO)
    publish(page)
    sink.at_rcpt[KATO] = [reply]
    outbox.deliver_due(take_refusal=actions.take_refusal)
    assert Subscriber.objects.get().state == state
    assert is_suppressed(KATO) is (state == SubscriberState.DISABLED)
