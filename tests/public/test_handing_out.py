"""Files of a private page: published beside those of public ones, handed out only after the check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from incidents.actions.page import set_visibility
from incidents.lib import times
from incidents.models import Page, Service
from incidents.snapshots.publish import publish_all
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, settings: Settings) -> Path:
    settings.PUBLISHED_DIR = tmp_path / "published"
    settings.PUBLISHED_PRIVATE_DIR = tmp_path / "published-private"
    return tmp_path / "published-private/testserver"


@pytest.fixture
def page() -> Page:
    page = make.page(host="testserver")
    make.service(page, slug="mail", name="Mail")
    set_visibility(page, "private", password="open sesame", allowed_networks=["127.0.0.1/32"])
    publish_all(now=times.now())
    return Page.objects.get(pk=page.pk)


@pytest.fixture
def renamed(page: Page) -> Iterator[None]:
    """What the database says differs from what was published: it tells which of the two is read."""
    Service.objects.update(name="Renamed")
    yield


@pytest.mark.usefixtures("renamed")
def test_who_may_read_gets_the_published_file(directory: Path) -> None:
    response = Client().get("/services/mail")
    assert response.content == (directory / "live/services/mail.html").read_bytes()
    assert (response["Content-Type"], response["Content-Language"]) == ("text/html; charset=utf-8", "ja")
    assert response["Cache-Control"] == "private, no-store"
    summary = Client().get("/api/v2/summary.json")
    assert summary.content == (directory / "live/api/v2/summary.json").read_bytes()
    assert "Access-Control-Allow-Origin" not in summary.headers


def test_who_may_not_gets_the_door(page: Page) -> None:
    for address in ("/", "/services/mail", "/api/v2/summary.json"):
        response = Client(REMOTE_ADDR="192.0.2.1").get(address)
        assert response.status_code == 403 and b"Mail" not in response.content


def test_nothing_of_it_lies_where_a_web_server_looks(page: Page, directory: Path) -> None:
    assert (directory / "live/index.html").exists()
    assert not (directory.parents[1] / "published/testserver").exists()


def test_no_other_user_of_the_machine_may_look_there(page: Page, directory: Path) -> None:
    assert directory.parent.stat().st_mode & 0o777 == 0o700
    directory.parent.chmod(0o755)
    publish_all(now=times.now())
    assert directory.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize("lost", ["manifest.json", "live/index.html"])
def test_what_is_lost_is_rendered_instead(directory: Path, lost: str) -> None:
    (directory / lost).unlink()
    assert "Renamed" in Client().get("/").content.decode()


def test_an_address_that_is_not_published_is_not_found_in_the_look_of_the_page(page: Page) -> None:
    response = Client().get("/services/none")
    assert response.status_code == 404
    assert page.name in response.content.decode()
    assert Client().get("/en")["Location"] == "/en/"


def test_data_that_is_not_published_is_not_found_as_data_and_for_no_other_site(page: Page) -> None:
    response = Client().get("/nothing.json")
    assert (response.status_code, response["Cache-Control"]) == (404, "private, no-store")
    assert response.json()["error"] and "Access-Control-Allow-Origin" not in response.headers
    refused = Client().post("/api/v2/summary.json")
    assert refused.status_code == 405
    assert refused.json()["error"] and "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize(
    "address", ["/../../manifest.json", "/manifest.json", "/heartbeat", "/%2e%2e/manifest.json"]
)
def test_nothing_else_in_the_folder_is_handed_out(page: Page, address: str) -> None:
    response = Client().get("/", PATH_INFO=address)
    assert response.status_code == 404 and b"sha256" not in response.content


def test_handing_out_costs_no_query_but_for_the_page(page: Page) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert Client().get("/services/mail").status_code == 200
    assert len(queries) == 1
