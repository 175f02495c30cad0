"""Who may ask for what: every address stands in one of the tables, and what a table says is tried."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import make

PUBLISHED = r"^(?P<address>(?!(?:console|admin)(?:/|$)).+)$"
MEMBER_FEED = r"^members/(?P<token>\w+)/(?P<name>history\.atom|history\.rss|calendar\.ics)$"
PUBLIC = {
    *("healthz", "readyz"),
    *("", PUBLISHED),
    *("subscribe", "subscribe/webhook", "subscribe/chat", "subscribe/sms", "subscribe/sms/code"),
    *("endpoints", "manage", "members", "follow/<slug:reference>"),
}
API = {"api/v2/subscribers.json"}
DESCRIBED = {"v1/openapi.json", "v1", "^v1/"}
KEY = {
    *("v1/notices", "v1/notices/<int:notice_id>", "v1/notices/<int:notice_id>/deliveries"),
    *("v1/notices/<int:notice_id>/retry", "v1/subscribers", "v1/subscribers.csv"),
    "v1/subscribers/<slug:public_id>",
    "v1/subscribers/<slug:public_id>/deliveries",
    "v1/customers",
    "v1/customers/<int:customer_id>/deliveries.csv",
}
TOKEN = {
    *("confirm/<str:token>", "manage/<str:token>", "unsubscribe/<str:token>", "members/<str:token>"),
    *("keep/<str:token>", "last-only/<str:token>", "endpoints/<str:token>", "alerts/<str:token>"),
    *("shared/<str:token>", "shared/<str:token>/<str:name>"),
    MEMBER_FEED,
    *("ping/<uuid:monitor_id>", "ping/<uuid:monitor_id>/<str:event>", "observations/<uuid:monitor_id>"),
    *("hooks/mail/<slug:provider>/", "hooks/<slug:kind>/<uuid:source_id>"),
    "hooks/<slug:kind>/<uuid:source_id>/<str:secret>",
    r"console/^password/reset/key/(?P<uidb36>[0-9A-Za-z]{1,12})-(?P<key>.+)/$",
}
READ = PUBLIC - {"healthz", "readyz"} | {
    "endpoints/<str:token>",
    "confirm/<str:token>",
    "manage/<str:token>",
    "unsubscribe/<str:token>",
    "members/<str:token>",
    "keep/<str:token>",
    "last-only/<str:token>",
    "alerts/<str:token>",
}
DOOR = {
    *("console/login/", "console/logout/", "console/inactive/", "console/signup/"),
    *("console/password/reset/", "console/password/reset/done/", "console/password/reset/key/done/"),
    *("admin/login/", "admin/logout/"),
}
SIGN_IN = ("/console/login/?next=", "/admin/login/?next=")
FILLED = {
    "reference": "INC-20200904-01",
    "public_id": "a1b2c3d4e5f6",
    "number": "1",
    "object_id": "1",
    "content_type_id": "1",
}


def routes() -> Iterator[str]:
    yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _walk(entry, route)


def staff_routes() -> list[str]:
    """The console and the admin, all but the door."""
    return [r for r in routes() if r.startswith(("console/", "admin/")) and r not in DOOR | TOKEN]


def fill(route: str) -> str:
    """The address with something in each of its places."""
    if route == PUBLISHED:
        return "/history"
    if route == MEMBER_FEED:
        return "/members/1/history.atom"
    plain = route.replace("(?P<app_label>incidents)", "incidents")
    plain = re.sub(r"\(\?P<app_label>([a-z]+)[^)]*\)", r"\1", plain)
    plain = re.sub(r"\(\?P<url>\.\*\)", "x", plain)
    plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: FILLED.get(place[1], "1"), plain)
    return "/" + re.sub(r"[\^$]", "", plain)


def test_every_route_is_for_everyone_for_a_token_or_for_staff() -> None:
    known = PUBLIC | API | DESCRIBED | KEY | TOKEN | DOOR | set(staff_routes())
    strangers = [r for r in routes() if r.removeprefix("<language:language>/") not in known]
    assert strangers == []


def test_no_route_hides_behind_another_of_the_same_address() -> None:
    everything = list(routes())
    assert len(everything) == len(set(everything))


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_staff_routes_ask_visitors_to_sign_in_whatever_the_method(method: str) -> None:
    make.page()
    for route in staff_routes():
        response = getattr(Client(), method)(fill(route))
        assert response.status_code == 302, route
        assert response["Location"].startswith(SIGN_IN), route


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_programs_need_a_key_whatever_the_method(method: str) -> None:
    make.page()
    client = Client()
    client.force_login(make.staff())
    for route in KEY:
        response = getattr(client, method)(fill(route))
        assert response.status_code == 401, route
        assert not response.cookies, route


@pytest.mark.django_db
def test_the_admin_signs_in_by_the_same_door() -> None:
    response = Client().get("/admin/login/?next=/admin/")
    assert (response.status_code, response["Location"]) == (302, "/console/login/?next=%2Fadmin%2F")


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(PUBLIC | TOKEN))
def test_odd_bytes_in_an_address_are_not_found_rather_than_a_fault(route: str) -> None:
    make.page()
    for odd in ("a%00b", "%FF", "%ED%A0%80", "%E2%80%AE", "1" * 400):
        address = fill(re.sub(r"<\w+:\w+>|\(\?P<key>\.\+\)", odd, route))
        address = address.replace("(?P<uidb36>[0-9A-Za-z]{1,12})", "zzzzzzzzzzzz")
        assert Client().get(address).status_code in (200, 302, 403, 404), address


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(READ | API))
def test_nothing_a_reader_opens_sets_a_cookie_or_depends_on_one(route: str) -> None:
    """Signed-in staff read the page too: their sessions are renewed by the console alone."""
    make.page()
    client = Client()
    client.force_login(make.staff())
    response = client.get(fill(route))
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
