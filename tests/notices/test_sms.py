"""Text messages, by real HTTP to a stand-in of Twilio's API."""

import base64
import json
from typing import Any

import pytest
from django.utils import timezone

from incidents.lib.errors import Refused
from incidents.models import Channel, Delivery, DeliveryState, Subscriber, SubscriberState
from incidents.notices import outbox
from incidents.notices.channels import sms
from statuspage.environment import SmsAccount
from tests import make
from tests.endpoints import Endpoints, Reply

NUMBER = "+819012345678"
PATH = "/2010-04-01/Accounts/AC0123456789/Messages.json"


@pytest.fixture
def twilio(endpoints: Endpoints, settings: Any) -> Endpoints:
    settings.SMS_ACCOUNT = SmsAccount("AC0123456789", "s3cret", "+15550100", endpoints.url("").rstrip("/"))
    endpoints.replies[PATH] = [Reply(201, json.dumps({"sid": "SM1", "status": "queued"}).encode())]
    return endpoints


@pytest.fixture
def reader(db: None) -> Subscriber:
    page = make.page(languages=["ja", "en"])
    return make.subscriber(page, channel=Channel.SMS, endpoint=NUMBER)


def tell(reader: Subscriber, **values: Any) -> Delivery:
    make.update(make.incident(reader.page, **values), notify=True)
    reader.deliveries.update(next_attempt_at=timezone.now())
    return reader.deliveries.get()


def test_a_notice_is_one_message_with_title_state_and_link(twilio: Endpoints, reader: Subscriber) -> None:
    delivery = tell(reader, title="メール検索結果の反映遅延")
    assert (delivery.lane, delivery.domain) == ("sms:sms", "sms")
    assert outbox.deliver_due() == 1
    (posted,) = twilio.to(PATH)
    login = base64.b64decode(posted.headers["authorization"].removeprefix("Basic ")).decode()
    assert login == "AC0123456789:s3cret"
    assert (posted.form["To"], posted.form["From"]) == (NUMBER, "+15550100")
    title, state, link = posted.form["Body"].split("\n")
    assert "メール検索結果の反映遅延" in title and state == "調査中" and "/incidents/INC-" in link
    assert sms.segments(posted.form["Body"]) <= 3
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_reply) == (DeliveryState.SENT, "SM1")


@pytest.mark.parametrize(
    ("status", "body", "state", "subscriber"),
    [
        (400, {"code": 21610, "message": "unsubscribed recipient"}, DeliveryState.FAILED, "disabled"),
        (400, {"code": 21211, "message": "invalid To"}, DeliveryState.FAILED, "disabled"),
        (400, {"code": 21617, "message": "body too long"}, DeliveryState.FAILED, "active"),
        (401, {"code": 20003, "message": "authenticate"}, DeliveryState.QUEUED, "active"),
        (429, {"code": 20429, "message": "too many"}, DeliveryState.QUEUED, "active"),
        (503, {}, DeliveryState.QUEUED, "active"),
    ],
)
def test_what_twilio_answers(
    twilio: Endpoints, reader: Subscriber, status: int, body: Any, state: str, subscriber: str
) -> None:
    delivery = tell(reader)
    twilio.replies[PATH] = [Reply(status, json.dumps(body).encode())]
    outbox.deliver_due()
    delivery.refresh_from_db()
    reader.refresh_from_db()
    assert (delivery.state, reader.state) == (state, subscriber)
    assert delivery.last_code == str(body.get("code", status))


def test_a_wrong_login_blames_no_number(twilio: Endpoints, reader: Subscriber) -> None:
    tell(reader)
    twilio.replies[PATH] = [Reply(401, b"{}")]
    outbox.deliver_due()
    reader.refresh_from_db()
    assert reader.failing_since is None


def test_nothing_is_sent_where_no_provider_is_set_up(
    endpoints: Endpoints, settings: Any, reader: Subscriber
) -> None:
    settings.SMS_ACCOUNT = None
    delivery = tell(reader)
    assert outbox.deliver_due() == 0
    delivery.refresh_from_db()
    assert (delivery.state, reader.state) == (DeliveryState.QUEUED, SubscriberState.ACTIVE)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
        ("あ" * 134, 2),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, segments: int) -> None:
    assert sms.segments(text) == segments


@pytest.mark.parametrize("title", ["a" * 2000, "障" * 2000, "short", ""])
def test_a_long_title_is_cut_and_the_link_never(title: str) -> None:
    rest = "\n調査中\nhttps://status.example/incidents/INC-20200904-01"
    text = sms.fit(title, rest)
    assert text.endswith(rest.lstrip()) and sms.segments(text) <= 3
    assert len(title) < 100 or (text.startswith(title[:50]) and "…\n" in text)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("+819012345678", "+819012345678"),
        (" +81 90-1234-5678 ", "+819012345678"),
        ("+1 (555) 010-0000", "+15550100000"),
        ("＋８１　９０－１２３４－５６７８", "+819012345678"),
        ("+81−90ー1234-5678", "+819012345678"),
    ],
)
def test_numbers_are_taken_as_people_write_them(given: str, number: str) -> None:
    assert sms.clean_number(given) == number


@pytest.mark.parametrize(
    "given",
    [
        "",
        "090-1234-5678",
        "+0901234567",
        "+81",
        "+8190123456789012345",
        "+81abc",
        "+81٩٠1234567",
        "+81\n90123456",
    ],
)
def test_other_numbers_are_refused(given: str) -> None:
    with pytest.raises(Refused) as refused:
        sms.clean_number(given)
    assert refused.value.field == "endpoint"
