"""Shared mailboxes, which one reader alone cannot unsubscribe."""

from datetime import timedelta

import pytest
from django.db.models import F

from incidents.actions import leaving
from incidents.actions.erasure import erase_subscriber
from incidents.actions.housekeeping import expire_old_rows
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    Notice,
    Page,
    Subscriber,
    SubscriberState,
)
from incidents.notices import fanout
from incidents.queries import subscribers
from tests.make_notices import make_incident, make_page, make_subscriber, make_update

pytestmark = pytest.mark.django_db

MAILBOX, OWNER = "support@example.com", "owner@example.com"


@pytest.fixture
def page() -> Page:
    return make_page()


@pytest.fixture
def shared(page: Page) -> Subscriber:
    return leaving.lock_mailbox(make_subscriber(page, MAILBOX), owner=OWNER)


def tap(subscriber: Subscriber) -> Subscriber:
    return leaving.unsubscribe(subscribers.unsubscribe_token(subscriber))


def let_pass(span: timedelta) -> None:
    Subscriber.objects.update(leaves_at=F("leaves_at") - span)


def state() -> str:
    return Subscriber.objects.get(email=MAILBOX).state


def asked() -> list[str]:
    mails = Delivery.objects.filter(notice__kind="keep").order_by("pk")
    return list(mails.values_list("subscriber__email", flat=True))


def test_one_reader_is_told_of_a_day_and_the_mailbox_and_its_owner_are_asked(shared: Subscriber) -> None:
    for _ in range(3):
        assert tap(shared).state == SubscriberState.ACTIVE
    assert asked() == [MAILBOX, OWNER]
    assert Subscriber.objects.get(email=OWNER).state == SubscriberState.PENDING


def test_it_leaves_after_a_day_if_nobody_keeps_it(shared: Subscriber, page: Page) -> None:
    tap(shared)
    let_pass(timedelta(hours=23, minutes=59))
    expire_old_rows()
    assert state() == SubscriberState.ACTIVE
    notice = fanout.queue_update(make_update(make_incident(page)), hold_until=shared.created_at)
    let_pass(timedelta(minutes=1))
    expire_old_rows()
    assert state() == SubscriberState.UNSUBSCRIBED
    assert notice.deliveries.get().state == DeliveryState.CANCELLED
    link = subscribers.find_keeping(subscribers.keep_token(shared))
    assert link is not None and link.state == "expired"


def test_whoever_keeps_it_overrules_the_reader_once_and_for_all(shared: Subscriber) -> None:
    token = subscribers.keep_token(tap(shared))
    for _ in range(2):
        assert leaving.keep(token).leaves_at is None
    let_pass(timedelta(days=2))
    expire_old_rows()
    assert state() == SubscriberState.ACTIVE
    assert AuditEntry.objects.filter(action="keep_mailbox").count() == 1


def test_the_link_of_an_earlier_question_answers_no_later_one(shared: Subscriber) -> None:
    first = subscribers.keep_token(tap(shared))
    leaving.keep(first)
    tap(shared)
    assert leaving.keep(first).leaves_at is not None


def test_a_mailbox_that_left_cannot_be_kept(shared: Subscriber) -> None:
    token = subscribers.keep_token(tap(shared))
    let_pass(timedelta(days=1))
    leaving.leave_due()
    with pytest.raises(Refused):
        leaving.keep(token)
    assert state() == SubscriberState.UNSUBSCRIBED


def test_an_unlocked_mailbox_leaves_at_once_again(shared: Subscriber) -> None:
    leaving.unlock_mailbox(shared)
    assert tap(shared).state == SubscriberState.UNSUBSCRIBED
    assert not Notice.objects.filter(kind="keep").exists()


def test_a_mailbox_without_an_owner_is_asked_itself(page: Page) -> None:
    tap(leaving.lock_mailbox(make_subscriber(page, MAILBOX)))
    assert asked() == [MAILBOX]


@pytest.mark.parametrize("state", [SubscriberState.PENDING, SubscriberState.UNSUBSCRIBED])
def test_only_a_subscribed_mailbox_is_locked(page: Page, state: str) -> None:
    with pytest.raises(Refused):
        leaving.lock_mailbox(make_subscriber(page, MAILBOX, state=state))


def test_a_lock_names_an_owner_that_can_be_written_to(page: Page) -> None:
    with pytest.raises(Refused):
        leaving.lock_mailbox(make_subscriber(page, MAILBOX), owner="nobody")


@pytest.mark.parametrize("owner", [OWNER, OWNER.upper()])
def test_an_erased_owner_is_refused_and_not_written_down_again(page: Page, owner: str) -> None:
    erase_subscriber(OWNER)
    mailbox = make_subscriber(page, MAILBOX)
    with pytest.raises(Refused) as refused:
        leaving.lock_mailbox(mailbox, owner=owner)
    assert refused.value.field == "owner"
    mailbox.refresh_from_db()
    assert (mailbox.is_locked, mailbox.lock_owner) == (False, "")
    assert not AuditEntry.objects.filter(action="lock_mailbox").exists()
