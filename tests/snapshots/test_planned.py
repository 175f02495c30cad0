"""Real maintenance in every format that programs read."""

import feedparser
import pytest
from django.test import Client
from icalendar import Calendar

from incidents.lib import times
from incidents.models import Page
from tests import make
from tests.snapshots.v2.scene import NOW, plan_everything, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    page = make.page(host="testserver")
    plan_everything(page, make.service(page, slug="mail", name="メール送信"))
    return page


def fetch(address: str) -> bytes:
    with times.at(NOW):
        return Client().get(address).content


def titles(endpoint: str) -> list[str]:
    return [one["name"] for one in read(endpoint)["scheduled_maintenances"]]


def test_each_list_of_the_api_has_those_of_its_states_the_newest_first(page: Page) -> None:
    assert titles("scheduled-maintenances.json") == ["coming", "running", "over"]
    assert titles("scheduled-maintenances/upcoming.json") == ["coming"]
    assert titles("scheduled-maintenances/active.json") == ["running"]
    assert titles("summary.json") == ["coming", "running"]


def test_one_that_ran_tells_its_instants_and_its_updates(page: Page) -> None:
    over = read("scheduled-maintenances.json")["scheduled_maintenances"][2]
    assert over["status"] == "completed" and over["id"] == page.maintenances.get(title="over").public_id
    assert (over["scheduled_for"], over["scheduled_until"], over["monitoring_at"], over["resolved_at"]) == (
        "2020-09-01T01:00:00.000+09:00",
        "2020-09-01T03:00:00.000+09:00",
        "2020-09-01T02:30:00.000+09:00",
        "2020-09-01T03:00:00.000+09:00",
    )
    assert [update["status"] for update in over["incident_updates"]] == [
        "completed",
        "verifying",
        "in_progress",
        "scheduled",
    ]


def test_a_component_is_under_maintenance_while_it_runs(page: Page) -> None:
    answer = read("summary.json")
    assert answer["components"][0]["status"] == "under_maintenance"
    assert answer["components"][0]["updated_at"] == "2020-09-04T12:00:00.000+09:00"
    assert answer["status"] == {"indicator": "maintenance", "description": "Service Under Maintenance"}


@pytest.mark.parametrize("address", ["/history.atom", "/history.rss"])
def test_feeds_hold_them_among_the_incidents(page: Page, address: str) -> None:
    found = feedparser.parse(fetch(address))
    assert not found.bozo
    assert [entry.title for entry in found.entries] == ["coming", "running", "off", "over"]
    assert "/maintenance/" in found.entries[0].link


def test_a_calendar_holds_them_in_the_language_that_is_asked_for(page: Page) -> None:
    with times.at(NOW):
        make.maintenance(
            page,
            {page.services.get(): "maintenance"},
            title="データベース更新",
            titles={"en": "Database upgrade"},
            bodies={"en": "We upgrade it."},
        )
    events = {str(event["SUMMARY"]): event for event in Calendar.from_ical(fetch("/en/calendar.ics")).events}
    assert set(events) == {"Database upgrade", "coming", "running", "off", "over"}
    assert "We upgrade it." in str(events["Database upgrade"]["DESCRIPTION"])
    assert events["off"]["STATUS"] == "CANCELLED"
    assert "データベース更新" in fetch("/calendar.ics").decode()


def test_the_sitemap_names_their_pages(page: Page) -> None:
    public_id = page.maintenances.get(title="coming").public_id
    assert f"/maintenance/{public_id}</loc>" in fetch("/sitemap.xml").decode()
