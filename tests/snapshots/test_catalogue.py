import re
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.incident import promise_report
from incidents.lib import times
from incidents.models import Monitor, Page
from incidents.snapshots.catalogue import sources
from incidents.snapshots.html import PAST_SHOWN
from incidents.snapshots.site import BATCH, Site
from incidents.snapshots.source import File, Source
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.jst("2020-09-04 12:50")


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def site_of(page: Page) -> Site:
    with times.at(NOW):
        page.refresh_from_db()
        site = Site(page, NOW)
        _ = site.overview
        return site


def told(page: Page, count: int, *, over: bool = False) -> None:
    for number in range(count):
        service = make.service(page)
        with times.at(NOW - timedelta(hours=number + 2)):
            incident = make.incident(page, {service: "degraded"}, title=f"incident {number}")
            make.update(incident)
            if over:
                make.update(incident, "resolved")


def render(found: Iterable[Source]) -> dict[str, File]:
    with times.at(NOW):
        return {file.address: file for source in found for file in source.render()}


def test_a_source_renders_the_addresses_it_names(page: Page) -> None:
    told(page, 1)
    for source in sources(site_of(page)):
        assert {file.address for file in render([source]).values()} == set(source.addresses), source.name


def test_no_address_has_two_sources(page: Page) -> None:
    told(page, 2)
    addresses = [address for source in sources(site_of(page)) for address in source.addresses]
    assert len(addresses) == len(set(addresses))


def test_an_incident_gets_a_new_key_with_each_public_change_and_others_keep_theirs(page: Page) -> None:
    told(page, 2, over=True)
    before = {source.name: source.key for source in sources(site_of(page))}
    reference = page.incidents.first().reference  # type: ignore[union-attr]
    with times.at(NOW):
        make.update(page.incidents.get(reference=reference), "postmortem", body="A word more.")
    after = {source.name: source.key for source in sources(site_of(page))}
    changed = {name for name in before if after[name] != before[name] and name.startswith("incident:")}
    assert changed == {f"incident:{reference}"}


def test_an_incident_is_published_anew_when_its_promised_report_becomes_late(page: Page) -> None:
    told(page, 1, over=True)
    promise_report(page.incidents.get(), date(2999, 9, 4))

    def key(day: str) -> str:
        site = Site(page, make.jst(f"{day} 00:00"))
        return next(source.key for source in sources(site) if source.name.startswith("incident:"))

    assert key("2999-09-03") == key("2999-09-04") != key("2999-09-05") == key("2999-09-06")


def test_what_states_the_present_has_a_twin_that_is_not_green(page: Page) -> None:
    service = make.service(page, slug="mail")
    monitor = make.monitor(service, kind="http", target="https://example.com")
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=NOW)
    files = render(sources(site_of(page)))
    for address in ("/", "/en/", "/services/mail"):
        live, stale = files[address].body.decode(), (files[address].stale or b"").decode()
        assert "banner-operational" in live and "stopped" not in live
        assert "banner-unknown" in stale and "operational" not in re.sub(r"<symbol.*?</symbol>", "", stale)
    assert files["/history"].stale is None
    since = "2020年9月4日（金）12:50（日本時間）</time>から更新されていません"
    assert since in (files["/"].stale or b"").decode()


def test_the_look_changes_with_the_name_of_a_service_and_not_with_the_revision(page: Page) -> None:
    service = make.service(page)
    before = site_of(page).look
    Page.objects.update(revision=99)
    assert site_of(page).look == before
    type(service).objects.update(name="Renamed")
    assert site_of(page).look != before


def test_all_that_is_published_costs_queries_by_the_batch(page: Page) -> None:
    told(page, 1, over=True)
    render_incidents(page)
    told(page, 12, over=True)
    assert BATCH > 12
    assert render_incidents(page) <= 24


def render_incidents(page: Page) -> int:
    site = site_of(page)
    found = [source for source in sources(site) if source.name.startswith("incident:")]
    with CaptureQueriesContext(connection) as queries:
        render(found)
    return len(queries)


def test_a_service_lists_its_newest_incidents_and_leads_to_the_months_of_the_others(page: Page) -> None:
    service = make.service(page, slug="mail")
    for number in range(PAST_SHOWN + 2):
        at = NOW - timedelta(days=31 * (number + 1))
        with times.at(at):
            incident = make.incident(page, {service: "degraded"}, title=f"incident-{number:03}")
            make.update(incident)
        with times.at(at + timedelta(hours=1)):
            make.update(incident, "resolved")
    html = render(sources(site_of(page)))["/services/mail"].body.decode()
    shown = set(re.findall(r"incident-\d{3}", html))
    assert len(shown) == PAST_SHOWN and f"incident-{PAST_SHOWN:03}" not in shown
    assert len(re.findall(r'href="/history/20\d\d-\d\d"', html)) == 2
