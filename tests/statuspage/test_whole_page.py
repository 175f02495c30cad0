"""A page of the database, published and answered, against the same page rendered on request."""

from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from incidents.lib import times
from incidents.models import Page
from incidents.snapshots.publish import publish_page
from statuspage.guard import Guard
from statuspage.published import Published
from statuspage.security_headers import browser_headers
from tests import make
from tests.statuspage.asking import ask
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
NOW = make.jst("2020-09-04 12:50")
VERSION = {"ETag", "Last-Modified", "Vary"}


@pytest.fixture
def page() -> Page:
    made = make.page(host="testserver")
    make.update(make.incident(made, {make.service(made): "degraded"}))
    made.refresh_from_db()
    return made


@pytest.fixture
def layer(page: Page, tmp_path: Path, settings: Settings) -> Published:
    settings.PUBLISHED_DIR = tmp_path / "published"
    publish_page(page, now=NOW)
    layer = Published(
        Guard(get_wsgi_application()),
        public=tmp_path / "published",
        private=tmp_path / "published-private",
        headers=browser_headers(),
        allowed_hosts=["testserver"],
    )
    layer.shelf.look()
    return layer


def test_every_published_address_is_answered_without_a_query(layer: Published) -> None:
    addresses = list(layer.shelf.sites["testserver"].entries)
    assert len(addresses) > 8
    with CaptureQueriesContext(connection) as queries:
        for address in addresses:
            expected = 404 if "404" in address else 200
            assert ask(layer, address, host="testserver").status == expected
        assert ask(layer, "/nothing", host="testserver").status == 404
    assert len(queries) == 0


def test_what_is_published_is_what_django_would_have_answered(layer: Published) -> None:
    for address in layer.shelf.sites["testserver"].entries:
        ours = ask(layer, address, host="testserver")
        with times.at(NOW):
            theirs = Client().get(address)
        assert (ours.status, ours.body) == (theirs.status_code, theirs.content), address
        if ours.headers["Content-Type"].startswith("text/html"):
            assert ours.headers.keys() - VERSION == set(theirs.headers) - VERSION, address


def test_the_shelf_sees_by_itself_what_is_published_later(layer: Published, page: Page) -> None:
    layer.shelf.watch()
    before = ask(layer, host="testserver").headers["ETag"]
    make.service(page, name="Neu")
    publish_page(page, now=NOW)
    wait_until(
        lambda: ask(layer, host="testserver").headers["ETag"] != before, seconds=5, waiting_for="new page"
    )
