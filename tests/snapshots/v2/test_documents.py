import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.service import set_status
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Page, Service
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from tests import make
from tests.snapshots.v2.fields import ENDPOINTS
from tests.snapshots.v2.scene import NOW, full_page, issue, read, told, watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def named(components: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in components if one["name"] == name)


def stamps(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from stamps(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from stamps(inner)
    elif value and (key.endswith("_at") or key in ("x_data_as_of", "x_stale_after")):
        yield value


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(("zone", "ending"), [("Asia/Tokyo", "+09:00"), ("Etc/UTC", "Z"), ("UTC", "Z")])
def test_every_instant_has_milliseconds_and_the_zone_of_the_page(
    endpoint: str, zone: str, ending: str
) -> None:
    full_page(time_zone=zone)
    found = list(stamps(read(endpoint)))
    assert found and all(one.endswith(ending) for one in found)
    for one in found:
        datetime.strptime(one, "%Y-%m-%dT%H:%M:%S.%f%z")


def test_all_well_is_said_in_the_words_that_clients_compare(page: Page) -> None:
    watched(page)
    assert read("status.json")["status"] == {"indicator": "none", "description": "All Systems Operational"}


def test_the_indicator_follows_the_components_whatever_incidents_say(page: Page) -> None:
    hit = watched(page)
    told(page, {hit: "major_outage"}, "investigating")
    assert read("summary.json")["status"]["indicator"] == "critical"
    with times.at(NOW):
        make.update(page.incidents.get(), "monitoring", scope={hit: "operational"})
    answer = read("summary.json")
    assert answer["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert len(answer["incidents"]) == 1


def test_a_silent_monitor_makes_its_component_unknown_and_nothing_green(page: Page) -> None:
    watched(page, name="mail", minutes_ago=60)
    watched(page, name="search")
    answer = read("summary.json")
    assert answer["status"] == {"indicator": "minor", "description": "Some Components Report No Recent Data"}
    mail, search = (named(answer["components"], name) for name in ("mail", "search"))
    assert (mail["status"], mail["x_unknown"]) == ("degraded_performance", True)
    assert (search["status"], search["x_unknown"]) == ("operational", False)
    assert answer["x_data_as_of"] == "2020-09-04T12:49:00.000+09:00"
    assert answer["x_stale_after"] == "2020-09-04T12:52:00.000+09:00"


def test_what_stands_in_once_publishing_stopped_is_old_by_its_own_word(page: Page) -> None:
    watched(page)
    with times.at(NOW):
        made = [file for one in sources(Site(page, NOW)) if one.name == "v2:now" for file in one.render()]
    for file in made:
        fresh, stale = json.loads(file.body), json.loads(file.stale or b"")
        assert datetime.fromisoformat(fresh["x_stale_after"]) > NOW
        assert datetime.fromisoformat(stale["x_stale_after"]) <= NOW


def test_a_page_that_nothing_watches_says_of_no_age(page: Page) -> None:
    make.service(page)
    answer = read("status.json")
    assert (answer["x_data_as_of"], answer["x_stale_after"]) == (None, None)


def test_groups_in_groups_become_one_level_named_by_their_path() -> None:
    full_page()
    components = read("components.json")["components"]
    assert [(one["position"], one["name"], one["group"]) for one in components] == [
        (1, "メール検索", False),
        (1, "メール送信", False),
        (1, "配送", False),
        (2, "管理画面", False),
        (3, "メール", True),
        (4, "メール / 送信基盤", True),
    ]
    outer, inner = named(components, "メール"), named(components, "メール / 送信基盤")
    assert outer["components"] == [named(components, "メール送信")["id"]]
    assert named(components, "配送")["group_id"] == inner["id"] and inner["group_id"] is None
    assert (outer["status"], inner["status"], inner["x_unknown"]) == (
        "operational",
        "degraded_performance",
        True,
    )


def test_ids_stay_and_name_one_thing_each() -> None:
    full_page()
    first, second = read("summary.json"), read("summary.json")
    ids = [one["id"] for one in [first["page"], *first["components"], *first["incidents"]]]
    assert first == second and len(set(ids)) == len(ids)


def test_incidents_come_newest_first_fifty_at_most_and_the_open_ones_apart(page: Page) -> None:
    service = watched(page)
    for number in range(52):
        at = NOW - timedelta(days=60 - number)
        with times.at(at):
            incident = make.incident(page, {service: "degraded"}, title=f"number {number}")
            make.update(incident)
            if number not in (3, 50):
                make.update(incident, "resolved")
    listed = read("incidents.json")["incidents"]
    assert [one["name"] for one in listed] == [f"number {number}" for number in range(51, 1, -1)]
    assert read("incidents.json?page=2")["incidents"] == listed
    assert [one["name"] for one in read("incidents/unresolved.json")["incidents"]] == [
        "number 50",
        "number 3",
    ]
    assert [one["name"] for one in read("summary.json")["incidents"]] == ["number 50", "number 3"]


def test_updates_come_newest_first_with_what_each_changed(page: Page) -> None:
    search, mail = watched(page, name="search"), watched(page, name="mail")
    incident = told(page, {search: "degraded"}, "investigating")
    with times.at(make.jst("2020-09-04 12:20")):
        make.update(incident, "identified", scope={search: "partial_outage", mail: "degraded"})
    with times.at(make.jst("2020-09-04 12:30")):
        make.update(incident, "resolved")
    updates = read("incidents.json")["incidents"][0]["incident_updates"]
    assert [one["status"] for one in updates] == ["resolved", "identified", "investigating"]
    assert [one["display_at"][11:16] for one in updates] == ["12:30", "12:20", "12:00"]
    assert [
        [(one["name"], one["old_status"], one["new_status"]) for one in update["affected_components"]]
        for update in updates
    ] == [
        [("search", "partial_outage", "operational"), ("mail", "degraded_performance", "operational")],
        [
            ("search", "degraded_performance", "partial_outage"),
            ("mail", "operational", "degraded_performance"),
        ],
        [("search", "operational", "degraded_performance")],
    ]


def test_an_incident_says_when_it_began_was_told_and_ended(page: Page) -> None:
    with times.at(make.jst("2020-09-04 12:00")):
        incident = make.incident(
            page, {watched(page): "degraded"}, started_at=make.jst("2020-09-04 11:30"), severity="major"
        )
        make.update(incident)
    found = read("incidents.json")["incidents"][0]
    assert (found["started_at"][11:16], found["created_at"][11:16]) == ("11:30", "12:00")
    assert (found["monitoring_at"], found["resolved_at"], found["impact"]) == (None, None, "major")
    assert found["shortlink"].endswith(f"/incidents/{incident.reference}")
    for minute, stage in ((10, "monitoring"), (20, "identified"), (30, "monitoring"), (40, "resolved")):
        with times.at(make.jst(f"2020-09-04 12:{minute}")):
            make.update(incident, stage)
    found = read("incidents.json")["incidents"][0]
    assert (found["monitoring_at"][11:16], found["resolved_at"][11:16]) == ("12:30", "12:40")


def test_a_correction_moves_only_the_instant_of_the_edit(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"}, "investigating")
    with times.at(make.jst("2020-09-04 12:44")):
        edit_update(incident.updates.get(), Draft(stage="investigating", body="訂正しました。"))
    found = read("incidents.json")["incidents"][0]
    update = found["incident_updates"][0]
    assert [update[key][11:16] for key in ("created_at", "display_at", "updated_at")] == [
        "12:00",
        "12:00",
        "12:44",
    ]
    assert found["updated_at"][11:16] == "12:44" and update["body"] == "訂正しました。"


def test_markdown_becomes_plain_words(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"})
    with times.at(NOW):
        make.update(incident, body="**Slow** since [noon](https://example.com/a)\n\n- one\n- two")
    body = read("incidents.json")["incidents"][0]["incident_updates"][0]["body"]
    assert body == "Slow since noon (https://example.com/a)\n\n- one\n- two"


def test_an_issued_report_is_a_postmortem_and_an_interim_one_is_not(page: Page) -> None:
    over = told(page, {watched(page): "degraded"}, "investigating", "resolved", began="2020-09-02 10:00")
    lasting = told(page, {watched(page): "degraded"}, "investigating", began="2020-09-03 10:00")
    issue(over, number="SVC2020090501")
    issue(lasting, number="SVC2020090502")
    second, first = read("incidents.json")["incidents"]
    assert (first["status"], second["status"]) == ("postmortem", "investigating")
    newest, before = first["incident_updates"][:2]
    assert (newest["status"], before["status"]) == ("postmortem", "resolved")
    assert newest["created_at"][:10] == "2020-09-05" and first["resolved_at"][:10] == "2020-09-02"
    assert "SVC2020090501" in newest["body"] and "/reports/SVC2020090501" in newest["body"]


def test_an_incident_without_updates_on_record_still_has_one(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"}, "investigating", "resolved")
    incident.updates.all().delete()
    updates = read("incidents.json")["incidents"][0]["incident_updates"]
    assert [(one["status"], one["body"]) for one in updates] == [("resolved", "本文の記録なし")]


def test_drafts_are_told_to_no_program(page: Page) -> None:
    with times.at(NOW):
        make.incident(page, {make.service(page): "degraded"}, title="draft")
    assert read("incidents.json")["incidents"] == [] == read("summary.json")["incidents"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_once_publishing_has_stopped_nothing_is_known(endpoint: str) -> None:
    full_page()
    with times.at(NOW):
        site = Site(Page.objects.get(), NOW)
        files = {file.address: file for source in sources(site) for file in source.render()}
    live, stale = (
        json.loads(body or b"")
        for body in (files[f"/api/v2/{endpoint}"].body, files[f"/api/v2/{endpoint}"].stale)
    )
    assert stale.keys() == live.keys()
    assert stale.get("status", {}).get("indicator", "minor") == "minor"
    lists = [stale.get("components", []), *(one["components"] for one in stale.get("incidents", []))]
    assert all(
        one["x_unknown"] and one["status"] == "degraded_performance" for found in lists for one in found
    )
    if endpoint == "summary.json":
        assert stale["status"]["description"] == "Some Components Report No Recent Data"
        assert stale["incidents"] and stale["x_data_as_of"] == live["x_data_as_of"]


def test_any_origin_may_read_even_what_is_not_there(page: Page) -> None:
    for address in ("/api/v2/summary.json", "/api/v2/nothing.json", "/api/", "/api/v2/incidents/nothing"):
        response = Client().get(address)
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Content-Type"] == "application/json; charset=utf-8"
        assert response.status_code == (200 if "summary" in address else 404)
        assert not response.cookies
    assert Client().head("/api/v2/components.json").status_code == 200


def test_a_change_of_a_service_gives_what_shows_it_a_new_key(page: Page) -> None:
    service = watched(page)
    before = keys(page)
    set_status(service, "partial_outage")
    after = keys(page)
    assert {name for name in before if before[name] != after[name]} == {
        "v2:now",
        "v2:incidents",
        "v2:maintenances",
    }


def keys(page: Page) -> dict[str, str]:
    with times.at(NOW):
        page.refresh_from_db()
        return {one.name: one.key for one in sources(Site(page, NOW)) if one.name.startswith("v2:")}


def test_documents_cost_the_same_queries_for_one_and_for_three_of_everything(page: Page) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            hit = watched(page, group=f"Group {page.services.count()} {number}")
            told(page, {hit: "degraded"}, "investigating", "identified")

    fill(1)
    once = {endpoint: count_queries(endpoint) for endpoint in ENDPOINTS}
    fill(2)
    assert {endpoint: count_queries(endpoint) for endpoint in ENDPOINTS} == once


def count_queries(endpoint: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        read(endpoint)
    return len(queries)


def test_components_say_when_their_status_changed(page: Page) -> None:
    hit, silent, calm = (
        watched(page, name="hit"),
        watched(page, name="silent", minutes_ago=60),
        watched(page, name="calm"),
    )
    Service.objects.update(updated_at=make.jst("2020-01-01 00:00"))
    told(page, {hit: "degraded"}, "investigating", "resolved")
    components = read("components.json")["components"]
    assert [named(components, one.name)["updated_at"][:16] for one in (hit, silent, calm)] == [
        "2020-09-04T12:10",
        "2020-09-04T11:53",
        "2020-01-01T00:00",
    ]
