"""Bounces and complaints as the providers post them."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pytest_django import Settings

from incidents.hooks import mail_providers
from incidents.hooks.mail_providers import READERS
from incidents.lib.fetch import Request, Response
from incidents.models import Delivery, MailEvent, Page, Subscriber
from incidents.queries.suppressions import is_suppressed
from tests import make
from tests.make_returned import fresh, return_path_of

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).resolve().parents[1] / "payloads" / "providers"
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


def post(provider: str, payload: Any, *, password: str = SECRET, **headers: str) -> int:
    login = base64.b64encode(f"mail:{password}".encode()).decode()
    if provider == "ses" and isinstance(payload, dict):
        sns = {"X-Amz-Sns-Message-Type": payload["Type"], "X-Amz-Sns-Message-Id": payload["MessageId"]}
        headers = {**sns, **headers}
    headers = {"Authorization": f"Basic {login}", **headers}
    answer = Client().post(
        f"/hooks/mail/{provider}/", payload, content_type="application/json", headers=headers
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
@pytest.mark.parametrize("provider", sorted(READERS))
@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"[1]", b"{}", b'"x"', b'{"Type":"Notification"}', b"\xff", b"[" * 100_000]
)
def test_garbage_is_refused_or_ignored(provider: str, payload: bytes) -> None:
    assert post(provider, payload) in (200, 400, 403)
    assert not MailEvent.objects.exists()


def test_a_complaint_with_the_signed_sender_is_about_its_page_alone(page: Page) -> None:
    other = make.page()
    make.subscriber(other, KATO)
    sender = return_path_of(Delivery.objects.get())
    told = ses("Complaint", source=sender, complaint={"complainedRecipients": [{"emailAddress": KATO}]})
    post("ses", told)
    assert Subscriber.objects.get(page=page).state == "unsubscribed"
    assert Subscriber.objects.get(page=other).state == "active"


SUBSCRIBING = {"Type": "SubscriptionConfirmation", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-1:1:t"}


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://sns.eu-central-1.amazonaws.com/?a=b", "confirmed: arn:aws:sns:eu-1:1:t"),
        ("https://evil.example/sns.eu-1.amazonaws.com", "elsewhere than at Amazon"),
        ("https://sns.eu-1.amazonaws.com@evil.example/", "elsewhere than at Amazon"),
    ],
)
def test_a_topic_is_confirmed_at_amazon_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str, said: str
) -> None:
    asked: list[str] = []

    def fetch(requests: list[Request], **_options: Any) -> list[Response]:
        asked.extend(request.url for request in requests)
        return [Response(status=200) for _ in requests]

    monkeypatch.setattr(mail_providers, "fetch_many", fetch)
    assert post("ses", {**SUBSCRIBING, "SubscribeURL": url}) == 200
    assert asked == [url] * ("evil" not in url)
    assert said in caplog.text


def recorded(name: str, mail: Delivery) -> str:
    """What a provider posted, about that mail."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    signed = "1599191230a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"
    signature = hmac.new(b"key-of-mailgun", signed.encode(), hashlib.sha256).hexdigest()
    places = {"public_id": mail.public_id, "return_path": return_path_of(mail), "signature": signature}
    for place, value in places.items():
        text = text.replace("{" + place + "}", value)
    return text.replace("reader@example.com", KATO)


@pytest.mark.parametrize(
    ("provider", "name", "is_named"),
    [
        ("brevo", "brevo_hard_bounce", True),
        ("mailgun", "mailgun_failed", True),
        ("postmark", "postmark_hard_bounce", False),
        ("sendgrid", "sendgrid_events", True),
        ("ses", "amazon_ses_bounce", True),
        ("sparkpost", "sparkpost_bounce", True),
    ],
)
def test_the_mail_is_known_where_the_provider_kept_our_names(
    page: Page, provider: str, name: str, *, is_named: bool
) -> None:
    mail = Delivery.objects.get()
    body: Any = recorded(name, mail)
    if provider == "ses":
        body = {"Type": "Notification", "MessageId": "1", "Message": body}
    assert [post(provider, body), post(provider, body)] == [200, 200]
    event = MailEvent.objects.get()
    assert (event.kind, event.delivery) == ("hard", mail if is_named else None)
    assert Subscriber.objects.get(page=page).state == "disabled"


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("provider", "name"), [("postmark", "postmark_spam_complaint"), ("mailjet", "mailjet_spam")]
)
def test_a_complaint_unsubscribes(provider: str, name: str) -> None:
    body = recorded(name, Delivery.objects.get())
    assert [post(provider, body), post(provider, body)] == [200, 200]
    assert Subscriber.objects.get().state == "unsubscribed"
    assert MailEvent.objects.filter(kind="complaint").count() == 1


def test_what_the_provider_blocked_is_not_the_subscribers_fault(page: Page) -> None:
    make.subscriber(page, "blocked@example.com")
    post("sendgrid", recorded("sendgrid_events", Delivery.objects.get()))
    event = MailEvent.objects.get(subscriber__email="blocked@example.com")
    assert (event.kind, event.code, event.is_of_our_sending) == ("soft", "5.7.0", True)


def test_a_name_of_ours_about_another_address_counts_for_that_address(page: Page) -> None:
    other = make.subscriber(page, "other@example.com")
    body = recorded("sparkpost_bounce", Delivery.objects.get())
    post("sparkpost", body.replace(KATO, "other@example.com"))
    assert fresh(other).state == "disabled"
    assert not is_suppressed(KATO)


@pytest.mark.usefixtures("page")
def test_mailguns_signature_is_checked_where_its_key_is_set(settings: Settings) -> None:
    body = recorded("mailgun_failed", Delivery.objects.get())
    settings.MAIL_WEBHOOK_KEY = "another"
    assert post("mailgun", body) == 403
    assert not MailEvent.objects.exists()
    settings.MAIL_WEBHOOK_KEY = "key-of-mailgun"
    assert post("mailgun", body) == 200
    assert MailEvent.objects.exists()


@pytest.mark.usefixtures("page")
def test_sendgrids_signature_is_checked_where_its_key_is_set(settings: Settings) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    der = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.MAIL_WEBHOOK_KEY = base64.b64encode(der).decode()
    body = recorded("sendgrid_events", Delivery.objects.get())
    signature = private.sign(f"1599191230{body}".encode(), ec.ECDSA(hashes.SHA256()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": "1599191230",
    }
    assert post("sendgrid", body + " ", **headers) == 403
    assert not MailEvent.objects.exists()
    assert post("sendgrid", body, **headers) == 200
    assert is_suppressed(KATO)


@pytest.mark.usefixtures("page")
def test_a_key_that_is_none_of_sendgrids_is_named_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MAIL_WEBHOOK_KEY = "key-of-mailgun"
    assert post("sendgrid", SENDGRID["hard"]) == 400
    assert "MAIL_WEBHOOK_KEY" in caplog.text
    assert not MailEvent.objects.exists()


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@budget(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["Type", "Email", "Description", "Details", "ID", "Metadata", "BouncedAt"]), ANY_JSON)
def test_a_report_with_odd_values_is_no_fault(page: Page, field: str, value: Any) -> None:
    report = json.loads(recorded("postmark_hard_bounce", Delivery.objects.get(subscriber__page=page)))
    assert post("postmark", json.dumps({**report, field: value})) in (200, 400)
