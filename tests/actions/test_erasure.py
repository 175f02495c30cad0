"""Of an address that is erased nothing stays but a keyed hash."""

import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from incidents.actions import audit
from incidents.actions.erasure import erase_subscriber, lift_suppression
from incidents.actions.returned import take_of_delivery
from incidents.actions.subscriber import subscribe
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Customer,
    CustomerContact,
    Delivery,
    MailEvent,
    MailEventKind,
    Notice,
    SignUp,
    Subscriber,
    Suppression,
    Throttle,
    Wish,
)
from incidents.notices.returned import Returned
from incidents.queries.choices import Choices
from incidents.queries.suppressions import is_suppressed
from tests import make

pytestmark = pytest.mark.django_db
KATO = "kato@example.jp"


def dump() -> str:
    """All that the database holds."""
    written = io.StringIO()
    call_command("dumpdata", stdout=written)
    return written.getvalue()


def test_the_address_stands_nowhere_and_numbers_stay() -> None:
    page, other = make.page(), make.page()
    make.subscriber(page, KATO)
    make.subscriber(page, "ka" + KATO)
    make.subscriber(other, KATO)
    make.subscriber(other, "box@example.jp", lock_owner="Kato@example.jp")
    make.update(make.incident(page), notify=True)
    delivery = Delivery.objects.get(subscriber__email=KATO)
    refused = f"550 5.1.1 <{KATO}> unknown"
    Delivery.objects.update(state="sent", sent_at=timezone.now(), last_reply=refused)
    take_of_delivery(delivery.public_id, Returned(MailEventKind.HARD, "5.1.1", refused), source="dsn")
    MailEvent.objects.update(words=refused)
    Throttle.objects.create(key="example.jp", is_lane=True, last_reply=refused.upper())
    customer = Customer.objects.create(page=page, name="A")
    CustomerContact.objects.create(customer=customer, email=KATO)
    audit.record("import", page, after={"rows": [{"email": KATO}], "n": 1})
    assert KATO in dump()

    assert erase_subscriber("KATO@example.jp", actor=make.staff()) == 2

    left = dump().lower().replace("ka" + KATO, "")
    assert KATO not in left
    assert Notice.objects.get(update__isnull=False).audience == 2
    assert MailEvent.objects.get().subscriber is None
    assert [s.reason for s in Suppression.objects.all()] == ["erased"]
    assert AuditEntry.objects.get(action="import").after == {"rows": [{"email": "…"}], "n": 1}
    assert AuditEntry.objects.get(action="erase_subscriber").after == {"subscriptions": 2}
    assert set(Subscriber.objects.values_list("email", flat=True)) == {"ka" + KATO, "box@example.jp"}


def test_an_erased_address_that_signs_up_is_kept_without_a_mail() -> None:
    subscribe(make.page(), email=KATO, choices=Choices("ja"))
    assert SignUp.objects.count() == 1
    erase_subscriber(KATO)
    assert not SignUp.objects.exists()
    assert not Wish.objects.exists()
    subscribe(make.page(), email=KATO, choices=Choices("ja"))
    assert not Delivery.objects.exists()


def test_erasing_an_address_nobody_knows_suppresses_it_once() -> None:
    assert [erase_subscriber(KATO), erase_subscriber(KATO)] == [0, 0]
    assert Suppression.objects.count() == 1


def test_a_lifted_suppression_lets_the_address_subscribe_again() -> None:
    erase_subscriber(KATO)
    lift_suppression(KATO, actor=make.staff())
    assert not is_suppressed(KATO)
    subscribe(make.page(), email=KATO, choices=Choices("ja"))
    assert Delivery.objects.count() == 1
    assert KATO not in str(AuditEntry.objects.get(action="lift_suppression").before)


def test_there_is_nothing_to_lift_of_an_address_that_is_not_held_back() -> None:
    with pytest.raises(Refused, match="held back"):
        lift_suppression(KATO)
