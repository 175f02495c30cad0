"""The pages on which webhooks, chats and numbers are subscribed; they only act on POST."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.models import (
    AuditEntry,
    Channel,
    Delivery,
    DeliveryState,
    Page,
    SignUp,
    Subscriber,
    SubscriberState,
    Wish,
)
from incidents.notices import outbox
from incidents.notices.channels import webhook
from incidents.public import subscribing_forms
from incidents.queries import subscribers
from incidents.queries.choices import Choices
from statuspage.environment import SmsAccount
from tests import make
from tests.endpoints import Endpoints, Reply, endpoints, owner_token

__all__ = ["endpoints"]

pytestmark = pytest.mark.django_db
OWNER = "owner@example.com"
CHOICES = {
    "language": "en",
    "which": "all",
    "kinds": ["incidents", "maintenance", "reports"],
    "stages": "all",
}
SMS = "/2010-04-01/Accounts/AC0123456789/Messages.json"


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", languages=["en", "ja"])


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def twilio(endpoints: Endpoints, settings: Any) -> Endpoints:
    settings.SMS_ACCOUNT = SmsAccount("AC0123456789", "s3cret", "+15550100", endpoints.url("").rstrip("/"))
    endpoints.replies[SMS] = [Reply(201, json.dumps({"sid": "SM1"}).encode()) for _ in range(5)]
    return endpoints


@pytest.fixture(autouse=True)
def as_if_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are filled in at once."""
    monkeypatch.setattr(subscribing_forms, "SHORTEST_FILL_SECONDS", 0)


def form(endpoint: str, **values: Any) -> dict[str, Any]:
    shown = subscribing_forms.AddressForm().shown_now
    return {"endpoint": endpoint, "email": OWNER, "shown": shown, **CHOICES, **values}


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_way_to_each_stands_on_the_page_for_mail(page: Page, browser: Client, twilio: Endpoints) -> None:
    text = text_of(browser.get("/subscribe"))
    for path in ("/subscribe/webhook", "/subscribe/chat", "/subscribe/sms"):
        assert f'href="{path}"' in text
        assert browser.get(path).status_code == 200


def test_text_messages_are_offered_only_where_a_provider_is_set_up(page: Page, browser: Client) -> None:
    assert "/subscribe/sms" not in text_of(browser.get("/subscribe"))
    for path in ("/subscribe/sms", "/subscribe/sms/code"):
        assert [browser.get(path).status_code, browser.post(path, {}).status_code] == [404, 404]


def test_a_webhook_from_form_to_secret(page: Page, browser: Client, endpoints: Endpoints) -> None:
    response = browser.post("/subscribe/webhook", form(endpoints.url()))
    assert response.status_code == 200 and "Check your mailbox" in text_of(response)
    assert "one such email in ten minutes" in text_of(response)
    reader = Subscriber.objects.get()
    path = f"/endpoints/{owner_token(reader)}"
    assert browser.get(path).status_code == 200
    assert not endpoints.posted and Subscriber.objects.get().state == SubscriberState.PENDING
    confirmed = text_of(browser.post(path))
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
    assert reader.secret.replace("+", "&#x2B;") in confirmed or reader.secret in confirmed
    assert "whsec_" not in text_of(browser.get(path)) + text_of(browser.post(path))


def test_an_expired_link_offers_another_to_the_same_owner(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    browser.post("/subscribe/webhook", form(endpoints.url(), kinds=["incidents"]))
    old = f"/endpoints/{owner_token(Subscriber.objects.get())}"
    Wish.objects.update(asked_at=timezone.now() - timedelta(days=8))
    SignUp.objects.all().delete()
    opened = browser.get(old)
    assert opened.status_code == 410 and "Send another link" in text_of(opened)
    assert Delivery.objects.count() == 1
    assert "Check your mailbox" in text_of(browser.post(old))
    assert browser.post(old).status_code == 410
    reader = Subscriber.objects.get()
    assert Delivery.objects.filter(notice__kind="owner", subscriber=reader).count() == 2
    assert "Send another link" not in text_of(browser.get(old))
    browser.post(f"/endpoints/{owner_token(reader)}")
    reader.refresh_from_db()
    assert (reader.state, reader.wants_maintenance, reader.consent_source) == ("active", False, "form")


def test_a_link_that_another_wish_replaced_is_not_sent_again(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    browser.post("/subscribe/webhook", form(endpoints.url()))
    old = f"/endpoints/{owner_token(Subscriber.objects.get())}"
    browser.post("/subscribe/webhook", form(endpoints.url(), email="other@example.com"))
    Wish.objects.update(asked_at=timezone.now() - timedelta(days=8))
    assert "Send another link" not in text_of(browser.get(old))
    browser.post(old)
    assert Delivery.objects.filter(notice__kind="owner").count() == 2


def test_an_endpoint_that_does_not_echo_is_said_so(page: Page, browser: Client, endpoints: Endpoints) -> None:
    browser.post("/subscribe/webhook", form(endpoints.url()))
    endpoints.replies["/hook"] = [Reply(200, b"a secret of an internal server")]
    response = browser.post(f"/endpoints/{owner_token(Subscriber.objects.get())}")
    assert response.status_code == 422
    assert "did not return the challenge" in text_of(response)
    assert "internal server" not in text_of(response)


@pytest.mark.parametrize(
    ("path", "values", "field"),
    [
        ("/subscribe/webhook", {"endpoint": "https://10.0.0.1/"}, "endpoint"),
        ("/subscribe/webhook", {"endpoint": ""}, "endpoint"),
        ("/subscribe/webhook", {"endpoint": "https://127.0.0.1/", "email": "no address"}, "email"),
        ("/subscribe/chat", {"endpoint": "https://8.8.8.8/services/x", "channel": "slack"}, "endpoint"),
        ("/subscribe/chat", {"endpoint": "https://8.8.8.8/x"}, "channel"),
    ],
)
def test_an_error_stands_beside_its_field_and_what_was_typed_is_kept(
    page: Page, browser: Client, path: str, values: dict[str, str], field: str
) -> None:
    response = browser.post(path, {**form(""), **values})
    text = text_of(response)
    assert response.status_code == 422 and f'id="error_{field}"' in text
    assert f'value="{values["endpoint"]}"' in text
    assert not Subscriber.objects.exists()


def test_the_answer_is_the_same_for_whatever_is_subscribed(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url("/known"))
    answers = {
        browser.post("/subscribe/webhook", form(endpoints.url(path), email=email)).content
        for path in ("/known", "/new")
        for email in (OWNER, "other@example.com")
    }
    links = {
        browser.post("/endpoints", form("", email=email)).content for email in (OWNER, "who@example.com")
    }
    assert [len(answers), len(links)] == [1, 1]


def test_a_machine_that_fills_in_everything_gets_nothing(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    browser.post("/subscribe/webhook", form(endpoints.url(), website="x"))
    assert not Subscriber.objects.exists()


def test_another_sites_form_is_turned_away(page: Page, browser: Client, endpoints: Endpoints) -> None:
    for path in ("/subscribe/webhook", "/subscribe/chat", "/endpoints"):
        response = browser.post(path, form(endpoints.url()), headers={"Origin": "https://evil.example"})
        assert response.status_code == 403
    assert not Subscriber.objects.exists()


def test_a_number_from_form_to_the_end(page: Page, browser: Client, twilio: Endpoints) -> None:
    values = {"endpoint": "+81 90 1234 5678", **CHOICES, "wish": "subscribe"}
    response = browser.post("/subscribe/sms", values)
    assert 'value="+81 90 1234 5678"' in text_of(response) and "six digits" in text_of(response)
    outbox.deliver_due()
    found = re.search(r"\b\d{6}\b", twilio.to(SMS)[0].form["Body"])
    assert found
    wrong = browser.post("/subscribe/sms/code", {"endpoint": values["endpoint"], "code": "abc"})
    assert wrong.status_code == 422 and 'id="error_code"' in text_of(wrong)
    browser.post("/subscribe/sms/code", {"endpoint": values["endpoint"], "code": found.group()})
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
    browser.post("/subscribe/sms", {**values, "wish": "leave"})
    outbox.deliver_due()
    found = re.search(r"\b\d{6}\b", twilio.to(SMS)[1].form["Body"])
    assert found
    browser.post("/subscribe/sms/code", {"endpoint": values["endpoint"], "code": found.group()})
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_a_wrong_number_is_said_beside_its_field(page: Page, browser: Client, twilio: Endpoints) -> None:
    values = {"endpoint": "090-1234", **CHOICES, "wish": "subscribe"}
    response = browser.post("/subscribe/sms", values)
    assert response.status_code == 422 and 'id="error_endpoint"' in text_of(response)
    assert not Delivery.objects.exists()


def test_the_pages_speak_japanese_too(page: Page, browser: Client, twilio: Endpoints) -> None:
    text = "".join(text_of(browser.get(f"/ja{p}")) for p in ("/subscribe/webhook", "/subscribe/chat"))
    assert "チャットへの配信登録" in text and "Webhookへの配信登録" in text


def test_the_owners_link_opens_on_a_private_page_and_the_forms_do_not(page: Page, browser: Client) -> None:
    reader = Subscriber.objects.create(
        page=page,
        channel=Channel.WEBHOOK,
        endpoint="https://hooks.example.com/x",
        email=OWNER,
    )
    Wish.objects.create(subscriber=reader, choices=Choices("en").as_json())
    Page.objects.filter(pk=page.pk).update(visibility="private")
    opened = browser.get(f"/endpoints/{owner_token(reader)}")
    assert opened.status_code == 200 and "hooks.example.com" in text_of(opened)
    for path in ("/subscribe/webhook", "/subscribe/chat", "/endpoints", "/endpoints/abc"):
        assert "WebhookのURL" not in text_of(browser.get(path)) and "webhook" not in text_of(
            browser.get(path)
        )


def test_the_choices_of_an_endpoint_are_changed_and_its_address_is_not_offered(
    page: Page, browser: Client
) -> None:
    url = "https://hooks.slack.com/services/T0/B0/secret"
    make.subscriber(page, OWNER, channel=Channel.SLACK, endpoint=url)
    browser.post("/endpoints", form(""))
    reader = Subscriber.objects.get()
    link = f"/manage/{subscribers.manage_token(reader)}"
    shown = text_of(browser.get(link))
    assert "hooks.slack.com" in shown and "secret" not in shown and "new_email" not in shown
    response = browser.post(link, {**CHOICES, "stages": "ends", "new_email": "thief@example.com"})
    assert response.status_code == 200
    reader.refresh_from_db()
    assert (reader.stages, reader.email) == ("ends", OWNER) and not Wish.objects.exists()


def test_what_was_chosen_for_an_endpoint_begins_with_its_confirmation(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    service = make.service(page)
    browser.post(
        "/subscribe/webhook",
        form(endpoints.url(), which="chosen", services=[service.pk], kinds=["incidents"]),
    )
    reader = Subscriber.objects.get()
    assert Subscriber.objects.filter(all_services=True, wants_maintenance=True).exists()
    link = f"/endpoints/{owner_token(reader)}"
    assert service.name in text_of(browser.get(link))
    browser.post(link)
    reader.refresh_from_db()
    assert list(reader.services.all()) == [service] and not reader.wants_maintenance
    assert (reader.consent_source, reader.requested_from) == ("form", "127.0.0.0/24")


def webhook_of_owner(page: Page, browser: Client, endpoints: Endpoints) -> tuple[Subscriber, str]:
    """And its path to manage it."""
    secret = webhook.new_secret()
    make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url(), secret=secret)
    browser.post("/endpoints", form(""))
    reader = Subscriber.objects.get()
    return reader, f"/manage/{subscribers.manage_token(reader)}"


def test_a_secret_is_renewed_by_its_owner_and_shown_once(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    before, link = webhook_of_owner(page, browser, endpoints)
    assert 'name="renew_secret"' in text_of(browser.get(link))
    answer = text_of(browser.post(link, {"renew_secret": "1"}))
    reader = Subscriber.objects.get()
    assert reader.secret != before.secret and reader.secret in unescape(answer)
    assert before.secret not in unescape(answer)
    assert browser.get(link).status_code == browser.post(link, {"renew_secret": "1"}).status_code == 410
    assert Subscriber.objects.get().secret == reader.secret
    entry = AuditEntry.objects.get(action="renew_secret")
    assert "whsec_" not in str((entry.before, entry.after))


def test_there_is_no_secret_of_a_chat_to_renew(page: Page, browser: Client) -> None:
    url = "https://hooks.slack.com/services/T0/B0/secret"
    make.subscriber(page, OWNER, channel=Channel.SLACK, endpoint=url)
    browser.post("/endpoints", form(""))
    link = f"/manage/{subscribers.manage_token(Subscriber.objects.get())}"
    assert "renew_secret" not in text_of(browser.get(link))
    assert browser.post(link, {"renew_secret": "1"}).status_code == 422
    assert Subscriber.objects.get().secret == ""


def test_a_link_to_an_endpoint_lives_fifteen_minutes_from_the_departure_of_its_mail(
    page: Page, browser: Client, endpoints: Endpoints
) -> None:
    """However long the mail waited for the server."""
    _, link = webhook_of_owner(page, browser, endpoints)
    Subscriber.objects.update(manage_sent_at=timezone.now() - timedelta(hours=1))
    assert browser.get(link).status_code == 410
    mail = Delivery.objects.get()
    for minutes, status in ((14, 200), (16, 410)):
        mail.state, mail.sent_at = DeliveryState.SENT, timezone.now() - timedelta(minutes=minutes)
        mail.save()
        assert browser.get(link).status_code == status
