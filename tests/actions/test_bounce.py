from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.bounce import PAUSES, Heard, hear_of_address, hear_of_delivery, take_refusal
from incidents.actions.subscriber import confirm
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
    Wish,
)
from incidents.notices import fanout, outbox
from incidents.queries.choices import Choices
from incidents.queries.subscribers import confirm_token
from incidents.queries.suppressions import is_suppressed
from tests import make
from tests.make_returned import bounce, fresh, soft, told, waiting
from tests.smtp import Sink, sink

__all__ = ["sink"]

pytestmark = pytest.mark.django_db
READER = "reader@example.com"


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def reader(page: Page) -> Subscriber:
    return make.subscriber(page, READER)


def states(page: Page) -> list[str]:
    return list(Delivery.objects.filter(subscriber__page=page).order_by("pk").values_list("state", flat=True))


def test_a_hard_bounce_takes_the_address_out_on_every_page(page: Page, reader: Subscriber) -> None:
    other_page = make.page()
    other, neighbour = make.subscriber(other_page, READER), make.subscriber(other_page)
    [mail] = told(page)
    waiting(other_page)
    assert bounce(mail)
    assert is_suppressed(READER)
    assert [fresh(one).state for one in (reader, other, neighbour)] == ["disabled", "disabled", "active"]
    assert fresh(other).disabled_reason == "550 5.1.1 <…>: unknown"
    assert states(other_page) == [DeliveryState.CANCELLED, DeliveryState.QUEUED]


def test_a_suppression_holds_no_address(page: Page, reader: Subscriber) -> None:
    bounce(told(page)[0])
    suppression = Suppression.objects.get()
    assert suppression.words == "550 5.1.1 <…>: unknown"
    assert READER not in f"{vars(suppression)}"


def test_the_same_news_counts_once_whoever_tells_it(page: Page, reader: Subscriber) -> None:
    [mail] = told(page)
    assert bounce(mail)
    again = Heard(MailEventKind.HARD, "postmark", code="5.1.1")
    assert not hear_of_delivery(mail.public_id, again)
    assert MailEvent.objects.count() == 1


def test_news_of_a_mail_that_nobody_sent_change_nothing(page: Page, reader: Subscriber) -> None:
    assert not hear_of_delivery("0" * 32, Heard(MailEventKind.HARD, "report"))
    assert fresh(reader).state == SubscriberState.ACTIVE


def test_whoever_left_before_stays_unsubscribed(page: Page, reader: Subscriber) -> None:
    [mail] = told(page)
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED)
    bounce(mail)
    assert fresh(reader).state == SubscriberState.UNSUBSCRIBED
    assert is_suppressed(READER)


def test_the_third_soft_bounce_within_a_week_pauses(page: Page, reader: Subscriber) -> None:
    for _ in range(2):
        soft(told(page)[0])
    assert fresh(reader).paused_until is None
    soft(told(page)[0])
    paused_until = fresh(reader).paused_until
    assert paused_until is not None
    assert abs(paused_until - timezone.now() - PAUSES[0]) < timedelta(minutes=1)
    assert fresh(reader).state == SubscriberState.ACTIVE


def test_several_reports_of_one_mail_are_one_soft_bounce(page: Page, reader: Subscriber) -> None:
    [mail] = told(page)
    assert [soft(mail), soft(mail), soft(mail)] == [True, False, False]
    assert fresh(reader).paused_until is None


def test_a_mail_that_arrived_between_them_starts_the_count_anew(page: Page, reader: Subscriber) -> None:
    now = timezone.now()
    for hours in (4, 3):
        soft(told(page, sent_at=now - timedelta(hours=hours))[0])
    MailEvent.objects.update(at=now - timedelta(hours=3))
    told(page, sent_at=now - timedelta(hours=2))
    soft(told(page, sent_at=now - timedelta(hours=1))[0])
    assert fresh(reader).paused_until is None


def test_soft_bounces_of_last_week_are_forgotten(page: Page, reader: Subscriber) -> None:
    for _ in range(2):
        soft(told(page)[0])
    MailEvent.objects.update(at=timezone.now() - timedelta(days=8))
    soft(told(page)[0])
    assert fresh(reader).paused_until is None


def end_pause() -> None:
    """As if the pause, and all that led to it, were over."""
    MailEvent.objects.update(at=timezone.now() - timedelta(days=8))
    Subscriber.objects.update(paused_until=timezone.now() - timedelta(minutes=1))


def test_pauses_grow_and_then_the_address_is_given_up(page: Page, reader: Subscriber) -> None:
    lengths = []
    for _ in PAUSES:
        for _ in range(3):
            soft(told(page)[0])
        paused_until = fresh(reader).paused_until
        assert paused_until is not None
        lengths.append(round((paused_until - timezone.now()) / timedelta(days=1)))
        end_pause()
    assert lengths == [3, 6, 12]
    for _ in range(3):
        soft(told(page)[0])
    assert fresh(reader).state == SubscriberState.DISABLED
    assert is_suppressed(READER)


def test_a_pause_of_long_ago_does_not_make_the_next_one_longer(page: Page, reader: Subscriber) -> None:
    Subscriber.objects.update(pauses=3, paused_until=timezone.now() - timedelta(days=40))
    for _ in range(3):
        soft(told(page)[0])
    assert (fresh(reader).pauses, fresh(reader).state) == (1, SubscriberState.ACTIVE)


def test_what_we_are_to_blame_for_costs_the_subscriber_nothing(
    page: Page, reader: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(4):
        bounce(told(page)[0], "soft", code="5.7.26", words="550 5.7.26 unauthenticated")
    assert fresh(reader).paused_until is None
    assert MailEvent.objects.filter(kind="soft", code="5.7.26").count() == 4
    assert caplog.text.count("refused for how we send") == 1


def test_a_complaint_unsubscribes_from_that_page_at_once(page: Page, reader: Subscriber) -> None:
    elsewhere = make.subscriber(make.page(), READER)
    [mail] = told(page)
    waiting(page)
    bounce(mail, "complaint", code="", words="")
    assert fresh(reader).state == SubscriberState.UNSUBSCRIBED
    assert fresh(elsewhere).state == SubscriberState.ACTIVE
    assert not is_suppressed(READER)
    assert states(page) == [DeliveryState.SENT, DeliveryState.CANCELLED]
    assert AuditEntry.objects.filter(action="unsubscribe", actor_name="mail").count() == 1


def test_a_complaint_about_a_mail_nobody_asked_for_is_the_last_mail(page: Page) -> None:
    stranger = make.subscriber(page, READER)
    Subscriber.objects.update(state=SubscriberState.PENDING, confirmed_at=None)
    mail = fanout.queue_personal("confirm", fresh(stranger)).deliveries.get()
    bounce(mail, "complaint")
    assert is_suppressed(READER)


def test_a_second_complaint_is_heard_on_every_page(page: Page, reader: Subscriber) -> None:
    elsewhere = make.page()
    other = make.subscriber(elsewhere, READER)
    first, second = told(page)[0], told(elsewhere)[0]
    bounce(first, "complaint")
    MailEvent.objects.update(at=timezone.now() - timedelta(days=1))
    bounce(second, "complaint")
    assert is_suppressed(READER)
    assert fresh(other).state == SubscriberState.UNSUBSCRIBED


def test_where_only_the_address_is_known_it_counts_once_for_each_page(page: Page, reader: Subscriber) -> None:
    other = make.subscriber(make.page(), READER)
    heard = Heard(MailEventKind.COMPLAINT, "mailjet")
    assert hear_of_address(READER, heard, event_id="mailjet:1")
    assert not hear_of_address(READER, heard, event_id="mailjet:1")
    assert [fresh(one).state for one in (reader, other)] == ["unsubscribed"] * 2
    assert MailEvent.objects.count() == 2


def test_an_endpoint_of_the_same_owner_stays(page: Page) -> None:
    reader = make.subscriber(page, READER)
    hook = make.subscriber(page, READER, channel="webhook", endpoint="https://hook.example/x")
    waiting(page)
    mail = Delivery.objects.get(subscriber=reader)
    bounce(mail)
    assert fresh(hook).state == SubscriberState.ACTIVE


def test_a_late_report_of_a_mail_before_one_that_arrived_does_not_count(
    page: Page, reader: Subscriber
) -> None:
    now = timezone.now()
    late, _arrived = (told(page, sent_at=now - timedelta(hours=hours))[0] for hours in (4, 3))
    for hours in (2, 1):
        soft(told(page, sent_at=now - timedelta(hours=hours))[0])
    soft(late)
    assert fresh(reader).paused_until is None


def test_whoever_confirms_anew_begins_without_pauses(page: Page) -> None:
    stranger = make.subscriber(page, READER, pauses=3, paused_until=timezone.now() - timedelta(days=1))
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED)
    confirm(confirm_token(Wish.objects.create(subscriber=stranger, choices=Choices("ja").as_json())))
    assert (fresh(stranger).pauses, fresh(stranger).paused_until) == (0, None)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("550 5.1.1 no such user", SubscriberState.DISABLED),
        ("550 Unknown user reader@example.com", SubscriberState.DISABLED),
        ("550 refused", SubscriberState.ACTIVE),
        ("550 5.7.1 user unknown", SubscriberState.ACTIVE),
        ("552 5.2.2 full", SubscriberState.ACTIVE),
    ],
)
def test_a_recipient_refused_at_the_door_is_a_hard_bounce(
    page: Page, reader: Subscriber, sink: Sink, reply: str, state: str
) -> None:
    waiting(page)
    sink.at_rcpt[READER] = [reply]
    outbox.deliver_due(take_refusal=take_refusal)
    assert fresh(reader).state == state
    assert is_suppressed(READER) is (state == SubscriberState.DISABLED)
