from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from incidents.models import Staff
from tests import make
from tests.console.conftest import Desk

FILLED = {
    "<slug:reference>": "INC-20200904-01",
    "<slug:slug>": "mail",
    "<str:name>": "a.eml",
    "<slug:public_id>": "a1b2c3d4e5f6",
    "<slug:name>": "start",
    "<slug:language>": "ja",
    "<slug:part>": "closing",
    "<slug:kind>": "http",
    "<slug:word>": "grafana",
    "<slug:ending>": "pdf",
}
pytestmark = pytest.mark.django_db


def console_addresses() -> Iterator[str]:
    """Every address of the console, from the resolver itself, with something in each of its places."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "console":
            yield from (f"/{pattern.pattern}{fill(route)}" for route in pattern.url_patterns)


def fill(route: URLPattern | URLResolver) -> str:
    address = str(route.pattern)
    for place, value in FILLED.items():
        address = address.replace(place, value)
    for name in (
        "alert_id",
        "source_id",
        "contact_id",
        "entry_id",
        "number",
        "monitor_id",
        "group_id",
        "customer_id",
        "note_id",
        "notice_id",
        "token_id",
        "link_id",
        "revision",
    ):
        address = address.replace(f"<int:{name}>", "1")
    return address


def test_the_walk_finds_the_console() -> None:
    assert {"/console/", "/console/incidents/new/", "/console/mail/"} <= set(console_addresses())
    assert not [address for address in console_addresses() if "<" in address]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", list(console_addresses()))
def test_every_address_of_the_console_asks_visitors_to_sign_in(address: str, method: str) -> None:
    response = getattr(Client(), method)(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/console/login/?next=/console/")


def test_a_part_of_a_page_is_refused_without_becoming_the_sign_in_form() -> None:
    assert Client().get("/console/board/", headers={"hx-request": "true"}).status_code == 401


def test_an_account_that_is_not_staff_sees_nothing(desk: Desk) -> None:
    Staff.objects.update(is_staff=False)
    assert desk.client.get("/console/").status_code == 403


def test_staff_sign_in_with_email_and_password_and_go_where_they_wanted() -> None:
    make.page()
    make.staff("staff@example.com", "correct horse battery")
    typed = {"login": "staff@example.com", "password": "correct horse battery", "next": "/console/mail/"}
    response = Client().post("/console/login/", typed)
    assert (response.status_code, response["Location"]) == (302, "/console/mail/")


def test_a_wrong_password_is_said_on_the_form() -> None:
    make.staff("staff@example.com", "correct horse battery")
    response = Client().post("/console/login/", {"login": "staff@example.com", "password": "wrong"})
    assert response.status_code == 200
    assert 'class="banner error"' in response.content.decode()


def test_guessing_is_slowed_down_even_for_the_right_password() -> None:
    make.staff("staff@example.com", "correct horse battery")
    client = Client()
    for _ in range(6):
        client.post("/console/login/", {"login": "staff@example.com", "password": "wrong"})
    typed = {"login": "staff@example.com", "password": "correct horse battery"}
    assert client.post("/console/login/", typed).status_code != 302


def test_nobody_can_sign_up() -> None:
    make.page()
    typed = {"email": "new@example.com", "password1": "correct horse battery"}
    Client().post("/console/signup/", typed)
    assert not Staff.objects.exists()


def test_sign_out_ends_the_session(desk: Desk) -> None:
    desk.client.post("/console/logout/")
    assert desk.client.get("/console/").status_code == 302


def test_the_console_speaks_the_language_of_the_person(desk: Desk) -> None:
    response = desk.client.post("/console/language/", {"language": "ja", "back": "/console/mail/"})
    assert response["Location"] == "/console/mail/"
    page = desk.client.get("/console/incidents/new/")
    assert page.headers["Content-Language"] == "ja"
    assert "致命的" in page.content.decode()


def test_an_unknown_language_changes_nothing(desk: Desk) -> None:
    desk.client.post("/console/language/", {"language": "xx"})
    desk.staff.refresh_from_db()
    assert desk.staff.language == "en"


def test_the_way_back_never_leaves_the_site(desk: Desk) -> None:
    response = desk.client.post("/console/language/", {"language": "ja", "back": "//evil.example/"})
    assert response["Location"] == "/console/"


def test_a_post_from_elsewhere_is_refused(desk: Desk) -> None:
    incident = make.incident(desk.page)
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.staff)
    response = client.post(f"/console/incidents/{incident.reference}/publish/")
    assert response.status_code == 403
    assert not incident.updates.exists()


def test_no_screen_is_kept_by_a_cache(desk: Desk) -> None:
    assert desk.client.get("/console/").headers["Cache-Control"] == "private, no-store"


def test_no_screen_holds_inline_script_or_style(desk: Desk) -> None:
    incident = make.incident(desk.page)
    for address in ("/console/", f"/console/incidents/{incident.reference}/", "/console/services/new/"):
        html = desk.client.get(address).content.decode()
        assert "<style" not in html
        assert " style=" not in html
        assert "<script>" not in html
        assert " onclick=" not in html


def test_staff_of_one_page_see_nothing_of_another(desk: Desk, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [desk.page.host]
    other = make.incident(make.page(), title="Not yours")
    here = {"host": desk.page.host}
    assert "Not yours" not in desk.client.get("/console/", headers=here).content.decode()
    assert "Not yours" not in desk.client.get("/console/incidents/", headers=here).content.decode()
    address = f"/console/incidents/{other.reference}/"
    assert desk.client.get(address, headers=here).status_code == 404


def test_a_page_that_polls_by_itself_keeps_nobody_signed_in(desk: Desk) -> None:
    with time_machine.travel("2026-11-24 03:00:00Z", tick=False) as clock:
        client = signed_in(desk)
        for _ in range(4):
            clock.shift(timedelta(minutes=9))
            assert client.get("/console/board/", headers={"HX-Request": "true"}).status_code in (
                200,
                204,
                401,
            )
        assert client.get("/console/").status_code == 302


def test_what_the_person_does_keeps_them_signed_in_but_not_beyond_half_a_day(desk: Desk) -> None:
    with time_machine.travel("2026-11-24 03:00:00Z", tick=False) as clock:
        client = signed_in(desk)
        for _ in range(29):
            assert client.get("/console/").status_code == 200
            clock.shift(timedelta(minutes=25))
        assert client.get("/console/").status_code == 302


def signed_in(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.staff)
    assert client.get("/console/").status_code == 200
    return client


def test_a_search_for_a_byte_that_no_text_holds_finds_what_stands_around_it(desk: Desk) -> None:
    make.incident(desk.page, title="Mail is late")
    assert "Mail is late" in desk.client.get("/console/incidents/?q=is%00+late").content.decode()


def test_the_admin_neither_shows_nor_takes_the_hash_of_a_password(admin_client: Client) -> None:
    staff = make.staff("other@example.com")
    html = admin_client.get(f"/admin/incidents/staff/{staff.pk}/change/").content.decode()
    assert "other@example.com" in html
    assert staff.password not in html
    assert 'name="password"' not in html
