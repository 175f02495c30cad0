from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.monitor import park_monitor, record_observations, record_result
from incidents.lib import times
from incidents.models import Service
from tests import make
from tests.console.conftest import Desk

NEW_SERVICE = {"name": "Search", "slug": "search", "code": "SRC", "group": "Mail", "policy": "draft"}


def test_a_service_is_added_with_its_group(desk: Desk) -> None:
    response = desk.client.post("/console/services/new/", NEW_SERVICE)
    service = Service.objects.get()
    assert response["Location"] == "/console/services/search/"
    assert service.group
    assert (service.name, service.code, service.group.name) == ("Search", "SRC", "Mail")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"slug": "two words"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"code": "hea"}, "code"),
        ({"code": "TOOLONGCODE"}, "code"),
        ({"policy": "sometimes"}, "policy"),
    ],
)
def test_a_wrong_service_names_its_field_and_is_not_added(
    desk: Desk, wrong: dict[str, str], field: str
) -> None:
    make.service(desk.page, name="Taken", slug="taken")
    response = desk.client.post("/console/services/new/", NEW_SERVICE | wrong)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Service.objects.count() == 1


def test_the_status_is_set_by_hand(desk: Desk) -> None:
    service = make.service(desk.page)
    desk.client.post(f"/console/services/{service.slug}/status/", {"status": "maintenance"})
    service.refresh_from_db()
    assert service.manual_status == "maintenance"
    assert "Under maintenance" in desk.client.get("/console/services/").content.decode()


def test_a_wrong_status_is_refused_at_its_field(desk: Desk) -> None:
    service = make.service(desk.page)
    response = desk.client.post(f"/console/services/{service.slug}/status/", {"status": "great"})
    assert response.status_code == 422
    assert "great is not one of the available choices" in response.content.decode()


def test_the_policy_is_set(desk: Desk) -> None:
    service = make.service(desk.page)
    sent = {"policy": "publish", "publish_after_minutes": "5"}
    desk.client.post(f"/console/services/{service.slug}/policy/", sent)
    service.refresh_from_db()
    assert (service.policy, service.publish_after_minutes) == ("publish", 5)


@pytest.mark.parametrize("minutes", ["0", "1441", "soon", ""])
def test_a_wrong_wait_is_refused_at_its_field(desk: Desk, minutes: str) -> None:
    service = make.service(desk.page)
    sent = {"policy": "publish", "publish_after_minutes": minutes}
    response = desk.client.post(f"/console/services/{service.slug}/policy/", sent)
    assert 'id="id_publish_after_minutes_error"' in response.content.decode()
    service.refresh_from_db()
    assert service.policy == "draft"


def test_a_service_of_no_name_is_not_found(desk: Desk) -> None:
    assert desk.client.get("/console/services/none/").status_code == 404


def test_a_monitor_is_paused_and_goes_on(desk: Desk) -> None:
    monitor = make.monitor(make.service(desk.page))
    address = f"/console/services/{monitor.service.slug}/monitors/{monitor.pk}/pause/"
    desk.client.post(address, {"enabled": "0"})
    monitor.refresh_from_db()
    assert not monitor.enabled
    desk.client.post(address, {"enabled": "1"})
    monitor.refresh_from_db()
    assert monitor.enabled


def test_a_monitor_s_chart_is_shown_to_the_public_once_staff_say_so(desk: Desk) -> None:
    monitor = make.monitor(make.service(desk.page), kind="http", target="https://example.com")
    address = f"/console/services/{monitor.service.slug}/monitors/{monitor.pk}/chart/"
    assert not monitor.is_charted
    for charted in (True, False):
        desk.client.post(address, {"charted": str(int(charted))})
        monitor.refresh_from_db()
        assert monitor.is_charted == charted


def test_a_monitor_of_another_service_is_not_found(desk: Desk) -> None:
    monitor = make.monitor(make.service(desk.page))
    other = make.service(desk.page)
    address = f"/console/services/{other.slug}/monitors/{monitor.pk}/pause/"
    assert desk.client.post(address, {"enabled": "0"}).status_code == 404


def test_shows_what_each_monitor_saw_last_and_why_one_stopped(desk: Desk) -> None:
    service = make.service(desk.page)
    asked = make.monitor(service, kind="http", target="https://www.example.com/")
    now = times.now()
    record_result(asked, at=now - timedelta(minutes=1), ok=True, latency_ms=12, detail="earlier")
    record_result(asked, at=now, ok=False, latency_ms=345, detail="503 Service Unavailable")
    counted = make.monitor(service)
    record_observations(counted, [(now, 1234.0)])
    park_monitor(make.monitor(service, kind="http"), reason="target: expected a URL")
    html = desk.client.get(f"/console/services/{service.slug}/").content.decode()
    assert "503 Service Unavailable" in html
    assert "345 ms" in html
    assert "earlier" not in html
    assert "1234" in html
    assert "target: expected a URL" in html


def test_the_number_of_queries_does_not_grow_with_services_and_monitors(desk: Desk) -> None:
    first = make.service(desk.page)
    make.monitor(first)
    with CaptureQueriesContext(connection) as one_listed:
        desk.client.get("/console/services/")
    with CaptureQueriesContext(connection) as one_shown:
        desk.client.get(f"/console/services/{first.slug}/")
    for _ in range(2):
        make.monitor(first)
        make.monitor(make.service(desk.page))
    with CaptureQueriesContext(connection) as three_listed:
        desk.client.get("/console/services/")
    with CaptureQueriesContext(connection) as three_shown:
        desk.client.get(f"/console/services/{first.slug}/")
    assert (len(three_listed), len(three_shown)) == (len(one_listed), len(one_shown))
