"""Text messages: a number is subscribed, chooses anew or leaves by a code."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import phone as actions
from incidents.actions.subscriber import Origin
from incidents.lib.errors import Refused
from incidents.models import Channel, Delivery, Page, PhoneCode, SignUp, Subscriber, SubscriberState
from incidents.notices import outbox
from incidents.queries.choices import Choices
from statuspage.environment import SmsAccount
from tests import make
from tests.endpoints import Endpoints, Reply, endpoints

__all__ = ["endpoints"]

pytestmark = pytest.mark.django_db
NUMBER = "+819012345678"
PATH = "/2010-04-01/Accounts/AC0123456789/Messages.json"


@pytest.fixture
def page() -> Page:
    return make.page(languages=["en", "ja"])


@pytest.fixture
def twilio(endpoints: Endpoints, settings: Any) -> Endpoints:
    settings.SMS_ACCOUNT = SmsAccount("AC0123456789", "s3cret", "+15550100", endpoints.url("").rstrip("/"))
    endpoints.replies[PATH] = [Reply(201, json.dumps({"sid": "SM1"}).encode()) for _ in range(20)]
    return endpoints


def ask(page: Page, **values: Any) -> None:
    given = {"number": NUMBER, "choices": Choices("en")}
    actions.request_code(page, **{**given, **values})


def fetch_code(twilio: Endpoints) -> str:
    outbox.deliver_due()
    found = re.search(r"\b\d{6}\b", twilio.to(PATH)[-1].form["Body"])
    assert found
    return found.group()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def forget_caps() -> None:
    SignUp.objects.all().delete()


def test_the_code_that_was_sent_subscribes_the_number(page: Page, twilio: Endpoints) -> None:
    ask(page, number="+81 90-1234-5678")
    assert Subscriber.objects.get().state == SubscriberState.PENDING
    code = fetch_code(twilio)
    assert twilio.to(PATH)[0].form["To"] == NUMBER
    reader = actions.enter_code(page, number=NUMBER, code=f" {code} ")
    assert (reader.state, reader.channel, reader.endpoint) == ("active", Channel.SMS, NUMBER)
    assert "subscribe/sms/code" in twilio.to(PATH)[0].form["Body"]


def test_a_japanese_keyboard_s_wide_digits_are_digits(page: Page, twilio: Endpoints) -> None:
    ask(page)
    wide = fetch_code(twilio).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert actions.enter_code(page, number="＋８１９０１２３４５６７８", code=wide).state == "active"


def test_no_row_holds_the_code(page: Page, twilio: Endpoints) -> None:
    ask(page)
    code = fetch_code(twilio)
    rows = [*PhoneCode.objects.values(), *Delivery.objects.values(), *Subscriber.objects.values()]
    assert code not in {str(value) for row in rows for value in row.values()}


def test_a_code_is_tried_five_times_at_most(page: Page, twilio: Endpoints) -> None:
    ask(page)
    code = fetch_code(twilio)
    for _ in range(5):
        with pytest.raises(Refused):
            actions.enter_code(page, number=NUMBER, code=wrong(code))
    with pytest.raises(Refused) as refused:
        actions.enter_code(page, number=NUMBER, code=code)
    assert refused.value.field == "code"
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_a_code_is_good_for_ten_minutes_and_once(page: Page, twilio: Endpoints) -> None:
    ask(page)
    code = fetch_code(twilio)
    PhoneCode.objects.update(sent_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(Refused):
        actions.enter_code(page, number=NUMBER, code=code)
    PhoneCode.objects.update(sent_at=timezone.now())
    actions.enter_code(page, number=NUMBER, code=code)
    with pytest.raises(Refused):
        actions.enter_code(page, number=NUMBER, code=code)


def test_a_newer_code_takes_the_place_of_one_not_yet_sent(page: Page, twilio: Endpoints) -> None:
    ask(page)
    forget_caps()
    ask(page)
    code = fetch_code(twilio)
    assert len(twilio.to(PATH)) == 1
    assert actions.enter_code(page, number=NUMBER, code=code).state == SubscriberState.ACTIVE


def test_a_number_a_network_and_a_page_get_few_codes(page: Page, twilio: Endpoints) -> None:
    for _ in range(3):
        ask(page, origin=Origin("form", "192.0.2.0/24"))
    assert Delivery.objects.count() == 1
    for last in range(20):
        ask(page, number=f"+8190123400{last:02}", origin=Origin("form", "192.0.2.0/24"))
    assert Delivery.objects.count() == 10
    for last in range(90):
        ask(page, number=f"+8180123400{last:02}", origin=Origin("form", f"198.51.{last}.0/24"))
    assert Delivery.objects.count() == 50


def test_an_active_number_changes_its_choices_by_a_code_alone(page: Page, twilio: Endpoints) -> None:
    service = make.service(page)
    reader = make.subscriber(page, channel=Channel.SMS, endpoint=NUMBER, language="en")
    ask(page, choices=Choices("ja", services=(service.pk,)))
    reader.refresh_from_db()
    assert (reader.language, reader.all_services) == ("en", True)
    actions.enter_code(page, number=NUMBER, code=fetch_code(twilio))
    reader.refresh_from_db()
    assert (reader.language, list(reader.services.all())) == ("ja", [service])


def test_a_code_ends_the_messages(page: Page, twilio: Endpoints) -> None:
    reader = make.subscriber(page, channel=Channel.SMS, endpoint=NUMBER)
    actions.request_leaving(page, number=NUMBER)
    actions.enter_code(page, number=NUMBER, code=fetch_code(twilio))
    reader.refresh_from_db()
    assert reader.state == SubscriberState.UNSUBSCRIBED


def test_a_stranger_who_asks_to_end_is_sent_nothing(page: Page, twilio: Endpoints) -> None:
    actions.request_leaving(page, number=NUMBER)
    assert not Delivery.objects.exists()


def test_nothing_is_offered_without_a_provider(page: Page, settings: Any) -> None:
    settings.SMS_ACCOUNT = None
    with pytest.raises(Refused):
        ask(page)
    assert not Subscriber.objects.exists()


def test_a_code_is_not_held_up_by_notices_to_many(page: Page, twilio: Endpoints) -> None:
    make.subscriber(page, channel=Channel.SMS, endpoint="+15550001111")
    make.update(make.incident(page), notify=True)
    ask(page)
    lanes = set(Delivery.objects.values_list("lane", flat=True))
    assert lanes == {"sms:sms", "sms:codes"}
