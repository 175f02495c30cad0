"""The visitor's side of subscribing: pages that only act on POST."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.actions.leaving import lock_mailbox
from incidents.lib.timing import STEP_SECONDS
from incidents.models import (
    Delivery,
    Follow,
    Incident,
    Page,
    ServiceGroup,
    SignUp,
    Subscriber,
    SubscriberState,
    Wish,
)
from incidents.notices.links import last_only_url
from incidents.public import subscribing_forms
from incidents.queries import subscribers
from incidents.queries.choices import Choices, choices_of
from tests.make_notices import make_incident, make_page, make_service, make_subscriber, make_update

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


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"email", "multipart/form-data"),
        (b"email", "multipart/form-data; boundary=\xc3\xa9"),
        (b"&".join(b"a%d=" % n for n in range(1_100)), "application/x-www-form-urlencoded"),
        (b"email=a", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"email=" + b"a" * 3_000_000, "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("path", ["/subscribe", "/manage", "/endpoints", "/ja/subscribe/webhook"])
def test_a_form_that_cannot_be_read_is_answered_in_the_look_of_the_page(
    page: Page, browser: Client, path: str, body: bytes, content_type: str
) -> None:
    response = browser.post(path, body, content_type=content_type)
    assert response.status_code == 400
    heading = "フォームを読み取れませんでした" if path.startswith("/ja/") else "This form could not be read"
    assert f"<h1>{heading}</h1>" in main_of(response)
    assert response["Cache-Control"] == "private, no-store"


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


def test_what_comes_back_sooner_than_anybody_types_is_shown_once_more(
    page: Page, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing_forms, "SHORTEST_FILL_SECONDS", 2)
    for shown in (FORM["shown"], "", "forged"):
        response = browser.post("/subscribe", {**FORM, "shown": shown})
        assert response.status_code == 422
        assert "Please press the button once more." in text_of(response)
        assert f'value="{ADDRESS}"' in text_of(response)
    assert not Subscriber.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(seconds=3)):
        assert browser.post("/subscribe", FORM).status_code == 200
    assert Subscriber.objects.exists()


def test_the_network_of_whoever_asks_is_counted_and_kept_as_a_network_only(
    page: Page, browser: Client
) -> None:
    browser.post("/subscribe", FORM, REMOTE_ADDR="192.0.2.77")
    assert Wish.objects.get().requested_from == "192.0.2.0/24"
    assert "192.0.2" not in SignUp.objects.get().network


def test_every_choice_of_the_form_is_what_the_link_confirms(page: Page, browser: Client) -> None:
    group = ServiceGroup.objects.create(page=page, name="Security")
    archive, web = make_service(page, group=group), make_service(page, "Web filter")
    typed = {
        **FORM,
        "language": "en",
        "which": "chosen",
        "groups": [group.pk],
        "services": [web.pk],
        "kinds": ["incidents", "reports"],
        "stages": "ends",
        "time_zone": "Asia/Kathmandu",
    }
    assert browser.post("/subscribe", typed).status_code == 200
    token = subscribers.confirm_token(Wish.objects.get())
    shown = main_of(browser.get(f"/confirm/{token}"))
    for words in ("Security", "Web filter", "Incident updates", "Incident reports", "The first and the last"):
        assert words in shown
    browser.post(f"/confirm/{token}")
    assert choices_of(Subscriber.objects.get()) == Choices(
        "en",
        services=(web.pk,),
        groups=(group.pk,),
        kinds=("incidents", "reports"),
        stages="ends",
        time_zone="Asia/Kathmandu",
    )
    assert archive.pk not in Subscriber.objects.values_list("services", flat=True)


def test_groups_stand_in_groups_each_with_its_own_choice(page: Page, browser: Client) -> None:
    top = ServiceGroup.objects.create(page=page, name="Top")
    inner = ServiceGroup.objects.create(page=page, name="Inner", parent=top)
    make_service(page, group=inner)
    shown = main_of(browser.get("/subscribe"))
    assert shown.index("All of Top") < shown.index("All of Inner") < shown.index("Mail archive")


@pytest.fixture
def incident(page: Page) -> Incident:
    incident = make_incident(page)
    make_update(incident)
    return incident


def test_following_answers_the_same_for_every_address_and_waits_for_the_mailbox(
    page: Page, browser: Client, incident: Incident
) -> None:
    make_subscriber(page, "active@example.com")
    make_subscriber(page, "gone@example.org", state=SubscriberState.UNSUBSCRIBED)
    address = f"/follow/{incident.reference}"
    assert incident.title in main_of(browser.get(address))
    answers = set()
    for email in ("new@example.net", "new@example.net", "active@example.com", "gone@example.org"):
        response = browser.post(address, {**ADDRESS_FORM, "email": email})
        answers.add((response.status_code, response.content))
    assert len(answers) == 1
    assert not Follow.objects.exists()
    for wish in Wish.objects.all():
        link = f"/confirm/{subscribers.confirm_token(wish)}"
        assert incident.reference in main_of(browser.get(link))
        assert "You follow this incident" in text_of(browser.post(link)) or wish.language == "ja"
    assert Follow.objects.count() == 3


def test_only_open_incidents_of_the_page_are_followed(
    page: Page, browser: Client, incident: Incident
) -> None:
    assert browser.get(f"/follow/{incident.reference.lower()}").status_code == 200
    assert browser.get("/follow/INC-1").status_code == 404
    Incident.objects.update(stage="resolved", resolved_at=timezone.now())
    assert browser.get(f"/follow/{incident.reference}").status_code == 410
    assert browser.post(f"/follow/{incident.reference}", ADDRESS_FORM).status_code == 410
    Incident.objects.update(state="draft", stage="investigating", resolved_at=None, published_at=None)
    assert browser.get(f"/follow/{incident.reference}").status_code == 404


def test_the_last_one_only_is_asked_for_by_one_tap(page: Page, browser: Client, incident: Incident) -> None:
    subscriber = make_subscriber(page, ADDRESS, language="en")
    link = urlsplit(last_only_url(subscriber, incident, page)).path
    assert "Only the last update, please" in main_of(browser.get(link))
    assert not Follow.objects.exists()
    assert "when it is over" in main_of(browser.post(link))
    assert Follow.objects.get().last_only
    assert "<button" not in main_of(browser.get(link))
    Incident.objects.update(stage="resolved", resolved_at=timezone.now())
    assert browser.get(link).status_code == 410


def test_choices_hold_the_address_and_the_incidents_followed(
    page: Page, browser: Client, incident: Incident
) -> None:
    subscriber = make_subscriber(page, ADDRESS, language="en", services=[])
    follow = Follow.objects.create(subscriber=subscriber, incident=incident)
    browser.post("/manage", ADDRESS_FORM)
    link = f"/manage/{subscribers.manage_token(Subscriber.objects.get())}"
    shown = main_of(browser.get(link))
    assert 'value="none" checked' in shown and f'name="followed" value="{follow.pk}" checked' in shown
    wrong = browser.post(link, {**CHOICES, "which": "none", "new_email": "nobody"})
    assert (wrong.status_code == 422 and "The domain" in text_of(wrong)) or "name@example.com" in text_of(
        wrong
    )
    typed = {**CHOICES, "language": "en", "new_email": "new@example.org"}
    saved = browser.post(link, typed)
    assert "If the new address can be used" in text_of(saved)
    assert not Follow.objects.exists()
    move = f"/confirm/{subscribers.confirm_token(Wish.objects.get(kind='move'))}"
    assert "instead of r…@example.com" in main_of(browser.get(move))
    assert "Your address is changed" in text_of(browser.post(move))
    assert Subscriber.objects.get(pk=subscriber.pk).email == "new@example.org"


def test_one_click_on_a_shared_mailbox_is_answered_and_takes_a_day(page: Page, browser: Client) -> None:
    subscriber = lock_mailbox(make_subscriber(page, ADDRESS, language="en"), owner="owner@example.com")
    link = f"/unsubscribe/{subscribers.unsubscribe_token(subscriber)}"
    assert "shared mailbox" in main_of(browser.get(link))
    assert browser.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.ACTIVE and subscriber.leaves_at is not None
    keep = f"/keep/{subscribers.keep_token(subscriber)}"
    assert "Keep the subscription" in main_of(browser.get(keep))
    assert Subscriber.objects.exclude(leaves_at=None).exists()
    assert "The subscription is kept" in main_of(browser.post(keep))
    assert not Subscriber.objects.exclude(leaves_at=None).exists()
    assert "The subscription is kept" in main_of(browser.get(keep))


def test_an_old_link_to_keep_a_mailbox_does_not_say_that_it_is_kept(page: Page, browser: Client) -> None:
    subscriber = lock_mailbox(make_subscriber(page, ADDRESS, language="en"))
    leave = f"/unsubscribe/{subscribers.unsubscribe_token(subscriber)}"
    browser.post(leave)
    subscriber.refresh_from_db()
    first = f"/keep/{subscribers.keep_token(subscriber)}"
    browser.post(first)
    browser.post(leave)
    for answer in (browser.get(first), browser.post(first)):
        assert answer.status_code == 410
        assert "Open the link in the newest email" in main_of(answer)
    assert Subscriber.objects.exclude(leaves_at=None).exists()


def test_choices_cost_the_same_queries_for_one_and_for_three(page: Page, browser: Client) -> None:
    subscriber = make_subscriber(page, ADDRESS, services=[], manage_nonce="ab", manage_sent_at=timezone.now())
    link = f"/manage/{subscribers.manage_token(subscriber)}"

    def cost(first: int, last: int) -> int:
        for number in range(first, last):
            group = ServiceGroup.objects.create(page=page, name=f"Group {number}")
            subscriber.services.add(make_service(page, f"Service {number}", group=group))
            subscriber.groups.add(group)
            incident = make_incident(page, reference=f"INC-{number}")
            Follow.objects.create(subscriber=subscriber, incident=incident)
        with CaptureQueriesContext(connection) as queries:
            assert f"INC-{last - 1}" in text_of(browser.get(link))
        return len(queries)

    assert cost(0, 1) == cost(1, 3)
