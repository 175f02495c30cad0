"""The console as staff see it: pictures of every screen, and nothing that keeps anyone from working."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.models import Monitor, Page
from tests import make
from tests.browser import desk
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.console_scene import BadNight, make_bad_night

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[1] / "output"
NOT_JAPANESE = re.compile(r"\b[a-zA-Z][a-z]{2,}\b")
LEFT_IN_ENGLISH = {
    *("English", "Markdown", "Asia", "Tokyo", "email", "archive", "https", "mailto", "security"),
    *("status", "example", "com", "Suite"),
    "main",  # the name of a location
    *("google", "net", "www", "githubstatus", "Statuspage"),  # names in hints
    *(
        "Prometheus",
        "Alertmanager",
        "Grafana",
        "Datadog",
        "Nagios",
        "Icinga",
        "host",
        "alert",
        "event",
        "priority",
    ),  # senders and their labels
    *("Accept", "Authorization", "Bearer", "html", "text"),  # HTTP's
    *("page", "reference", "title", "organisation", "service", "severity", "state"),  # placeholders
}


@pytest.fixture
def night(page: Page) -> BadNight:
    page.hold_seconds = 30
    page.save()
    make.staff()
    return make_bad_night(page)


def screens(night: BadNight) -> Mapping[str, str]:
    """Every main screen of the console, by the name of its picture."""
    planned = f"/console/maintenances/{night.planned.public_id}/"
    watched = Monitor.objects.select_related("service").filter(kind="http")[0]
    site = f"/console/services/{watched.service.slug}/monitors/{watched.pk}/"
    open_, over = f"/console/incidents/{night.open.reference}/", "/console/incidents/"
    return {
        "dashboard": "/console/",
        "incidents": "/console/incidents/",
        "incident-new": "/console/incidents/new/",
        "incident-draft": f"/console/incidents/{night.draft.reference}/",
        "incident-dismiss": f"/console/incidents/{night.draft.reference}/dismiss/",
        "incident-open": open_,
        "incident-correct": f"{open_}correct/",
        "update-edit": f"{open_}updates/1/",
        "report-none": f"{over}{night.unreported.reference}/report/",
        "report-draft": f"{over}{night.drafted.reference}/report/",
        "report-issue": f"{over}{night.drafted.reference}/report/issue/",
        "report-issued": f"{over}{night.issued.reference}/report/",
        "report-preview": f"{over}{night.issued.reference}/report/preview/",
        "announcement": "/console/announcement/",
        "maintenances": "/console/maintenances/",
        "maintenance-new": "/console/maintenances/new/",
        "maintenance": planned,
        "maintenance-start": f"{planned}start/",
        "maintenance-reschedule": f"{planned}reschedule/",
        "maintenance-correct": f"{planned}correct/",
        "services": "/console/services/",
        "service-edit": "/console/services/archive/edit/",
        "groups": "/console/groups/",
        "group-new": "/console/groups/new/",
        "service": "/console/services/archive/",
        "service-new": "/console/services/new/",
        "monitor-kinds": "/console/services/archive/monitors/new/",
        "monitor": site,
        "monitor-edit": f"{site}edit/",
        "monitor-new": "/console/services/archive/monitors/new/http/",
        "monitor-new-mail": "/console/services/archive/monitors/new/mail_round_trip/",
        "mail": "/console/mail/",
        "notice": f"/console/notices/{night.notice.pk}/",
        "subscribers": "/console/subscribers/",
        "subscriber": f"/console/subscribers/{night.reader.public_id}/",
        "subscriber-import": "/console/subscribers/import/",
        "keys": "/console/keys/",
        "customers": "/console/customers/",
        "customer-link": f"/console/customers/{night.customer.pk}/link/",
        "pages": "/console/pages/",
        "page-new": "/console/pages/new/",
        "page-settings": "/console/page/",
        "page-look": "/console/page/look/",
        "page-services": "/console/page/services/",
        "page-readers": "/console/page/readers/",
        "mail-texts": "/console/page/mails/",
        "mail-text": "/console/page/mails/ja/first_update/",
        "password": "/console/password/change/",
    }


@pytest.mark.parametrize("width", HEIGHTS)
def test_every_screen_fits_speaks_japanese_and_hinders_nobody(
    open_tab: OpenTab, night: BadNight, width: int
) -> None:
    tab = open_tab("/console/", width=width)
    faults = faults_of(tab, "sign-in", width=width)
    desk.sign_in(tab, "staff@example.com")
    for name, address in screens(night).items():
        answer = tab.goto(address)
        assert answer and answer.status == 200, address
        faults += faults_of(tab, name, width=width)
    assert not faults


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_dashboard_hinders_nobody_in_the_dark(open_tab: OpenTab, night: BadNight, width: int) -> None:
    tab = open_tab("/console/", width=width, color_scheme="dark")
    desk.sign_in(tab, "staff@example.com")
    faults = faults_of(tab, "dashboard-dark", width=width)
    tab.goto(f"/console/incidents/{night.open.reference}/")
    faults += faults_of(tab, "incident-open-dark", width=width)
    assert not faults


def test_the_one_click_is_in_sight_on_a_phone(open_tab: OpenTab, night: BadNight) -> None:
    tab = open_tab("/console/", width=375)
    desk.sign_in(tab, "staff@example.com")
    keep_picture(tab, "dashboard-375-first-screen", full_page=False)
    assert is_in_sight(tab, f"#publish-{night.draft.reference}")


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_publish_button_stays_in_sight_while_an_update_is_written(
    open_tab: OpenTab, night: BadNight, width: int
) -> None:
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, "staff@example.com")
    tab.goto(f"/console/incidents/{night.open.reference}/")
    tab.locator("#id_body").scroll_into_view_if_needed()
    keep_picture(tab, f"incident-open-{width}-writing", full_page=False)
    assert is_in_sight(tab, "#publish-update")
    assert is_in_sight(tab, "#id_body")


def is_in_sight(tab: Tab, place: str) -> bool:
    box, screen = tab.locator(place).bounding_box(), tab.viewport_size
    assert box and screen
    return box["y"] >= 0 and box["y"] + box["height"] <= screen["height"]


def test_a_composer_with_something_wrong_says_what(open_tab: OpenTab, night: BadNight) -> None:
    tab = open_tab("/console/", width=375)
    desk.sign_in(tab, "staff@example.com")
    tab.goto(f"/console/incidents/{night.open.reference}/")
    desk.choose(tab, "promise", "at")
    tab.fill("#id_next_update_at", "2001-01-01T00:00")
    tab.fill("#id_body", "続報です。")
    tab.click("#publish-update")
    assert not faults_of(tab, "incident-open-refused", width=375)
    assert tab.locator(".wrong #id_next_update_at").is_visible()
    assert tab.input_value("#id_body") == "続報です。"


@pytest.mark.parametrize("width", HEIGHTS)
def test_a_file_of_subscribers_is_looked_through_before_it_is_taken(
    open_tab: OpenTab, night: BadNight, width: int
) -> None:
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, "staff@example.com")
    tab.goto("/console/subscribers/import/")
    faults = []
    for name, rows in (
        ("refused", "broken,2024-04-01\nb@example.jp,昨日\n"),
        ("preview", f"{night.reader.email},2024-04-01\nnew@example.jp,2024/4/1\n"),
    ):
        text = f"email,consent_date\n{rows}".encode("cp932")
        tab.set_input_files("#id_file", {"name": "list.csv", "mimeType": "text/csv", "buffer": text})
        tab.click("#look")
        tab.locator("#faults, #to-add").wait_for()
        faults += faults_of(tab, f"subscriber-import-{name}", width=width)
    tab.click("#take")
    tab.get_by_text("new@example.jp").wait_for()
    assert not faults


def faults_of(tab: Tab, name: str, *, width: int) -> list[str]:
    """Keeps the picture, and names what is wrong on it."""
    keep_picture(tab, f"{name}-{width}")
    found = [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in Axe().run(tab).response["violations"]]
    if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    words = set(NOT_JAPANESE.findall(seen_words(tab))) - LEFT_IN_ENGLISH
    if words:
        found.append(f"not Japanese: {sorted(words)}")
    return [f"{name}: {fault}" for fault in found]


def seen_words(tab: Tab) -> str:
    """Without what people, monitors and servers wrote, and what is marked as English."""
    hidden = ".break, .markdown, .document, [lang=en]"
    return str(
        tab.locator("body").evaluate(
            "(body, others) => { const copy = body.cloneNode(true);"
            " copy.querySelectorAll(others + ', script, style').forEach(part => part.remove());"
            " return copy.innerText; }",
            hidden,
        )
    )


def keep_picture(tab: Tab, name: str, *, full_page: bool = True) -> None:
    """A full page is taller than any screen: nothing on it sticks to an edge."""
    PICTURES.mkdir(exist_ok=True)
    if full_page:
        tab.evaluate(
            "document.querySelectorAll('.composer > .actions').forEach(bar => bar.style.position = 'static')"
        )
    tab.screenshot(path=PICTURES / f"{name}.png", full_page=full_page)


def test_a_mail_s_text_is_shown_in_the_mail_while_it_is_typed(open_tab: OpenTab, night: BadNight) -> None:
    tab = open_tab("/console/", width=1280)
    desk.sign_in(tab, "staff@example.com")
    tab.goto("/console/page/mails/ja/first_update/")
    preview = tab.frame_locator("iframe.mail-preview")
    tab.fill("#id_text", "{service}で障害が発生しております。")
    expect(preview.frame_locator("iframe").get_by_text("検索で障害が発生しております。")).to_be_visible()
    expect(preview.locator("#text")).to_contain_text("検索で障害が発生しております。")
    tab.fill("#id_text", "{servise}")
    expect(preview.get_by_text("{servise} はこの文面では使えません")).to_be_visible()
    tab.fill("#id_text", "{service}の障害です。")
    tab.click("#save-text")
    expect(tab.get_by_text("{service}の障害です。")).to_be_visible()
