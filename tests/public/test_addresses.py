import re

import pytest
from django.test import Client
from pytest_django import Settings

from incidents.lib import times
from incidents.models import Incident, Page, Service
from tests import make

pytestmark = pytest.mark.django_db
ADDRESSES = (
    "/",
    "/history",
    "/services/mail",
    "/incidents/{reference}",
    "/en/",
    "/en/history",
    "/robots.txt",
)


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, slug="mail", name="メール送信")


@pytest.fixture
def incident(page: Page, service: Service) -> Incident:
    with times.at(make.jst("2020-09-04 12:20")):
        incident = make.incident(page, {service: "degraded"})
        make.update(incident)
    return incident


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_public_sets_no_cookie_and_may_be_kept(incident: Incident, address: str) -> None:
    response = Client().get(address.format(reference=incident.reference))
    assert response.status_code == 200
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
    assert "Cookie" not in response.get("Vary", "")


def test_a_signed_in_reader_gets_the_same_page_and_no_fresh_cookie(incident: Incident) -> None:
    reader = Client()
    reader.force_login(make.staff(), backend="allauth.account.auth_backends.AuthenticationBackend")
    with times.at(make.jst("2020-09-04 13:00")):
        theirs, anyones = reader.get("/"), Client().get("/")
    assert not theirs.cookies
    assert theirs.content == anyones.content


def test_the_policy_lets_nothing_inline_run_and_nothing_foreign_in(incident: Incident) -> None:
    response = Client().get(f"/incidents/{incident.reference}")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    html = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|javascript:|\bdata:", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)


@pytest.mark.parametrize(
    "address", ["/nothing", "/incidents/INC-19990101-01", "/services/none", "/reports/HEA2020100899"]
)
def test_what_does_not_exist_is_404_in_the_look_of_the_page(page: Page, address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 404
    assert "お探しのページは見つかりません" in response.content.decode()
    assert "incidents/css/page.css" in response.content.decode()
    assert not response.cookies


@pytest.mark.parametrize("address", ["/nothing.json", "/en/nothing.json", "/api/v2/nothing"])
def test_data_that_does_not_exist_is_404_as_data(page: Page, address: str) -> None:
    response = Client().get(address)
    assert (response.status_code, response["Content-Type"]) == (404, "application/json; charset=utf-8")
    assert response.json()["error"] and response["Access-Control-Allow-Origin"] == "*"


def test_404_speaks_the_language_that_the_address_begins_with(page: Page) -> None:
    for address in ("/en/nothing", "/en/services/none"):
        response = Client().get(address)
        assert response.status_code == 404
        assert "There is no such page" in response.content.decode()
        assert response["Content-Language"] == "en"


@pytest.mark.parametrize("address", ["/ja/", "/ja/history", "/fr/", "/xx/services/mail"])
def test_the_first_language_and_unknown_ones_have_no_prefix(service: Service, address: str) -> None:
    assert Client().get(address).status_code == 404


def test_a_page_in_english_first_has_japanese_under_its_prefix() -> None:
    make.page(host="testserver", languages=["en", "ja"])
    assert "No services are listed yet" in Client().get("/").content.decode()
    assert "公開中のサービスはまだありません" in Client().get("/ja/").content.decode()
    assert Client().get("/en/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", ["/", "/history", "/services/mail"])
def test_reading_addresses_take_no_other_method(service: Service, address: str, method: str) -> None:
    response = getattr(Client(), method)(address)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("address", ["/api/v2/summary.json", "/api/v2/subscriptions/x/resend_confirmation"])
def test_data_takes_no_other_method_and_says_so_as_data(service: Service, address: str) -> None:
    response = Client().post(address)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json()["error"] and response["Access-Control-Allow-Origin"] == "*"


def test_head_answers_like_get_without_a_body(service: Service) -> None:
    response = Client().head("/")
    assert response.status_code == 200 and not response.content


def test_a_host_without_a_page_is_misdirected(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    make.page(host="one.example.com")
    make.page(host="two.example.com")
    assert Client().get("/", headers={"host": "two.example.com"}).status_code == 200
    for address in ("/", "/nothing", "/en/history"):
        assert Client().get(address, headers={"host": "three.example.com"}).status_code == 421


def test_a_host_that_is_not_ours_at_all_is_misdirected(page: Page) -> None:
    for host in ("evil.example", "testserver.evil.example", "a b", "[::1"):
        assert Client().get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("address", ["/en//elsewhere.test/", "/en/\\elsewhere.test", "/en/%5Celsewhere.test"])
def test_no_address_turns_a_link_of_ours_to_another_site(page: Page, address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 404
    assert "elsewhere.test" not in response.content.decode()


def test_a_language_without_its_slash_leads_to_its_page(page: Page) -> None:
    response = Client().get("/en")
    assert (response.status_code, response["Location"]) == (301, "/en/")


def test_the_console_without_its_slash_leads_to_it(page: Page) -> None:
    response = Client().get("/console")
    assert (response.status_code, response["Location"]) == (301, "/console/")


def test_an_absurd_query_changes_nothing(service: Service) -> None:
    with times.at(make.jst("2020-09-04 13:00")):
        assert Client().get("/?a=%00&%ff=<x>&b" + "c" * 2000).content == Client().get("/").content


def test_robots_keep_out_of_what_carries_a_token(page: Page) -> None:
    text = Client().get("/robots.txt").content.decode()
    for kept_out in ("/console/", "/confirm/", "/manage", "/unsubscribe/"):
        assert f"Disallow: {kept_out}" in text
