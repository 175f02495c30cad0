"""A private page's files, read back for those whom its door let in."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from incidents.actions.page import set_visibility
from incidents.models import Page
from incidents.snapshots.publish import publish_all
from incidents.snapshots.reading import read_file
from tests import make
from tests.snapshots.making import NOW, html, publish, source

PASSWORD = "open sesame"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "published-private" / "status.example.com"
    publish(made, source("front", "1", html("/", "green", stale="grey"), html("/404", "missing", status=404)))
    return made


def text(directory: Path, address: str = "/") -> str | None:
    file = read_file(directory, address)
    return file.body.decode().partition("稼")[0] if file else None


def test_a_file_is_what_was_published(directory: Path) -> None:
    file = read_file(directory, "/404")
    assert file
    assert (file.address, file.status, file.language) == ("/404", 404, "ja")
    assert file.content_type == "text/html; charset=utf-8"
    assert text(directory) == "green"
    publish(directory, source("front", "2", html("/", "amber", stale="grey")))
    assert text(directory) == "amber"


@pytest.mark.parametrize("address", ["/nothing", "", "/../manifest.json", "index.html"])
def test_what_was_not_published_is_none(directory: Path, address: str) -> None:
    assert read_file(directory, address) is None


def test_nothing_published_is_none(tmp_path: Path) -> None:
    assert read_file(tmp_path / "nowhere", "/") is None
    (tmp_path / "manifest.json").write_text("{")
    assert read_file(tmp_path, "/") is None


def test_without_a_heartbeat_it_is_grey_before_the_watchdog_and_after(directory: Path) -> None:
    then = time.time() - 121
    os.utime(directory / "heartbeat", (then, then))
    assert text(directory) == "grey"
    for path in (directory / "stale").iterdir():
        path.replace(directory / "live" / path.name)
    assert text(directory) == "grey"


@pytest.mark.django_db
def test_a_private_page_is_handed_out_from_its_files_after_the_check_and_not_before(
    tmp_path: Path, settings: Settings
) -> None:
    settings.PUBLISHED_DIR = tmp_path / "published"
    settings.PUBLISHED_PRIVATE_DIR = tmp_path / "published-private"
    page = make.page(host="testserver", name="Himitsu")
    set_visibility(page, "private", password=PASSWORD)
    publish_all(now=NOW + timedelta(hours=1))
    live = tmp_path / "published-private/testserver/live/index.html"
    visitor = Client()
    assert visitor.get("/").status_code == 403
    visitor.post("/enter", {"password": PASSWORD})
    response = visitor.get("/")
    assert (response.status_code, response.content) == (200, live.read_bytes())
    assert response.headers["Cache-Control"] == "private, no-store"
    assert not (tmp_path / "published").exists() or not list((tmp_path / "published").glob("*/live"))
    assert Page.objects.count() == 1
