"""An address that nothing is sent to is not written down again, and is answered like any other."""

from collections.abc import Callable

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from incidents.actions.endpoint import request_endpoint
from incidents.actions.erasure import erase_subscriber
from incidents.actions.leaving import lock_mailbox, unsubscribe
from incidents.actions.subscriber import (
    change_choices,
    confirm,
    follow,
    send_confirmation_again,
    subscribe,
)
from incidents.actions.suppression import lift_suppression, suppress
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    Page,
    SignUp,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from incidents.notices import outbox
from incidents.notices.endpoints import disable
from incidents.notices.ledger import SUPPRESSED
from incidents.queries.choices import Choices
from incidents.queries.subscribers import confirm_token, manage_token, unsubscribe_token
from incidents.queries.suppressions import is_suppressed, suppressed_among, suppression_key
from tests import make
from tests.make_returned import bounce, fresh, told
from tests.smtp import Sink, sink

__all__ = ["sink"]
pytestmark = pytest.mark.django_db
READER = "reader@example.com"


def sign_up(page: Page) -> None:
    subscribe(page, email=" Reader@Example.com", choices=Choices("ja"))


def ask_to_follow(page: Page) -> None:
    follow(page, make.incident(page), email=READER, language="ja")


def name_an_endpoint(page: Page) -> None:
    url = "https://93.184.215.14/x"
    request_endpoint(page, channel="webhook", endpoint=url, email=READER, choices=Choices("ja"))


@pytest.mark.parametrize("ask", [sign_up, ask_to_follow, name_an_endpoint])
def test_whatever_is_asked_for_an_erased_address_leaves_no_trace(ask: Callable[[Page], None]) -> None:
    page = make.page()
    erase_subscriber(READER)
    ask(page)
    for kept in (Subscriber, SignUp, Delivery):
        assert not kept.objects.exists()


def test_a_reader_who_moves_to_an_erased_address_leaves_none_there() -> None:
    reader = make.subscriber(make.page(), "old@example.com", manage_nonce="1", manage_sent_at=timezone.now())
    erase_subscriber(READER)
    change_choices(manage_token(reader), Choices("ja"), new_email=READER)
    assert Subscriber.objects.get().email == "old@example.com"


def test_an_owner_of_a_shared_mailbox_whose_mails_came_back_is_not_asked() -> None:
    shared = lock_mailbox(make.subscriber(make.page(), "shared@example.com"), owner=READER)
    suppress(READER, reason=SuppressionReason.BOUNCE)
    unsubscribe(unsubscribe_token(shared))
    assert Subscriber.objects.get() == shared
    assert Delivery.objects.get().subscriber == shared


def test_a_reader_whose_mails_came_back_is_left_as_it_is() -> None:
    page = make.page()
    reader = make.subscriber(page, READER)
    bounce(told(page)[0])
    sign_up(page)
    assert fresh(reader).state == SubscriberState.DISABLED
    assert not SignUp.objects.exists()


def test_who_left_and_asked_to_come_back_is_neither_written_to_nor_brought_back(sink: Sink) -> None:
    page = make.page()
    left = make.subscriber(page, READER)
    unsubscribe(unsubscribe_token(left))
    sign_up(page)
    token = confirm_token(left.wishes.get())
    suppress(READER, reason=SuppressionReason.BOUNCE)
    assert outbox.deliver_due() == 0
    with pytest.raises(Refused):
        confirm(token)
    send_confirmation_again(token)
    assert fresh(left).state == SubscriberState.UNSUBSCRIBED
    assert set(left.deliveries.values_list("state", "notice__kind")) == {("cancelled", "confirm")}


def test_a_link_that_is_still_good_brings_no_suppressed_address_back() -> None:
    page = make.page()
    sign_up(page)
    Suppression.objects.create(address=suppression_key(READER), reason=SuppressionReason.BOUNCE)
    with pytest.raises(Refused):
        confirm(confirm_token(Subscriber.objects.get().wishes.get()))
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_the_suppressed_owner_of_an_endpoint_is_not_told_that_it_ended(sink: Sink) -> None:
    url = "https://hooks.slack.com/services/1"
    chat = make.subscriber(make.page(), READER, channel="slack", endpoint=url)
    suppress(READER, reason=SuppressionReason.BOUNCE)
    disable(chat, reason="404", now=timezone.now())
    assert outbox.deliver_due() == 0
    assert set(Delivery.objects.values_list("state", "last_reply")) == {("cancelled", SUPPRESSED)}


def test_suppressing_twice_keeps_the_first_reason() -> None:
    suppress(READER, reason=SuppressionReason.COMPLAINT)
    suppress(READER, reason=SuppressionReason.BOUNCE, words="550")
    assert Suppression.objects.get().reason == SuppressionReason.COMPLAINT


def test_a_lifted_suppression_subscribes_nobody_and_lets_the_address_ask_again() -> None:
    page, staff = make.page(), make.staff()
    reader = make.subscriber(page, READER)
    make.subscriber(make.page(), READER)
    bounce(told(page)[0])
    assert lift_suppression("READER@example.com", actor=staff) == 2
    assert fresh(reader).state == SubscriberState.DISABLED
    assert not is_suppressed(READER)
    before = Delivery.objects.count()
    sign_up(page)
    assert Delivery.objects.count() == before + 1
    entry = AuditEntry.objects.get(action="lift_suppression")
    assert (entry.actor, entry.before) == (staff, {"reason": "bounce"})


def test_there_is_nothing_to_lift_of_an_address_that_is_not_held_back() -> None:
    with pytest.raises(Refused, match="held back"):
        lift_suppression(READER)


def test_a_suppression_outlives_a_change_of_the_key() -> None:
    old = "the key of last year, long enough to be one"
    with override_settings(SECRET_KEY=old):
        suppress(READER, reason=SuppressionReason.STAFF)
    assert not is_suppressed(READER)
    with override_settings(SECRET_KEY_FALLBACKS=[old]):
        assert is_suppressed(READER)
        assert suppressed_among([READER, "other@example.com"]) == {READER}
