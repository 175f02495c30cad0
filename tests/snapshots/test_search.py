import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.maintenance import start_maintenance
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.models import Incident, Page, Service, Update
from incidents.snapshots.catalogue import find_file, sources
from incidents.snapshots.search import EXCERPT, excerpt
from incidents.snapshots.site import Site
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.jst("2021-03-01 12:00")


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def service(page: Page) -> Service:
    made = make.service(page, slug="archive", name="メールアーカイブ")
    Service.objects.update(texts={"en": {"name": "Mail archive"}})
    return made


def told(page: Page, service: Service, *, at: str, title: str = "保存の遅延") -> Incident:
    begun = make.jst(at)
    with times.at(begun):
        incident = make.incident(page, {service: "degraded"}, title=title)
        make.update(incident, body="調査しております。")
    with times.at(begun + timedelta(hours=1)):
        make.update(incident, "resolved", body="**復旧**しました。\n\n- 再送は不要です")
    return incident


def read(page: Page, year: int) -> Any:
    file = find_file(Site(page, NOW), f"/history/{year}.json")
    return json.loads(file.body) if file else None


def keys(page: Page) -> dict[str, str]:
    found = sources(Site(page, NOW))
    return {source.name: source.key for source in found if source.name.startswith("search:")}


def test_a_year_tells_of_each_incident_what_a_search_needs(page: Page, service: Service) -> None:
    incident = told(page, service, at="2020-09-04 12:46")
    Incident.objects.update(texts={"en": {"title": "Delay of the archive", "concerned": "all"}})
    Update.objects.filter(number=2).update(texts={"en": {"body": "It is *over*.", "body_html": "<p>…</p>"}})
    assert read(page, 2020) == {
        "year": 2020,
        "services": {"archive": {"ja": "メールアーカイブ", "en": "Mail archive"}},
        "incidents": [
            {
                "reference": incident.reference,
                "title": "保存の遅延",
                "stage": "resolved",
                "status": "degraded",
                "started_at": "2020-09-04T03:46:00Z",
                "ended_at": "2020-09-04T04:46:00Z",
                "services": ["archive"],
                "latest": "復旧しました。 - 再送は不要です",
                "texts": {"en": {"title": "Delay of the archive", "latest": "It is over."}},
            }
        ],
        "maintenances": [],
    }


def test_an_incident_is_in_the_year_of_the_pages_zone_in_which_it_began(page: Page, service: Service) -> None:
    told(page, service, at="2021-01-01 00:30", title="new year")
    told(page, service, at="2020-12-31 23:30", title="old year")
    assert [one["title"] for one in read(page, 2021)["incidents"]] == ["new year"]
    assert [one["title"] for one in read(page, 2020)["incidents"]] == ["old year"]


def test_a_maintenance_is_told_once_it_has_begun(page: Page, service: Service) -> None:
    with times.at(make.jst("2020-09-01 12:00")):
        work = make.maintenance(
            page,
            {service: "maintenance"},
            title="ディスクの交換",
            body="交換いたします。",
            scheduled_from=make.jst("2020-12-31 23:00"),
            scheduled_until=make.jst("2021-01-01 02:00"),
        )
    assert read(page, 2020) is None
    with times.at(make.jst("2020-12-31 23:00")):
        start_maintenance(work, Telling("開始いたしました。"))
    answer = read(page, 2020)
    assert answer["services"].keys() == {"archive"}
    assert answer["maintenances"] == [
        {
            "id": work.public_id,
            "title": "ディスクの交換",
            "state": "in_progress",
            "started_at": "2020-12-31T14:00:00Z",
            "ended_at": None,
            "services": ["archive"],
            "latest": "開始いたしました。",
            "texts": {},
        }
    ]


def test_only_the_year_of_a_changed_incident_is_published_anew(page: Page, service: Service) -> None:
    told(page, service, at="2019-05-01 10:00")
    changed = told(page, service, at="2020-05-01 10:00")
    before = keys(page)
    with times.at(NOW):
        make.update(changed, "postmortem", body="追記")
    after = keys(page)
    assert {name for name in before if before[name] != after[name]} == {"search:2020"}


def test_nothing_of_a_draft_is_in_it(page: Page, service: Service) -> None:
    told(page, service, at="2020-05-01 10:00")
    with times.at(make.jst("2020-06-01 10:00")):
        make.incident(page, {service: "degraded"}, title="下書きの件")
    assert [one["title"] for one in read(page, 2020)["incidents"]] == ["保存の遅延"]


def test_a_year_costs_the_same_queries_for_one_and_for_three_incidents(page: Page, service: Service) -> None:
    told(page, service, at="2020-05-01 10:00")
    once = cost(page)
    for month in (6, 7):
        told(page, service, at=f"2020-0{month}-01 10:00")
    assert cost(page) == once


def cost(page: Page) -> int:
    site = Site(page, NOW)
    [year] = [source for source in sources(site) if source.name == "search:2020"]
    with CaptureQueriesContext(connection) as queries:
        list(year.render())
    return len(queries)


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("[停止](https://example.com) した", "停止 (https://example.com) した"),
        ("x" * 500, "x" * EXCERPT),
        ("", ""),
    ],
)
def test_an_excerpt_is_the_first_words_without_markup(markdown: str, words: str) -> None:
    assert excerpt(markdown) == words
