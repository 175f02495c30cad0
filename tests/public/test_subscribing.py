"""The visitor's side of subscribing: pages that only act on POST."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.lib.timing import STEP_SECONDS
from incidents.models import (
    Delivery,
    Page,
    ServiceGroup,
    SignUp,
    Subscriber,
    SubscriberState,
    Wish,
)
from incidents.public import subscribing_forms
from incidents.queries import subscribers
from incidents.queries.choices import Choices
from tests.make_notices import make_page, make_service, make_subscriber

pytestmark = pytest.mark.django_db

ADDRESS = "reader@example.com"
CHOICES = {
    "language": "ja",
    "which": "all",
    "kinds": ["incidents", "maintenance", "reports"],
    "stages": "all",
}
FORM = {"email": ADDRESS, **CHOICES}


@pytest.fixture(autouse=True)
def as_if_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are filled in at once."""
    monkeypatch.setattr(subscribing_forms, "SHORTEST_FILL_SECONDS", 0)
    FORM["shown"] = ADDRESS_FORM["shown"] = subscribing_forms.AddressForm().shown_now


ADDRESS_FORM = {"email": ADDRESS}


@pytest.fixture
def page() -> Page:
    return make_page(host="testserver", languages=["en", "ja"])


@pytest.fixture
def browser() -> Client:
    """Checks CSRF as a real server does, and holds no cookie."""
    return Client(enforce_csrf_checks=True)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def main_of(response: Any) -> str:
    found = re.search(r"<main.*</main>", text_of(response), re.DOTALL)
    return found.group() if found else text_of(response)


def test_the_form_subscribes(page: Page, browser: Client) -> None:
    response = browser.post("/subscribe", FORM)
    assert response.status_code == 200
    assert "Check your mailbox" in text_of(response)
    assert Subscriber.objects.get().email == ADDRESS
    assert not response.cookies


@pytest.mark.parametrize(("address", "form"), [("/subscribe", FORM), ("/manage", ADDRESS_FORM)])
@pytest.mark.parametrize("state", [None, SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED])
def test_the_time_of_an_answer_is_not_that_of_writing_a_mail(
    page: Page, browser: Client, address: str, form: dict[str, str], state: str | None
) -> None:
    if state:
        make_subscriber(page, ADDRESS, state=state)
    began = time.monotonic()
    browser.post(address, form)
    assert time.monotonic() - began >= STEP_SECONDS


def test_the_answer_is_the_same_for_every_address(page: Page, browser: Client) -> None:
    make_subscriber(page, "active@example.com")
    make_subscriber(page, "gone@example.com", state=SubscriberState.UNSUBSCRIBED)
    answers = set()
    for email in ("new@example.com", "new@example.com", "active@example.com", "gone@example.com"):
        response = browser.post("/subscribe", {**FORM, "email": email})
        answers.add((response.status_code, response.content))
    for email in ("active@example.com", "stranger@example.com"):
        response = browser.post("/manage", {**ADDRESS_FORM, "email": email})
        answers.add((response.status_code, response.content))
    assert len(answers) == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"email": ""}, "Enter an email address."),
        ({"email": "a@localhost"}, "The domain after the @ needs a dot, as in example.com."),
        ({"language": "fr"}, "Choose one of the page&#x27;s languages."),
        ({"which": "chosen"}, "Choose at least one service, or all services."),
        ({"which": ""}, "Choose all services or some of them."),
        ({"which": "chosen", "services": ["999"]}, "Choose services from this page."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    page: Page, browser: Client, wrong: dict[str, object], error: str
) -> None:
    service = make_service(page)
    typed = {**FORM, "services": [str(service.pk)] if "which" not in wrong else [], **wrong}
    response = browser.post("/subscribe", typed)
    assert response.status_code == 422
    assert error in text_of(response)
    assert text_of(response).count('class="field-error"') == 1
    if wrong.get("email") != "":
        assert f'value="{typed["email"]}"' in text_of(response)
    assert not Subscriber.objects.exists()


def test_ticked_services_stay_ticked_after_an_error(page: Page, browser: Client) -> None:
    service, other = make_service(page), make_service(page, "Web filter")
    typed = {**FORM, "email": "bad", "which": "chosen", "services": [str(service.pk)]}
    response = browser.post("/subscribe", typed)
    assert f'value="{service.pk}" checked' in text_of(response)
    assert f'value="{other.pk}" checked' not in text_of(response)


def test_services_are_shown_in_their_groups(page: Page, browser: Client) -> None:
    group = ServiceGroup.objects.create(page=page, name="Security")
    make_service(page, "Loose")
    make_service(page, "Archive", group=group)
    shown = main_of(browser.get("/subscribe"))
    assert (
        shown.index("Security")
        < shown.index("Archive")
        < shown.index("Other services")
        < shown.index("Loose")
    )


def test_a_machine_that_fills_the_hidden_field_is_thanked_and_ignored(page: Page, browser: Client) -> None:
    person = browser.post("/subscribe", FORM)
    Subscriber.objects.all().delete()
    machine = browser.post("/subscribe", {**FORM, "website": "http://spam.example"})
    assert machine.content == person.content
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_form_from_another_site_is_turned_away(
    page: Page, browser: Client, headers: dict[str, str], status: int
) -> None:
    response = browser.post("/subscribe", FORM, headers=headers)
    assert response.status_code == status
    assert Subscriber.objects.exists() is (status == 200)


def pending(page: Page) -> tuple[Subscriber, str]:
    actions.subscribe(page, email=ADDRESS, choices=Choices("en"))
    subscriber = Subscriber.objects.get()
    return subscriber, subscribers.confirm_token(subscriber.wishes.get())


def test_opening_a_confirmation_link_changes_nothing(page: Page, browser: Client) -> None:
    subscriber, token = pending(page)
    for method in (browser.get, browser.head):
        assert method(f"/confirm/{token}").status_code == 200
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.PENDING
    assert "Your subscription is confirmed" in text_of(browser.post(f"/confirm/{token}"))
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.ACTIVE
    assert "Your subscription is confirmed" in text_of(browser.get(f"/confirm/{token}"))


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_a_gateway_may_change_the_case_of_a_token(
    page: Page, browser: Client, change: Callable[[str], str]
) -> None:
    _, token = pending(page)
    assert browser.post(f"/confirm/{change(token)}").status_code == 200
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_an_expired_link_offers_another_to_the_same_address(page: Page, browser: Client) -> None:
    _, token = pending(page)
    Wish.objects.update(asked_at=timezone.now() - timedelta(days=8))
    SignUp.objects.update(at=timezone.now() - timedelta(days=8))
    assert "Send another link" in text_of(browser.get(f"/confirm/{token}"))
    assert Delivery.objects.count() == 1
    assert "Check your mailbox" in text_of(browser.post(f"/confirm/{token}"))
    assert list(Delivery.objects.values_list("subscriber__email", flat=True)) == [ADDRESS] * 2
    assert Subscriber.objects.get().state == SubscriberState.PENDING


@pytest.mark.parametrize(
    "path", ["/confirm/{}", "/manage/{}", "/unsubscribe/{}", "/keep/{}", "/last-only/{}"]
)
@pytest.mark.parametrize("token", ["x", "a" * 150, "%00", "%E3%81%82"])
def test_a_forged_link_is_not_found(page: Page, browser: Client, path: str, token: str) -> None:
    assert browser.get(path.format(token)).status_code == 404
    assert browser.post(path.format(token)).status_code == 404


def test_a_link_of_another_page_is_not_found(page: Page, browser: Client) -> None:
    other = make_page(host="other.example")
    token = subscribers.unsubscribe_token(make_subscriber(other, ADDRESS))
    assert browser.post(f"/unsubscribe/{token}").status_code == 404
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_choices_are_changed_through_a_mailed_link(page: Page, browser: Client) -> None:
    service = make_service(page)
    make_subscriber(page, ADDRESS, language="en")
    browser.post("/manage", ADDRESS_FORM)
    token = subscribers.manage_token(Subscriber.objects.get())
    shown = text_of(browser.get(f"/manage/{token}"))
    assert 'value="all" checked' in shown
    assert ADDRESS not in shown
    wrong = browser.post(f"/manage/{token}", {**CHOICES, "which": "chosen"})
    assert wrong.status_code == 422
    choices = {**CHOICES, "which": "chosen", "services": [service.pk]}
    assert browser.post(f"/manage/{token}", choices).status_code == 200
    subscriber = Subscriber.objects.get()
    assert (subscriber.language, list(subscriber.services.all())) == ("ja", [service])
    assert browser.get(f"/manage/{token}").status_code == 410


def test_opening_an_unsubscribe_link_changes_nothing(page: Page, browser: Client) -> None:
    token = subscribers.unsubscribe_token(make_subscriber(page, ADDRESS, language="en"))
    shown = text_of(browser.get(f"/unsubscribe/{token}"))
    assert "r…@example.com" in shown
    assert ADDRESS not in shown
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
    assert "You are unsubscribed" in text_of(browser.post(f"/unsubscribe/{token}"))
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}])
def test_one_click_needs_no_cookie_and_is_answered_without_redirect(
    page: Page, browser: Client, headers: dict[str, str]
) -> None:
    """RFC 8058."""
    token = subscribers.unsubscribe_token(make_subscriber(page, ADDRESS))
    response = browser.post(
        f"/unsubscribe/{token}",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )
    assert response.status_code == 200
    assert not response.cookies
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_a_page_with_a_token_is_kept_by_nobody(page: Page, browser: Client) -> None:
    token = subscribers.unsubscribe_token(make_subscriber(page, ADDRESS))
    assert browser.get(f"/unsubscribe/{token}").headers["Cache-Control"] == "private, no-store"


def test_a_link_speaks_the_language_of_its_subscriber(page: Page, browser: Client) -> None:
    token = subscribers.unsubscribe_token(make_subscriber(page, ADDRESS, language="ja"))
    assert '<html lang="ja"' in text_of(browser.get(f"/unsubscribe/{token}"))
    assert '<html lang="en"' in text_of(browser.get("/subscribe"))


@pytest.mark.parametrize("path", ["/subscribe", "/manage"])
def test_other_methods_are_not_allowed(page: Page, browser: Client, path: str) -> None:
    assert browser.put(path).status_code == 405


def test_the_form_costs_the_same_queries_for_one_service_and_for_three(
    page: Page, browser: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    group = ServiceGroup.objects.create(page=page, name="Security")
    make_service(page, group=group)
    with django_assert_num_queries(2):
        browser.get("/subscribe")
    make_service(page, "Second", group=group)
    make_service(page, "Third", group=group)
    with django_assert_num_queries(2):
        browser.get("/subscribe")
