"""Subscribing by program: as the page's form does, and telling no more."""

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.lib.ids import short_id
from incidents.lib.timing import STEP_SECONDS
from incidents.models import Delivery, Notice, Page, SignUp, Subscriber, SubscriberState, Visibility, Wish
from statuspage.environment import SmsAccount
from tests import make
from tests.endpoints import Endpoints, endpoints
from tests.snapshots.v2.fields import PATTERNS

__all__ = ["endpoints"]

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v2/subscribers.json"
EMAIL = "reader@example.com"


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def post(**fields: Any) -> Any:
    """As a form."""
    return Client().post(ADDRESS, {f"subscriber[{name}]": value for name, value in fields.items()})


def post_json(content: Any, *, method: str = "post") -> Any:
    body = content if isinstance(content, str) else json.dumps(content)
    return getattr(Client(), method)(ADDRESS, body, content_type="application/json")


def told_mails() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_a_form_subscribes_an_address_that_must_confirm(page: Page) -> None:
    response = post(email=EMAIL)
    assert response.status_code == 201
    subscriber = response.json()["subscriber"]
    assert subscriber.pop("created_at") and re.fullmatch(PATTERNS["id"], subscriber.pop("id"))
    assert subscriber == {
        "skip_confirmation_notification": False,
        "quarantined_at": None,
        "mode": "email",
        "purge_at": None,
        "email": EMAIL,
    }
    made = Subscriber.objects.get()
    assert (made.email, made.state, made.all_services) == (EMAIL, SubscriberState.PENDING, True)
    assert made.language == "ja" and told_mails() == ["confirm"]


@pytest.mark.parametrize("skipping", [{}, {"skip_confirmation_notification": True}])
def test_json_subscribes_as_a_form_does_and_cannot_skip_the_confirmation(
    page: Page, skipping: dict[str, bool]
) -> None:
    response = post_json({"subscriber": {"email": f" {EMAIL.upper()} ", **skipping}})
    assert (response.status_code, response.json()["subscriber"]["email"]) == (201, EMAIL)
    assert Subscriber.objects.get().state == SubscriberState.PENDING and told_mails() == ["confirm"]


def test_a_component_narrows_it_to_its_service_and_a_group_to_all_of_its_own(page: Page) -> None:
    alone = make.service(page)
    first, second = make.service(page, group="Mail"), make.service(page, group="Mail")
    assert first.group_id is not None
    post(email="one@a.example", component_id=short_id("service", alone.pk))
    group_id = short_id("group", first.group_id)
    post_json({"subscriber": {"email": "two@b.example", "component_ids": [group_id]}})
    post(email="three@c.example", **{"component_ids][": short_id("service", second.pk)})
    asked = [wish.choices["services"] for wish in Wish.objects.order_by("pk")]
    assert asked == [[alone.pk], [first.pk, second.pk], [second.pk]]


def test_the_answer_is_the_same_for_every_address(page: Page) -> None:
    """Whether it is new, waits, is active, left, or was forgotten meanwhile."""
    answers = [answer_of(post(email=EMAIL))]
    for state in (SubscriberState.PENDING, SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED):
        Subscriber.objects.update(state=state, confirmed_at=timezone.now())
        answers.append(answer_of(post(email=EMAIL)))
    Subscriber.objects.all().delete()
    answers.append(answer_of(post(email=EMAIL)))
    assert answers == answers[:1] * 5


def answer_of(response: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    content = response.json()
    content["subscriber"].pop("created_at", None)
    return response.status_code, content, dict(response.headers)


def test_an_id_tells_neither_the_address_nor_when_it_came(page: Page) -> None:
    """It cannot be counted up, nor worked out without the server's key."""
    ids = [post(email=f"reader{number}@example.com").json()["subscriber"]["id"] for number in range(3)]
    assert len(set(ids)) == 3
    assert not set(ids) & {
        short_id("subscriber", pk) for pk in Subscriber.objects.values_list("pk", flat=True)
    }


@pytest.mark.parametrize("kind", ["post", "delete"])
def test_the_clock_does_not_tell_either(page: Page, kind: str) -> None:
    known = post(email=EMAIL).json()["subscriber"]["id"]
    Subscriber.objects.update(state=SubscriberState.ACTIVE, confirmed_at=timezone.now())
    for given in ({"email": EMAIL, "id": known}, {"email": "other@example.com", "id": "nobody000000"}):
        began = time.monotonic()
        post_json({"subscriber": given}, method=kind)
        assert time.monotonic() - began >= STEP_SECONDS


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "subscriber[email]"),
        ({"email": "nobody"}, "subscriber[email]"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "subscriber[email]"),
        ({"email": EMAIL, "component_id": "000000000000"}, "subscriber[component_id]"),
        ({"email": EMAIL, "endpoint": "https://10.0.0.1/hook"}, "subscriber[endpoint]"),
        ({"endpoint": "https://10.0.0.1/hook"}, "subscriber[email]"),
        ({"phone_number": "+81300000000", "phone_country": "JP"}, "subscriber[phone_number]"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(page: Page, fields: dict[str, str], field: str) -> None:
    for response in (post(**fields), post_json({"subscriber": fields})):
        assert (response.status_code, response.json()["field"]) == (422, field)
        assert response.json()["error"]
        assert response["Access-Control-Allow-Origin"] == "*"
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "subscriber[email]"),
        ("{", ""),
        ("[1]", "subscriber"),
        ('{"subscriber": "x"}', "subscriber"),
        ('{"subscriber": {"email": {"a": 1}}}', "subscriber[email]"),
        ('{"subscriber": {"email": [5]}}', "subscriber[email]"),
        ("[" * 9000, ""),
        ('{"subscriber": {"email": "\\ud800@example.com"}}', "subscriber[email]"),
        ('{"subscriber": {"email": "a\\u0000@example.com"}}', "subscriber[email]"),
        (
            '{"subscriber": {"email": "reader@example.com", "component_id": "\\u0000"}}',
            "subscriber[component_id]",
        ),
    ],
)
def test_odd_json_is_refused_and_no_fault(page: Page, body: str, field: str) -> None:
    response = post_json(body)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_too_much_is_refused(page: Page) -> None:
    assert post_json("x" * 30_000).status_code == 413
    fields = "&".join(f"a{number}=" for number in range(1_100))
    many = Client().post(ADDRESS, fields, content_type="application/x-www-form-urlencoded")
    assert (many.status_code, many["Access-Control-Allow-Origin"]) == (400, "*")


def test_a_form_that_cannot_be_read_is_refused_as_data(page: Page) -> None:
    response = Client().post(ADDRESS, b"subscriber", content_type="multipart/form-data")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (400, "*")
    assert response.json()["error"]


def test_deleting_by_id_asks_the_owner_by_mail_and_changes_nothing(page: Page) -> None:
    number = post(email=EMAIL).json()["subscriber"]["id"]
    Subscriber.objects.update(state=SubscriberState.ACTIVE, confirmed_at=timezone.now())
    response = Client().delete(f"{ADDRESS}?subscriber[id]={number}")
    assert response.status_code == 202
    assert (response.json()["subscriber"]["id"], response.json()["subscriber"]["email"]) == (number, None)
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
    assert told_mails() == ["confirm", "manage"]
    assert Delivery.objects.filter(notice__kind="manage").get().reader.email == EMAIL


@pytest.mark.parametrize(
    "send",
    [
        lambda number: Client().delete(f"{ADDRESS}?subscriber[id]={number}"),
        lambda number: Client().delete(
            ADDRESS, f"subscriber[id]={number}", content_type="application/x-www-form-urlencoded"
        ),
        lambda number: post_json({"subscriber": {"id": number}}, method="delete"),
    ],
)
def test_deleting_answers_the_same_for_ids_of_nobody(page: Page, send: Callable[[str], Any]) -> None:
    number = post(email=EMAIL).json()["subscriber"]["id"]
    Subscriber.objects.update(state=SubscriberState.ACTIVE, confirmed_at=timezone.now())
    known, unknown = send(number).json()["subscriber"], send("abcdefghijkl").json()["subscriber"]
    assert (known.pop("id"), unknown.pop("id")) == (number, "abcdefghijkl")
    assert known.keys() == unknown.keys() and {known["email"], unknown["email"]} == {None}
    assert told_mails() == ["confirm", "manage"]


@pytest.mark.parametrize("odd", ["", "%20", "a%00b", "%EF%BC%A1", "A", "a" * 33, "<b>"])
def test_an_odd_id_is_nobody_even_where_addresses_came_by_the_page(page: Page, odd: str) -> None:
    make.subscriber(page)
    response = Client().delete(f"{ADDRESS}?subscriber[id]={odd}")
    assert (response.status_code, response.json()["field"]) == (422, "subscriber[id]")
    assert told_mails() == []


def test_reading_by_id_tells_nothing_and_mails_nobody(page: Page) -> None:
    number = post(email=EMAIL).json()["subscriber"]["id"]
    Subscriber.objects.update(state=SubscriberState.ACTIVE, confirmed_at=timezone.now())
    for given in (number, "abcdefghijkl"):
        response = Client().get(f"{ADDRESS}?subscriber[id]={given}")
        assert (response.status_code, response.json()["subscriber"]["email"]) == (200, None)
    assert told_mails() == ["confirm"]
    assert Client().get(ADDRESS).status_code == 422


def test_caps_of_the_mails_hold_without_being_told(page: Page) -> None:
    answers = [answer_of(post(email=EMAIL)) for _ in range(4)]
    assert told_mails() == ["confirm"] and answers == answers[:1] * 4
    SignUp.objects.update(at=timezone.now() - timedelta(minutes=11))
    post(email=EMAIL)
    assert told_mails() == ["confirm", "confirm"]


def test_another_site_may_ask_and_gets_no_cookie(page: Page) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.staff(), backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(ADDRESS, {"subscriber[email]": EMAIL}, headers={"Origin": "https://other.example"})
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (201, "*")
    assert not response.cookies and "Cookie" not in response.get("Vary", "")
    assert response["Cache-Control"] == "no-store"
    asked = client.options(ADDRESS, headers={"Origin": "https://other.example"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Methods"] == "GET, HEAD, POST, DELETE, OPTIONS"
    assert asked["Access-Control-Allow-Headers"] == "Content-Type"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_other_methods_are_not_allowed(page: Page, method: str) -> None:
    response = getattr(Client(), method)(ADDRESS)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST, DELETE, OPTIONS")
    assert response.json()["error"] and response["Access-Control-Allow-Origin"] == "*"


def test_foreign_hosts_and_private_pages_have_no_subscribers(page: Page) -> None:
    foreign = Client().post(ADDRESS, {"subscriber[email]": EMAIL}, headers={"host": "evil.example"})
    assert foreign.status_code == 421
    Page.objects.update(visibility=Visibility.PRIVATE)
    assert post(email=EMAIL).status_code == 403
    assert not Subscriber.objects.exists()


def test_a_webhook_is_asked_for_with_its_owners_address(page: Page, endpoints: Endpoints) -> None:
    subscriber = post(email=EMAIL, endpoint=endpoints.url()).json()["subscriber"]
    assert (subscriber["mode"], subscriber["endpoint"]) == ("webhook", endpoints.url())
    made = Subscriber.objects.get()
    assert (made.channel, made.email, made.state) == ("webhook", EMAIL, SubscriberState.PENDING)
    assert (subscriber["id"], told_mails()) == (made.api_id, ["owner"])
    assert not endpoints.posted


def test_a_number_is_asked_for_by_a_code(page: Page, endpoints: Endpoints, settings: Any) -> None:
    settings.SMS_ACCOUNT = SmsAccount("AC0123456789", "s3cret", "+15550100", endpoints.url("").rstrip("/"))
    subscriber = post(phone_number="+81 90-1234-5678", phone_country="JP").json()["subscriber"]
    assert (subscriber["mode"], subscriber["phone_number"]) == ("sms", "+819012345678")
    made = Subscriber.objects.get()
    assert (made.channel, made.state, told_mails()) == ("sms", SubscriberState.PENDING, ["code"])


def test_deleting_a_webhook_mails_its_owner_a_link(page: Page, endpoints: Endpoints) -> None:
    number = post(email=EMAIL, endpoint=endpoints.url()).json()["subscriber"]["id"]
    Subscriber.objects.update(state=SubscriberState.ACTIVE, confirmed_at=timezone.now())
    assert Client().delete(f"{ADDRESS}?subscriber[id]={number}").status_code == 202
    assert told_mails() == ["owner", "manage"]
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
