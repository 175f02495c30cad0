"""One Chromium for all browser tests, and real servers around it: the site, SMTP, a sender of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from playwright.sync_api import Page as Tab
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from incidents.models import Page
from incidents.public import subscribing_forms
from tests import make
from tests.smtp import Sink, sink

__all__ = ["sink"]

ROOT = Path(__file__).parents[2]
HEIGHTS = {375: 667, 1280: 800}
# Without motion: a colour measured while it changes is neither the old nor the new one.
AT_HOME = {"timezone_id": "Asia/Tokyo", "locale": "ja-JP", "reduced_motion": "reduce"}
OpenTab = Callable[..., Tab]

# Playwright's sync API runs an event loop in this thread, and Django refuses its ORM beside one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def chromium(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(live_server: LiveServer, sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The served page, whose mails leave without the hold and lead to the served addresses. It lets forms be
    filled in as fast as a machine does."""
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(subscribing_forms, "SHORTEST_FILL_SECONDS", 0)
    made = make.page(name="サンプルメール 稼働状況", host="localhost")
    made.hold_seconds = 0
    made.save()
    return made


@pytest.fixture
def open_tab(chromium: Browser, live_server: LiveServer) -> Iterator[OpenTab]:
    """Each tab is a browser of its own, closed before the server and the database go."""
    contexts: list[BrowserContext] = []

    def open_one(address: str = "/", *, width: int = 1280, **options: Any) -> Tab:
        screen = {"viewport": {"width": width, "height": HEIGHTS.get(width, 800)}}
        context = chromium.new_context(base_url=live_server.url, **{**AT_HOME, **screen, **options})
        contexts.append(context)
        context.set_default_timeout(20_000)
        tab = context.new_page()
        tab.goto(address)
        return tab

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def sender(page: Page, sink: Sink, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """`manage.py deliver` as a process of its own, on this test's database."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "DATABASE_URL": _database_url(),
        "DATA_DIR": str(tmp_path),
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}?tls=none",
        "SECRET_KEY": settings.SECRET_KEY,
        "SITE_URL": settings.SITE_URL,
    }
    command = [sys.executable, "manage.py", "deliver", "--verbosity", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    yield
    process.terminate()
    assert process.wait(timeout=20) == 0


def _database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    at = f"{values['HOST']}:{values['PORT']}" if values["PORT"] else values["HOST"]
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{at}/{values['NAME']}"
