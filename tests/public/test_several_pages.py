"""Pages that show services of other pages: what of an incident appears where."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from incidents.actions.page import choose_services, set_visibility
from incidents.actions.report import draft_report, save_report
from incidents.actions.service import set_status
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Incident, Page, Service
from incidents.queries.choices import service_choices
from incidents.queries.incident_view import find_public
from incidents.reports.issue import issue
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from tests import make

pytestmark = pytest.mark.django_db
OWNER, SHOWING, STRANGER = "owner.example", "showing.example", "stranger.example"


@pytest.fixture(autouse=True)
def one_operators_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def owner() -> Page:
    return make.page(host=OWNER, languages=["ja", "en"])


@pytest.fixture
def mail(owner: Page) -> Service:
    return make.service(owner, slug="mail", name="Mail", group="Messaging")


@pytest.fixture
def archive(owner: Page) -> Service:
    return make.service(owner, slug="archive", name="Archive", group="Messaging")


@pytest.fixture
def showing(mail: Service) -> Page:
    """It shows `mail` of the other page, and has a service of its own."""
    page = make.page(host=SHOWING)
    make.service(page, slug="portal", name="Portal")
    choose_services(page, [mail.pk])
    return page


@pytest.fixture
def stranger() -> Page:
    return make.page(host=STRANGER)


def get(host: str, address: str) -> str:
    response = Client().get(address, headers={"host": host})
    assert response.status_code in (200, 404)
    return response.content.decode() if response.status_code == 200 else ""


def published(page: Page) -> dict[str, str]:
    site = Site(Page.objects.get(pk=page.pk), times.now())
    files = (file for source in sources(site) for file in source.render())
    return {file.address: file.body.decode(errors="replace") for file in files}


def tell(page: Page, scope: dict[Service, str], title: str = "Mail is late") -> Incident:
    incident = make.incident(page, scope, title=title)
    make.update(incident)
    return incident


def test_a_service_of_another_page_is_shown_with_its_group_and_status(
    owner: Page, showing: Page, mail: Service
) -> None:
    set_status(mail, "maintenance")
    html = get(SHOWING, "/")
    assert html.index("Portal") < html.index("Messaging") < html.index(">Mail<")
    assert "status-maintenance" in html
    assert get(SHOWING, "/services/mail")


def test_an_incident_appears_on_every_page_that_shows_what_it_hit_and_on_no_other(
    owner: Page, showing: Page, stranger: Page, mail: Service
) -> None:
    incident = tell(owner, {mail: "major_outage"})
    for host, is_shown in ((OWNER, True), (SHOWING, True), (STRANGER, False)):
        for address in ("/", "/history", f"/incidents/{incident.reference}"):
            assert ("Mail is late" in get(host, address)) is is_shown, (host, address)
    assert "banner-major_outage" in get(SHOWING, "/")


def test_an_incident_that_hit_nothing_a_page_shows_is_nowhere_on_it(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    incident = tell(owner, {archive: "major_outage"}, title="Archive is gone")
    files = published(showing)
    assert f"/incidents/{incident.reference}" not in files
    assert not [address for address, body in files.items() if "Archive" in body or incident.reference in body]
    assert "banner-operational" in files["/"]


def test_only_the_services_that_a_page_shows_are_named_as_hit(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    incident = tell(owner, {mail: "degraded", archive: "major_outage"})
    address = f"/incidents/{incident.reference}"
    assert "Archive" in get(OWNER, address) and "incident-major_outage" in get(OWNER, address)
    files = published(showing)
    assert not [address for address, body in files.items() if "Archive" in body]
    assert "incident-degraded" in files[address]
    assert files.keys() >= {address, f"/en{address}", "/services/mail"}


def test_a_service_that_was_named_as_running_still_brings_the_incident(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    incident = make.incident(owner, {archive: "degraded"}, title="Archive is late")
    make.update(incident, scope={archive: "degraded", mail: "operational"})
    view = find_public(showing, incident.reference)
    assert view and not view.impacts


def test_a_draft_of_another_page_is_not_shown(owner: Page, showing: Page, mail: Service) -> None:
    incident = make.incident(owner, {mail: "degraded"}, title="Not yet public")
    assert "Not yet public" not in get(SHOWING, "/")
    assert not get(SHOWING, f"/incidents/{incident.reference}")


def test_no_two_pages_give_one_reference_twice(owner: Page, showing: Page, mail: Service) -> None:
    with times.at(make.jst("2020-09-04 12:00")):
        theirs = tell(owner, {mail: "degraded"}, title="Theirs")
        own = tell(showing, {showing.services.get(): "degraded"}, title="Own")
    assert (theirs.reference, own.reference) == ("INC-20200904-01", "INC-20200904-02")
    assert "Theirs" in get(SHOWING, f"/incidents/{theirs.reference}")
    assert "Own" in get(SHOWING, f"/incidents/{own.reference}")


def test_incidents_of_a_private_page_are_not_counted_where_others_read_the_numbers(owner: Page) -> None:
    private = make.page()
    set_visibility(private, "private")
    with times.at(make.jst("2020-09-04 12:00")):
        hidden = [make.incident(private).reference for _ in range(3)]
        assert make.incident(owner).reference == "INC-20200904-01"
    assert len(set(hidden)) == 3
    assert all(reference[:13] == "INC-20200904-" and reference[13:].isalpha() for reference in hidden)


def test_a_report_is_read_where_its_incident_is_shown(
    owner: Page, showing: Page, stranger: Page, mail: Service
) -> None:
    incident = tell(owner, {mail: "degraded"})
    make.update(incident, "resolved")
    report = draft_report(incident)
    texts = dict.fromkeys(("what_happened", "scope", "cause", "measures"), "text")
    save_report(report, texts, version=report.version)
    number = issue(report, notify=False).number
    assert number
    for host, is_shown in ((OWNER, True), (SHOWING, True), (STRANGER, False)):
        for address in (f"/reports/{number}", f"/reports/{number}.txt", f"/incidents/{incident.reference}"):
            assert (number in get(host, address)) is is_shown, (host, address)
    assert f"/reports/{number}" in published(showing)


def test_a_correction_names_no_service_that_the_page_does_not_show(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    incident = tell(owner, {mail: "degraded"})
    scope = {mail: "major_outage", archive: "major_outage"}
    edit_update(incident.updates.get(), Draft(stage="investigating", body="訂正後", scope=scope))
    address = f"/incidents/{incident.reference}"
    assert "Archive" in get(OWNER, address).split('id="corrections"')[1]
    told = get(SHOWING, address)
    assert 'id="corrections"' in told and "Mail" in told and "Archive" not in told
    scope = {mail: "major_outage"}
    edit_update(incident.updates.get(), Draft(stage="investigating", body="訂正後", scope=scope))
    assert get(SHOWING, address).count("<del>") == 2, "that only the other service is left out is not told"


def test_what_another_page_wrote_falls_back_to_its_own_first_language(
    owner: Page, showing: Page, mail: Service
) -> None:
    showing.languages = ["en", "ja"]
    showing.save()
    mail.texts = {"en": {"name": "Post"}}
    mail.save()
    with_english = make.incident(owner, {mail: "degraded"}, title="配送遅延", titles={"en": "Late mail"})
    make.update(with_english, texts={"en": {"body": "We look."}})
    html = get(SHOWING, f"/incidents/{with_english.reference}")
    assert "Late mail" in html and "We look." in html and "Post" in html and "only-in" not in html
    html = get(SHOWING, f"/incidents/{tell(owner, {mail: 'degraded'}, title='配送停止').reference}")
    assert '<h1 lang="ja">配送停止</h1>' in html and "Japanese only" in html
    assert "配送停止" in get(SHOWING, "/ja/") and "日本語のみ" not in get(SHOWING, "/ja/")


def test_subscribers_choose_among_what_the_page_shows(owner: Page, showing: Page, archive: Service) -> None:
    assert [
        [service.name for service in group.services] for group in service_choices(showing, language="ja")
    ] == [
        ["Portal"],
        ["Mail"],
    ]
    html = get(SHOWING, "/subscribe")
    assert "Mail" in html and "Archive" not in html


def test_a_page_made_private_is_gone_from_the_others_at_once(
    owner: Page, showing: Page, mail: Service
) -> None:
    incident = tell(owner, {mail: "major_outage"})
    before = Site(showing, times.now()).look
    set_visibility(owner, "private")
    assert Site(showing, times.now()).look != before
    files = published(showing)
    assert f"/incidents/{incident.reference}" not in files and "/services/mail" not in files
    assert not [address for address, body in files.items() if "Mail" in body]


def test_links_stay_on_the_page_that_is_read(owner: Page, showing: Page, mail: Service) -> None:
    incident = tell(owner, {mail: "degraded"})
    html = get(SHOWING, f"/incidents/{incident.reference}")
    assert OWNER not in html
    assert f"http://{SHOWING}/incidents/{incident.reference}" in html


def test_a_page_costs_the_same_queries_for_one_shown_service_and_for_three(
    owner: Page, showing: Page
) -> None:
    def cost(count: int) -> int:
        services = [make.service(owner) for _ in range(count)]
        choose_services(showing, [service.pk for service in services])
        for service in services:
            tell(owner, {service: "degraded"})
        get(SHOWING, "/")
        with CaptureQueriesContext(connection) as queries:
            get(SHOWING, "/")
        return len(queries)

    assert cost(1) == cost(3)


def test_maintenance_appears_on_every_page_that_shows_what_it_touches_and_names_nothing_else(
    owner: Page, showing: Page, stranger: Page, mail: Service, archive: Service
) -> None:
    both = make.maintenance(owner, {mail: "maintenance", archive: "maintenance"}, title="New disks")
    address = f"/maintenance/{both.public_id}"
    for host, is_shown in ((OWNER, True), (SHOWING, True), (STRANGER, False)):
        for asked in ("/", address, "/calendar.ics", "/api/v2/scheduled-maintenances.json"):
            assert ("New disks" in get(host, asked)) is is_shown, (host, asked)
    assert "Archive" in get(OWNER, address)
    files = published(showing)
    assert not [asked for asked, body in files.items() if "Archive" in body]


def test_maintenance_that_touches_nothing_a_page_shows_is_nowhere_on_it(
    owner: Page, showing: Page, archive: Service
) -> None:
    planned = make.maintenance(owner, {archive: "maintenance"}, title="New disks")
    files = published(showing)
    assert not [asked for asked, body in files.items() if "New disks" in body or planned.public_id in body]
