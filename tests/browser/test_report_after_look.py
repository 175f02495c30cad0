"""What comes after a report, as staff and readers see it: measures, figures, past reports, the promise."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from incidents.actions.measure import add_measure, drop_measure, finish_measure
from incidents.actions.measures_note import NoteText, tell_measures
from incidents.lib import times
from incidents.models import Measure, Page, Report, Staff
from incidents.reports import hea
from tests import make
from tests.browser import desk
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.console_scene import BadNight, make_bad_night
from tests.browser.test_console_look import faults_of, keep_picture
from tests.reports.make_document import make_document

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOD = hea.write(make_document())
WRONG = hea.write(make_document(number="ARC2020100802")).replace("04日(金) 12:46", "04日(木) 12:46")


@pytest.fixture
def night(page: Page) -> BadNight:
    make.staff()
    night = make_bad_night(page)
    owner, today = Staff.objects.get(), times.now().astimezone(page.zone).date()
    report = Report.objects.get(incident=night.issued)
    due = {
        "設定変更の手順に確認を追加": 10,
        "待ち行列の長さの監視を追加": 3,
        "手順書の見直しと、担当者全員への周知": 30,
    }
    made = [
        add_measure(report, text=text, owner=owner, due_on=today + timedelta(days=days))
        for text, days in due.items()
    ]
    Measure.objects.filter(pk=made[1].pk).update(due_on=date(2026, 3, 31))
    drop_measure(made[2], because="別の対策に含めたため。")
    return night


def files(*texts: str) -> list[dict[str, object]]:
    return [
        {"name": f"report-{n}.txt", "mimeType": "text/plain", "buffer": text.encode()}
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_screens_fit_and_speak_japanese(open_tab: OpenTab, night: BadNight, width: int) -> None:
    report = Report.objects.get(incident=night.issued)
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, "staff@example.com")
    faults = faults_of(tab, "dashboard-measures", width=width)
    of_report = f"/console/incidents/{night.issued.reference}/report/measures/"
    for name, address in (
        ("measures", "/console/measures/?show=all"),
        ("measures-of", of_report),
        ("measures-of-draft", f"/console/incidents/{night.drafted.reference}/report/measures/"),
        ("measure", f"/console/measures/{Measure.objects.filter(state='open')[0].public_id}/"),
        ("measure-dropped", f"/console/measures/{Measure.objects.get(state='dropped').public_id}/"),
        ("figures", "/console/figures/"),
        ("past-reports", "/console/reports/past/"),
        ("incident-promise", f"/console/incidents/{night.unreported.reference}/"),
        ("page-settings", "/console/page/"),
    ):
        tab.goto(address)
        faults += faults_of(tab, name, width=width)
    for measure in Measure.objects.filter(report=report, state="open"):
        finish_measure(measure)
    tab.goto(of_report)
    tab.click("#tell-look")
    tab.locator("#tell-now").wait_for()
    faults += faults_of(tab, "measures-tell", width=width)
    assert not faults


@pytest.mark.parametrize("width", HEIGHTS)
def test_past_reports_are_looked_through_corrected_and_taken(
    open_tab: OpenTab, night: BadNight, width: int
) -> None:
    tab = open_tab("/console/", width=width, java_script_enabled=width == 1280)
    desk.sign_in(tab, "staff@example.com")
    tab.goto("/console/reports/past/")
    tab.set_input_files("#files", files(GOOD, WRONG))  # type: ignore[arg-type]
    tab.click("#look")
    tab.locator("#sheet-1").wait_for()
    faults = faults_of(tab, "past-reports-looked", width=width) if width == 1280 else []
    keep_picture(tab, f"past-reports-looked-{width}", full_page=width == 1280)
    tab.fill("#text_1", WRONG.replace("(木)", "(金)"))
    tab.click("#take")
    expect(tab.get_by_role("link", name="ARC2020100801")).to_be_visible()
    expect(tab.locator("#sheet-0")).to_have_count(0)
    assert Report.objects.filter(number__startswith="ARC").count() == 2
    assert not faults


def test_the_screens_in_english(open_tab: OpenTab, night: BadNight) -> None:
    Staff.objects.update(language="en")
    for width in HEIGHTS:
        tab = open_tab("/console/", width=width)
        desk.sign_in(tab, "staff@example.com")
        for name, address in (
            ("measures", "/console/measures/?show=all"),
            ("measures-of", f"/console/incidents/{night.issued.reference}/report/measures/"),
            ("figures", "/console/figures/"),
            ("past-reports", "/console/reports/past/"),
        ):
            tab.goto(address)
            keep_picture(tab, f"{name}-en-{width}")
            scrolls = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not tab.evaluate(scrolls), (name, width)


def test_readers_see_the_note_and_the_promise(open_tab: OpenTab, night: BadNight) -> None:
    report = Report.objects.get(incident=night.issued)
    for measure in Measure.objects.filter(report=report, state="open"):
        finish_measure(measure)
    tell_measures(report, NoteText("再発防止策は、すべて実施が完了いたしました。", {}))
    for width in HEIGHTS:
        tab = open_tab(f"/reports/{report.number}", width=width)
        expect(tab.locator("#measures-note")).to_be_visible()
        keep_picture(tab, f"reader-measures-note-{width}")
        tab.goto(f"/incidents/{night.drafted.reference}")
        keep_picture(tab, f"reader-promise-{width}")
