"""Of an address that is erased nothing stays but a keyed hash."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from incidents.actions import audit
from incidents.actions.bounce import Heard, hear_of_delivery
from incidents.actions.erasure import erase_subscriber
from incidents.actions.phone import request_code
from incidents.actions.subscriber import subscribe
from incidents.actions.suppression import lift_suppression
from incidents.models import (
    AuditEntry,
    Customer,
    CustomerContact,
    Delivery,
    MailEvent,
    MailEventKind,
    Notice,
    NoticeKind,
    SignUp,
    Subscriber,
    Suppression,
    Throttle,
    Wish,
)
from incidents.notices import fanout, outbox
from incidents.queries.choices import Choices
from statuspage.environment import SmsAccount
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
    hear_of_delivery(delivery.public_id, Heard(MailEventKind.HARD, "report", "5.1.1", refused))
    MailEvent.objects.update(words=refused)
    Throttle.objects.create(key="example.jp", is_lane=True, last_reply=refused.upper())
    customer = Customer.objects.create(page=page, name="A")
    CustomerContact.objects.create(customer=customer, email=KATO)
    audit.record("import", page, after={"rows": [{"email": KATO}], "n": 1}, actor_name=KATO.title())
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


def test_what_was_asked_for_an_erased_address_is_gone() -> None:
    subscribe(make.page(), email=KATO, choices=Choices("ja"))
    assert SignUp.objects.count() == 1
    erase_subscriber(KATO)
    assert not SignUp.objects.exists()
    assert not Wish.objects.exists()


def test_personal_notices_of_the_erased_are_gone_and_those_of_others_stay() -> None:
    page = make.page()
    for address in (KATO, "other@example.jp"):
        fanout.queue_personal(NoticeKind.MANAGE, make.subscriber(page, address))
    erase_subscriber(KATO)
    assert Notice.objects.get().deliveries.get().reader.email == "other@example.jp"


def test_mails_written_to_files_are_deleted(
    settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.MAIL_DIR = tmp_path
    page = make.page()
    for address in (KATO, "other@example.jp"):
        make.subscriber(page, address)
    make.update(make.incident(page), notify=True)
    Delivery.objects.update(next_attempt_at=timezone.now())
    outbox.deliver_due()
    assert len(list(tmp_path.iterdir())) == 2
    with django_capture_on_commit_callbacks(execute=True):
        erase_subscriber(KATO)
    [left] = tmp_path.iterdir()
    assert b"To: other@example.jp" in left.read_bytes()


def test_a_telephone_number_stands_nowhere_and_is_sent_no_code(settings: Settings) -> None:
    settings.SMS_ACCOUNT = SmsAccount("AC1", "s3cret", "+15550100", "https://sms.example")
    page, number = make.page(), "+819012345678"
    for one in (number, number + "9"):
        make.phone(page, one)
    request_code(page, number=number, choices=Choices("ja"))
    make.update(make.incident(page), notify=True)
    Throttle.objects.update(last_reply=f"The 'To' number {number} is not valid")

    assert erase_subscriber("+81 90-1234-5678", actor=make.staff()) == 1

    assert number not in dump().replace(number + "9", "")
    assert not SignUp.objects.exists()
    assert request_code(page, number=number, choices=Choices("ja")) == number
    assert [one.endpoint for one in Subscriber.objects.all()] == [number + "9"]
    assert lift_suppression(number) == 0
    request_code(page, number=number, choices=Choices("ja"))
    assert Subscriber.objects.count() == 2


def test_erasing_an_address_nobody_knows_suppresses_it_once() -> None:
    assert [erase_subscriber(KATO), erase_subscriber(KATO)] == [0, 0]
    assert Suppression.objects.count() == 1
