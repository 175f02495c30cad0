"""Pages from the database onto the disk, once and for ever."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from incidents.actions.revision import touch_page
from incidents.lib import times
from incidents.models import Page, Service, Visibility
from incidents.snapshots import publish as publishing
from incidents.snapshots import publisher as looping
from incidents.snapshots.manifest import read_manifest
from incidents.snapshots.publish import publish_all, publish_page
from incidents.snapshots.publisher import POLL_SECONDS, RETRY_SECONDS, Publisher
from tests import make
from tests.snapshots.making import Clock

pytestmark = pytest.mark.django_db
NOW = make.jst("2020-09-04 12:50")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.PUBLISHED_DIR = tmp_path / "published"
    settings.PUBLISHED_PRIVATE_DIR = tmp_path / "published-private"
    return tmp_path / "published"


@pytest.fixture
def page() -> Page:
    return make.page(host="status.example.com")


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, name="メール検索")


@pytest.fixture
def directory(root: Path) -> Path:
    return root / "status.example.com"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The loop's own and that of each turn, which stand still: nothing is left for another turn."""
    made = Clock()
    monkeypatch.setattr(looping, "time", made)
    monkeypatch.setattr(publishing, "time", made)
    return made


def front(directory: Path) -> str:
    return (directory / "live/index.html").read_text()


def test_every_address_of_a_page_is_published(page: Page, service: Service, directory: Path) -> None:
    make.update(make.incident(page, {service: "degraded"}))
    assert publish_page(page, now=NOW) == []
    manifest = read_manifest(directory)
    assert manifest.is_complete
    assert {"/", "/en/", "/404", "/en/404", "/history", "/robots.txt"} <= set(manifest.files)
    assert manifest.files["/404"].status == 404
    assert manifest.files["/en/"].language == "en"
    assert "メール検索" in front(directory)


def test_the_front_page_has_a_stale_twin_that_is_not_green(
    page: Page, service: Service, directory: Path
) -> None:
    publish_page(page, now=NOW)
    assert "正常稼働中" in front(directory)
    assert "正常稼働中" not in (directory / "stale/index.html").read_text()


def test_a_minute_later_only_what_tells_the_present_is_written(
    page: Page, service: Service, directory: Path
) -> None:
    with times.at(NOW - timedelta(days=40)):
        incident = make.incident(page, {service: "degraded"})
        make.update(incident)
        make.update(incident, "resolved")
    publish_page(page, now=NOW)
    before = read_manifest(directory).files
    publish_page(page, now=NOW + timedelta(minutes=1))
    after = read_manifest(directory).files
    assert {address for address in after if after[address] != before[address]} == {"/", "/en/"}


def test_a_private_page_lies_apart(page: Page, service: Service, root: Path) -> None:
    publish_all(now=NOW)
    page.visibility = Visibility.PRIVATE
    page.save()
    publish_all(now=NOW)
    assert not (root / "status.example.com").exists()
    assert "メール検索" in front(root.parent / "published-private" / "status.example.com")


def test_a_page_that_got_another_host_leaves_nothing_at_the_old_one(page: Page, root: Path) -> None:
    publish_all(now=NOW)
    page.host = "other.example.com"
    page.save()
    publish_all(now=NOW)
    assert not (root / "status.example.com").exists()
    assert (root / "other.example.com/heartbeat").exists()


def test_a_database_without_pages_takes_no_page_away(page: Page, directory: Path) -> None:
    publish_all(now=NOW)
    page.delete()
    publish_all(now=NOW)
    assert (directory / "heartbeat").exists()


def test_the_command_publishes_and_fails_where_a_page_has_no_fit_host(page: Page, root: Path) -> None:
    call_command("publish_page")
    assert (root / "status.example.com/live/index.html").exists()
    Page.objects.filter(pk=make.page().pk).update(host="bad..host")
    with pytest.raises(CommandError, match=r"bad\.\.host"):
        call_command("publish_page")
    assert (root / "status.example.com/live/index.html").exists()


def test_the_loop_publishes_a_change_at_once_and_everything_every_fifteen_seconds(
    page: Page, directory: Path, clock: Clock
) -> None:
    publisher = Publisher()
    seen = []
    for seconds, is_changed in ((0, False), (0.5, False), (0.5, True), (14, False), (2, False)):
        clock.now += seconds
        if is_changed:
            touch_page(page.pk)
        publisher.turn()
        seen.append(read_manifest(directory).seq)
    assert seen == [1, 1, 2, 2, 3]


def test_a_turn_with_nothing_to_do_asks_the_database_once(
    page: Page, clock: Clock, django_assert_num_queries: "pytest.FixtureRequest"
) -> None:
    make.page()
    publisher = Publisher()
    publisher.turn()
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert publisher.turn() == POLL_SECONDS


def test_a_page_that_cannot_be_published_stops_no_other_and_is_tried_again_later(
    page: Page, directory: Path, clock: Clock
) -> None:
    Page.objects.filter(pk=page.pk).update(host="bad..host")
    make.page(host="good.example.com")
    publisher = Publisher()
    assert publisher.turn() == POLL_SECONDS
    assert (directory.parent / "good.example.com/heartbeat").exists()
    Page.objects.filter(pk=page.pk).update(host="status.example.com")
    publisher.turn()
    assert not directory.exists()
    clock.now += RETRY_SECONDS
    publisher.turn()
    assert (directory / "heartbeat").exists()


def test_a_page_that_cannot_be_published_is_said_once_and_that_it_is_again(
    page: Page, directory: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    Page.objects.filter(pk=page.pk).update(host="bad..host")
    publisher = Publisher()
    for _ in range(3):
        publisher.turn()
        clock.now += RETRY_SECONDS
    assert caplog.messages == ["bad..host was not published"]
    Page.objects.filter(pk=page.pk).update(host="status.example.com")
    publisher.turn()
    assert caplog.messages[1:] == ["status.example.com is published again"]


def test_a_database_that_is_gone_is_said_once_and_waited_for(
    page: Page,
    directory: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    publisher = Publisher()
    with monkeypatch.context() as border:
        border.setattr("django.db.models.sql.compiler.SQLCompiler.execute_sql", refuse)
        assert [publisher.turn() for _ in range(3)] == [RETRY_SECONDS] * 3
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert publisher.turn() == POLL_SECONDS
    assert "answers again" in caplog.messages[-1]
    assert (directory / "heartbeat").exists()


def test_a_long_publish_lets_a_change_in_between_its_turns(
    page: Page, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "time", Clock(9.0))
    publisher = Publisher()
    assert publisher.turn() == 0.0
    assert not read_manifest(directory).is_complete
    monkeypatch.undo()
    assert publisher.turn() == POLL_SECONDS
