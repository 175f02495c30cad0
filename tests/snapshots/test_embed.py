import re

import pytest
from django.test import Client

from incidents.actions.maintenance import start_maintenance
from incidents.lib import times
from incidents.models import Page
from incidents.snapshots.catalogue import find_file, sources
from incidents.snapshots.site import Site
from tests import make
from tests.snapshots.v2.scene import NOW, told, watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def read(address: str = "/embed") -> str:
    with times.at(NOW):
        response = Client().get(address)
    assert response.status_code == 200
    return response.content.decode()


def body(html: str) -> str:
    return html.partition("<body>")[2].partition("</body>")[0].strip()


def test_while_all_is_well_there_is_nothing_to_see(page: Page) -> None:
    watched(page)
    assert body(read()) == ""


def test_what_is_wrong_is_told_with_links_that_leave_the_frame(page: Page) -> None:
    incident = told(page, {watched(page): "partial_outage"}, "investigating")
    shown = body(read("/en/embed"))
    assert "Some services are partly unavailable" in shown and incident.title in shown
    links = re.findall(r"<a [^>]*>", shown)
    assert any(f"/en/incidents/{incident.reference}" in link for link in links)
    assert links and all('target="_blank" rel="noopener"' in link and 'href="http' in link for link in links)


def test_an_open_incident_shows_even_when_its_services_run_again(page: Page) -> None:
    hit = watched(page)
    incident = told(page, {hit: "degraded"}, "investigating")
    with times.at(NOW):
        make.update(incident, "monitoring", scope={hit: "operational"})
    assert incident.title in body(read())


def test_nothing_inline_and_nothing_of_others(page: Page) -> None:
    told(page, {watched(page): "degraded"}, "investigating")
    html = read()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|javascript:|\bdata:", html)
    script = read("/embed.js")
    assert not re.search(r"https?://(?!status\.example\.com)", script) and "cookie" not in script
    assert Client().get("/embed.js")["Content-Type"] == "text/javascript; charset=utf-8"


def test_once_publishing_has_stopped_the_banner_shows(page: Page) -> None:
    watched(page)
    with times.at(NOW):
        file = find_file(Site(page, NOW), "/embed")
    assert file and file.stale
    assert "embed-unknown" in body(file.stale.decode())


def test_its_key_changes_with_what_it_shows(page: Page) -> None:
    hit = watched(page)

    def key() -> str:
        with times.at(NOW):
            return next(one.key for one in sources(Site(page, NOW)) if one.name == "embed")

    keys = [key()]
    incident = told(page, {hit: "degraded"}, "investigating")
    keys.append(key())
    with times.at(NOW):
        make.update(incident, "identified")
    keys.append(key())
    assert len(set(keys)) == 3


def test_maintenance_shows_while_it_runs(page: Page) -> None:
    service = watched(page)
    with times.at(NOW):
        planned = make.maintenance(page, {service: "maintenance"})
        assert body(read()) == ""
        start_maintenance(planned)
    shown = body(read())
    assert planned.title in shown and f"/maintenance/{planned.public_id}" in shown
