"""Which hosts are answered: the operator's, and those of the pages."""

import pytest
import time_machine
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from incidents.actions.page import change_settings
from incidents.models import Page
from statuspage.hosts import accept_pages
from statuspage.logs import LineFormatter
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_the_operators_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["status.example.com"]


@pytest.fixture
def second() -> Page:
    make.page(host="status.example.com", name="First page")
    return make.page(host="second.example.org", name="Second page")


def status(host: str, address: str = "/") -> int:
    return Client().get(address, headers={"host": host}).status_code


def test_each_page_answers_for_its_own_host(second: Page) -> None:
    for host, name in (("status.example.com", "First page"), ("second.example.org", "Second page")):
        html = Client().get("/", headers={"host": host}).content.decode()
        assert [one for one in ("First page", "Second page") if one in html] == [name]


@pytest.mark.parametrize("host", ["SECOND.example.org", "second.example.org:8443", "second.example.org.:80"])
def test_a_host_is_known_in_capitals_with_a_port_and_with_the_dot_of_the_root(
    second: Page, host: str
) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("third.example.org", "x.second.example.org", "second.example.org.evil.example", "evil.example:80"),
        *(
            "second.example.org, evil.example",
            "second.example.org@evil.example",
            "second.example.org/x",
            "*",
            "a b",
        ),
    ],
)
def test_any_other_host_is_misdirected_whatever_is_asked(second: Page, host: str) -> None:
    for address in ("/", "/history", "/nothing", "/subscribe"):
        assert status(host, address) == 421


def test_a_page_that_moves_answers_for_its_new_host_alone(second: Page) -> None:
    with time_machine.travel(0, tick=False) as clock:
        assert status("second.example.org") == 200
        change_settings(second, {"host": "moved.example.org"})
        clock.shift(11)
        assert (status("moved.example.org"), status("second.example.org")) == (200, 421)


def test_text_that_leaves_the_page_names_the_configured_host_and_no_port_of_the_asker(
    second: Page, settings: Settings
) -> None:
    settings.SITE_URL = "https://status.example.com"
    service = make.service(second)
    incident = make.incident(second, {service: "degraded"})
    make.update(incident)
    address = f"/incidents/{incident.reference}"
    html = Client().get(address, headers={"host": "second.example.org:4444"}).content.decode()
    assert f"https://second.example.org{address}" in html
    assert "4444" not in html


def test_the_operators_hosts_and_known_pages_cost_no_query(second: Page) -> None:
    answer = accept_pages(lambda request: HttpResponse(request.get_host()))

    def queries(host: str) -> int:
        request = HttpRequest()
        request.META |= {"HTTP_HOST": host, "SERVER_NAME": host, "SERVER_PORT": "80"}
        with CaptureQueriesContext(connection) as found:
            assert answer(request).content.decode() == host
        return len(found)

    assert queries("status.example.com") == 0
    assert [queries("second.example.org") for _ in range(3)] == [1, 0, 0]


def test_a_foreign_host_costs_the_log_one_short_line(second: Page, caplog: pytest.LogCaptureFixture) -> None:
    status("evil.example", "/subscribe")
    found = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert [LineFormatter().format(record).count("Traceback") for record in found] == [0]
