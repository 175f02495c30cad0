"""A private page: who is let in, and what everyone else is answered."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.customer import create_customer, make_member_link, revoke_member_link
from incidents.actions.page import set_visibility
from incidents.models import Page, Staff, SubscriberState, Wish
from incidents.queries import members, subscribers
from incidents.queries.choices import Choices
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "open sesame"
SECRET = "Himitsu"
ADDRESSES = (
    *("/", "/history", "/services/himitsu", "/services/nothing", "/nothing", "/en/", "/en/nothing"),
    *("/incidents/INC-20990101-01", "/reports/HIM2099010101", "/subscribe", "/manage", "/members", "/enter"),
    *("/members/x", "/confirm/x", "/manage/x", "/unsubscribe/x", "/en/unsubscribe/x", "/404"),
    *("/xx/history", "/history/2020-09", "/console/nothing", "/console/nothing/"),
)
FILES = (
    *("/history.atom", "/en/history.atom", "/history.rss", "/calendar.ics", "/badge.svg", "/sitemap.xml"),
    *("/logo.png", "/theme.css", "/embed.js", "/.well-known/security.txt", "/nothing.txt"),
)
JSON = (
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/nothing.json",
    "/api/v2",
    "/api/",
    "/search.json",
)


@pytest.fixture
def page() -> Page:
    made = make.page(host="testserver", name=SECRET, organisation=SECRET)
    set_visibility(made, "private", password=PASSWORD)
    service = make.service(made, slug="himitsu", name=SECRET)
    make.update(make.incident(made, {service: "degraded"}, title=SECRET))
    return Page.objects.get(pk=made.pk)


def enter(client: Client, password: str = PASSWORD, address: str = "/enter", **options: Any) -> Any:
    return client.post(address, {"password": password}, **options)


def reads(client: Client, **options: Any) -> bool:
    response = client.get("/", **options)
    assert (SECRET in response.content.decode()) == (response.status_code == 200)
    return response.status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_whatever_is_asked_the_answer_is_the_same_door(page: Page, address: str) -> None:
    response = Client().get(address)
    door = Client().get("/en/enter" if address.startswith("/en/") else "/enter")
    assert (response.status_code, response.content) == (403, door.content)
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "head", "trace"])
def test_the_door_stands_before_every_method(page: Page, method: str) -> None:
    for address in ("/", "/nothing", "/subscribe", "/api/v2/subscribers.json"):
        assert getattr(Client(), method)(address).status_code == 403


@pytest.mark.parametrize("address", FILES)
def test_a_program_that_asks_for_a_file_is_refused_in_one_line(page: Page, address: str) -> None:
    response = Client().get(address)
    assert (response.status_code, response.content) == (403, b"This page is private.\n")


@pytest.mark.parametrize("address", JSON)
def test_a_program_that_asks_for_json_is_refused_in_json(page: Page, address: str) -> None:
    response = Client().get(address, headers={"origin": "https://elsewhere.example"})
    assert (response.status_code, response.json()) == (403, {"error": "This page is private."})
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("address", [*ADDRESSES, *FILES, *JSON])
def test_nothing_is_kept_shared_or_found(page: Page, address: str) -> None:
    stranger, reader = Client(), Client()
    enter(reader)
    for client in (stranger, reader):
        response = client.get(address)
        assert response["Cache-Control"] == "private, no-store"
        assert response["X-Robots-Tag"] == "noindex"
        assert not [name for name in response.headers if name.startswith("Access-Control-")]
        assert "default-src 'none'" in response["Content-Security-Policy"]


def test_a_page_without_a_password_offers_none(page: Page) -> None:
    set_visibility(page, "private", password="")
    assert 'type="password"' not in Client().get("/").content.decode()
    client = Client()
    for guess in ("", PASSWORD):
        assert enter(client, guess).status_code == 403
    assert not reads(client)


def test_the_password_opens_the_page_for_half_a_day(page: Page) -> None:
    client = Client()
    with time_machine.travel("2026-11-24 03:00:00Z", tick=False) as clock:
        response = enter(client)
        assert (response.status_code, response["Location"]) == (302, "/")
        assert reads(client)
        clock.shift(timedelta(hours=11, minutes=59))
        assert reads(client)
        token = client.cookies["reader"].value
        clock.shift(timedelta(minutes=2))
        stale = Client()
        stale.cookies["reader"] = token
        assert not reads(stale)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(page: Page, settings: Settings) -> None:
    cookie = enter(Client()).cookies["reader"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        "Lax",
        "/",
        "",
    )
    assert cookie["max-age"] == 12 * 3600
    settings.SESSION_COOKIE_SECURE = True
    assert enter(Client()).cookies["__Host-reader"]["secure"]


def test_a_wrong_password_is_said_and_opens_nothing(page: Page) -> None:
    client = Client()
    response = enter(client, "open barley")
    assert response.status_code == 403
    assert "パスワードが違います。" in response.content.decode()
    assert not response.cookies and not reads(client)


def test_who_enters_goes_where_they_wanted_in_their_language_and_never_off_the_host(page: Page) -> None:
    wanted = {
        "/enter": "/",
        "/en/enter": "/en/",
        "/incidents/INC-20990101-01": "/incidents/INC-20990101-01",
        "//evil.example/x": "/evil.example/x",
        "/\\evil.example": "/%5Cevil.example",
        "/a\r\nb": "/a%0D%0Ab",
    }
    for address, target in wanted.items():
        response = enter(Client(), PATH_INFO=address)
        assert (response.status_code, response["Location"]) == (302, target)


def test_who_is_inside_is_led_on_from_the_door(page: Page) -> None:
    client = Client()
    enter(client)
    assert client.get("/enter")["Location"] == "/"
    assert client.get("/en/enter")["Location"] == "/en/"
    assert client.get("/nothing").status_code == 404


def test_another_password_ends_every_visit(page: Page) -> None:
    client = Client()
    enter(client)
    set_visibility(page, "private")
    assert reads(client)
    set_visibility(page, "private", password="open barley")
    assert not reads(client)
    enter(client, "open barley")
    set_visibility(page, "private", password="")
    assert not reads(client)


def test_the_same_password_set_again_ends_every_visit_too(page: Page) -> None:
    client = Client()
    enter(client)
    set_visibility(page, "private", password=PASSWORD)
    assert not reads(client)


def test_what_opens_one_page_opens_no_other(page: Page, settings: Settings) -> None:
    other = make.page(host="other.example")
    set_visibility(other, "private", password=PASSWORD)
    client = Client()
    token = enter(client, headers={"host": "other.example"}).cookies["reader"].value
    thief = Client()
    thief.cookies["reader"] = token
    assert thief.get("/", headers={"host": "other.example"}).status_code == 200
    assert thief.get("/", headers={"host": "testserver"}).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "a" * 500, "\u3042", "mfrgg"])
def test_an_invented_cookie_opens_nothing(page: Page, token: str) -> None:
    for name in ("reader", "member"):
        client = Client(headers={"cookie": f"{name}={token.encode().decode('latin-1')}"})
        assert not reads(client)


def test_a_form_of_another_site_is_not_taken(page: Page) -> None:
    assert enter(Client(), headers={"origin": "https://evil.example"}).status_code == 403
    assert enter(Client(), headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert enter(Client(), headers={"origin": "http://testserver"}).status_code == 302


def test_guesses_are_limited_by_address_and_those_elsewhere_are_not_locked_out(page: Page) -> None:
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    answers = [enter(guesser, "guess").status_code for _ in range(12)]
    assert answers == [403] * 10 + [429] * 2
    assert enter(guesser).status_code == 429
    assert "何度も試行されました" in enter(guesser).content.decode()
    assert enter(Client(REMOTE_ADDR="192.0.2.2")).status_code == 302


def test_guesses_from_everywhere_are_limited_for_the_page(page: Page) -> None:
    for number in range(100):
        enter(Client(REMOTE_ADDR=f"192.0.2.{number}"), "guess")
    assert enter(Client(REMOTE_ADDR="198.51.100.1")).status_code == 429


def test_colleagues_behind_one_address_do_not_lock_each_other_out(page: Page) -> None:
    assert {enter(Client()).status_code for _ in range(15)} == {302}


@pytest.mark.parametrize(
    ("address", "may_read"),
    [
        ("192.0.2.7", True),
        ("192.0.2.200", False),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_visitors_of_an_allowed_network_need_nothing_else(page: Page, address: str, may_read: bool) -> None:
    set_visibility(page, "private", allowed_networks=["192.0.2.0/25", "2001:db8::/32"])
    assert reads(Client(REMOTE_ADDR=address)) is may_read


def test_an_address_that_a_stranger_claims_is_not_believed(page: Page) -> None:
    set_visibility(page, "private", allowed_networks=["192.0.2.0/25"])
    assert not reads(Client(REMOTE_ADDR="198.51.100.1"), headers={"x-forwarded-for": "192.0.2.7"})


def test_staff_read_it_while_they_are_signed_in(page: Page) -> None:
    client = Client()
    client.force_login(make.staff())
    assert reads(client)
    client.logout()
    assert not reads(client)


@pytest.mark.parametrize("lost", ["is_staff", "is_active"])
def test_an_account_that_is_not_staff_any_more_reads_nothing(page: Page, lost: str) -> None:
    client = Client()
    client.force_login(make.staff())
    Staff.objects.update(**{lost: False})
    assert not reads(client)


def test_a_member_link_opens_it_until_it_is_revoked(page: Page) -> None:
    customer = make_member_link(create_customer(page, name="Customer"))
    client, address = Client(), f"/members/{members.link_token(customer)}"
    assert client.get(address).status_code == 200
    assert not reads(client)
    client.post(address)
    assert reads(client)
    revoke_member_link(customer)
    assert not reads(client)
    assert Client().get(address).status_code == 403


def leaving(page: Page) -> str:
    return f"/unsubscribe/{subscribers.unsubscribe_token(make.subscriber(page))}"


def confirming(page: Page) -> str:
    reader = make.subscriber(page)
    reader.state, reader.confirmed_at = SubscriberState.PENDING, None
    reader.save()
    wish = Wish.objects.create(subscriber=reader, choices=Choices("ja").as_json())
    return f"/confirm/{subscribers.confirm_token(wish)}"


def managing(page: Page) -> str:
    reader = make.subscriber(page)
    reader.manage_nonce, reader.manage_sent_at = "1" * 32, timezone.now()
    reader.save()
    return f"/manage/{subscribers.manage_token(reader)}"


@pytest.mark.parametrize("address_of", [leaving, confirming, managing])
def test_links_in_mails_work_for_who_is_not_inside_but_only_those_of_the_page(
    page: Page, address_of: Callable[[Page], str]
) -> None:
    assert Client().get(address_of(page)).status_code == 200
    assert Client().get(address_of(make.page())).status_code == 403
    assert Client().get(address_of(page) + "a").status_code == 403


def test_one_click_unsubscribes_without_a_cookie(page: Page) -> None:
    reader = make.subscriber(page)
    address = f"/unsubscribe/{subscribers.unsubscribe_token(reader)}"
    assert Client().post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.state == SubscriberState.UNSUBSCRIBED


def test_the_door_holds_nothing_inline(page: Page) -> None:
    html = Client().get("/").content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script|javascript:|\bdata:", html)


def test_the_console_and_the_machines_addresses_are_no_part_of_the_page(page: Page) -> None:
    assert Client().get("/console/")["Location"].startswith("/console/login/")
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code == 200
    assert SECRET not in Client().get("/console/login/").content.decode()


def test_a_public_page_asks_nobody_and_looks_at_no_cookie(page: Page) -> None:
    set_visibility(page, "public")
    client = Client(headers={"cookie": "reader=x; member=y"})
    response = client.get("/")
    assert response.status_code == 200
    assert "Cookie" not in response.get("Vary", "")
    assert "public" in response["Cache-Control"]
