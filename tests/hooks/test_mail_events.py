"""Bounces and complaints as the providers post them."""

import base64
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from incidents.models import Delivery, MailEvent, Page, Subscriber
from incidents.notices.links import return_path
from incidents.queries.suppressions import is_suppressed
from tests import make

pytestmark = pytest.mark.django_db
SECRET = "a-secret-of-some-length"
KATO = "kato@example.jp"
WORDS = "smtp;550 5.1.1 <kato@example.jp>: user unknown"

POSTMARK = {
    "hard": {"RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "Details": WORDS, "Email": KATO},
    "hard without a code": {"RecordType": "Bounce", "ID": 43, "Type": "HardBounce", "Email": KATO},
    "soft": {
        "RecordType": "Bounce",
        "ID": 44,
        "Type": "SoftBounce",
        "Details": "552 5.2.2 full",
        "Email": KATO,
    },
    "complaint": {"RecordType": "SpamComplaint", "ID": 45, "Type": "SpamComplaint", "Email": KATO},
    "none": {"RecordType": "Delivery", "MessageID": "1", "Recipient": KATO},
}
SENDGRID = {
    "hard": [{"event": "bounce", "type": "bounce", "reason": WORDS, "email": KATO, "sg_event_id": "1"}],
    "soft": [
        {"event": "bounce", "type": "blocked", "reason": "550 5.7.1 no", "email": KATO, "sg_event_id": "2"}
    ],
    "complaint": [{"event": "spamreport", "email": KATO, "sg_event_id": "3"}],
    "none": [{"event": "deferred", "response": "450 later", "email": KATO, "sg_event_id": "4"}],
}


def mailgun(**data: Any) -> dict[str, Any]:
    return {
        "signature": {"token": "t" + data["event"]},
        "event-data": {"recipient": KATO, "timestamp": 1.5, **data},
    }


MAILGUN = {
    "hard": mailgun(
        event="failed", severity="permanent", reason="bounce", **{"delivery-status": {"message": WORDS}}
    ),
    "hard without a code": mailgun(event="failed", severity="permanent", reason="suppress-bounce"),
    "soft": mailgun(
        event="failed",
        severity="permanent",
        reason="generic",
        **{"delivery-status": {"message": "5.7.1 policy"}},
    ),
    "complaint": mailgun(event="complained"),
    "none": mailgun(event="failed", severity="temporary"),
}


def ses(event: str, *, source: str = "status@example.com", **told: Any) -> dict[str, Any]:
    message = {"notificationType": event, "mail": {"source": source, "destination": [KATO]}, **told}
    return {"Type": "Notification", "MessageId": f"sns-{event}", "Message": json.dumps(message)}


def ses_bounce(kind: str, words: str, **values: Any) -> dict[str, Any]:
    bounced = [{"emailAddress": KATO, "diagnosticCode": words}]
    bounce = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": bounced}
    return ses("Bounce", bounce=bounce, **values)


SES = {
    "hard": ses_bounce("Permanent", WORDS),
    "hard without a code": ses_bounce("Permanent", ""),
    "soft": ses_bounce("Transient", "smtp; 552 5.2.2 full"),
    "complaint": ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": KATO}]}),
    "none": ses("Delivery", delivery={"recipients": [KATO]}),
}
PAYLOADS: dict[str, Any] = {"postmark": POSTMARK, "sendgrid": SENDGRID, "mailgun": MAILGUN, "ses": SES}
TOLD = [
    (provider, kind, payload) for provider, payloads in PAYLOADS.items() for kind, payload in payloads.items()
]


@pytest.fixture
def page(settings: Settings) -> Page:
    settings.MAIL_WEBHOOK_SECRET = SECRET
    settings.BOUNCE_DOMAIN = "bounces.example.com"
    page = make.page()
    make.subscriber(page, KATO)
    make.update(make.incident(page), notify=True)
    Delivery.objects.update(state="sent", sent_at=timezone.now())
    return page


def post(provider: str, payload: Any, *, password: str = SECRET) -> int:
    login = base64.b64encode(f"mail:{password}".encode()).decode()
    address = f"/hooks/mail/{provider}/"
    answer = Client().post(
        address, payload, content_type="application/json", headers={"Authorization": f"Basic {login}"}
    )
    return answer.status_code


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("provider", "kind", "payload"), TOLD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_provider_is_understood(provider: str, kind: str, payload: Any) -> None:
    assert post(provider, payload) == 200
    assert post(provider, payload) == 200
    kinds = list(MailEvent.objects.values_list("kind", "source"))
    kind = kind.split()[0]
    assert kinds == ([] if kind == "none" else [(kind, provider)])
    states = {"hard": "disabled", "complaint": "unsubscribed"}
    assert Subscriber.objects.get().state == states.get(kind, "active")
    assert is_suppressed(KATO) is (kind == "hard")


@pytest.mark.parametrize(
    ("provider", "kind", "payload"), TOLD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_without_the_secret_nothing_changes(page: Page, provider: str, kind: str, payload: Any) -> None:
    assert post(provider, payload, password="wrong") == 401
    assert (
        Client().post(f"/hooks/mail/{provider}/", payload, content_type="application/json").status_code == 401
    )
    assert Subscriber.objects.get(page=page).state == "active", kind
    assert not MailEvent.objects.exists()


def test_without_the_setting_there_is_no_such_address(page: Page, settings: Settings) -> None:
    settings.MAIL_WEBHOOK_SECRET = ""
    assert post("postmark", POSTMARK["hard"], password="") == 404
    assert Subscriber.objects.get(page=page).state == "active"


def test_an_unknown_provider_is_not_found(page: Page) -> None:
    assert post("example", POSTMARK["hard"]) == 404


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("provider", ["postmark", "sendgrid", "mailgun", "ses"])
@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"[1]", b"{}", b'"x"', b'{"Type":"Notification"}', b"\xff"]
)
def test_garbage_is_refused_or_ignored(provider: str, payload: bytes) -> None:
    assert post(provider, payload) in (200, 400)
    assert not MailEvent.objects.exists()


def test_a_complaint_with_the_signed_sender_is_about_its_page_alone(page: Page) -> None:
    other = make.page()
    make.subscriber(other, KATO)
    sender = return_path(Delivery.objects.get().public_id, fallback="")
    told = ses("Complaint", source=sender, complaint={"complainedRecipients": [{"emailAddress": KATO}]})
    post("ses", told)
    assert Subscriber.objects.get(page=page).state == "unsubscribed"
    assert Subscriber.objects.get(page=other).state == "active"


@pytest.mark.usefixtures("page")
def test_the_question_of_amazon_is_logged_for_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-1.amazonaws.com/?a=b"}
    assert post("ses", asked) == 200
    assert "open https://sns.eu-1.amazonaws.com/?a=b" in caplog.text
