"""A whole report by its screens alone: drafted, written with a footnote and a figure, approved, issued, revised,
withdrawn. The pages of its printed edition are kept as pictures beside those of the screens."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions.page import change_settings
from incidents.models import Incident, Page, Report
from tests import make_report
from tests.browser import desk
from tests.browser.conftest import OpenTab
from tests.browser.test_report_editor import saved
from tests.browser.test_report_life import (
    hand_in_and_approve,
    issue_it,
    open_desk,
    readers_see_what_changed,
    screen,
    state,
    withdraw,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[1] / "output"
TEXTS = {
    "what_happened": "検索結果の反映が遅延いたしました。",
    "scope": "すべてのお客様",
    "cause": "ディスクが一杯になりました。",
    "measures": "空き容量の監視を追加いたしました。",
}


@pytest.fixture
def incident(page: Page) -> Incident:
    change_settings(page, {"four_eyes": True})
    make_report.staff("writer")
    make_report.staff("approver")
    return make_report.resolved(page)


def test_a_report_from_its_draft_to_its_withdrawal(open_tab: OpenTab, incident: Incident) -> None:
    writing, approving = open_desk(open_tab, "writer"), open_desk(open_tab, "approver")
    report = draft_and_write(writing, incident)
    hand_in_and_approve(writing, approving, report)
    number = issue_it(approving, report)
    reading = open_tab(f"/reports/{number}")
    expect(reading.locator(".report-sheet figcaption")).to_have_text("図1 空き容量")
    look_at_pages(reading, number)
    revise_by_the_editor(writing, approving, report)
    reading.reload()
    readers_see_what_changed(reading)
    withdraw(approving, report)
    reading.reload()
    expect(reading.locator(".withdrawn")).to_contain_text("数値に誤りがありました。")


def draft_and_write(writing: Tab, incident: Incident) -> Report:
    writing.goto(f"/console/incidents/{incident.reference}/report/")
    writing.click("#draft-report")
    for name, text in TEXTS.items():
        writing.fill(f"#id_{name}", text)
    writing.locator("#id_scope").evaluate("(area) => area.setSelectionRange(7, 7)")
    writing.locator("[data-part=scope] [data-insert=note]").click()
    writing.keyboard.type("一部の機能に限ります。")
    insert_figure(writing)
    saved(writing)
    report = Report.objects.get(incident=incident)
    assert "(*1) 一部の機能に限ります。" in report.scope
    assert "](figure:figure-1" in report.cause
    return report


def insert_figure(writing: Tab) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (600, 300), "#1d4f91").save(picture, "PNG")
    writing.locator("[data-part=cause] [data-insert=figure]").click()
    file = {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    writing.set_input_files("#figure-file", file)  # type: ignore[arg-type]
    writing.fill("#figure-alternative", "空き容量の推移")
    writing.fill("#figure-caption", "図1 空き容量")
    writing.click("#figure-insert")
    expect(writing.locator("#sheet figcaption")).to_have_text("図1 空き容量")


def look_at_pages(reading: Tab, number: str) -> None:
    href = reading.locator(f"a[href$='{number}.pdf']").first.get_attribute("href")
    answer = reading.request.get(reading.evaluate("(href) => new URL(href, location).href", href))
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF-")
    if shutil.which("pdftoppm"):
        PICTURES.mkdir(exist_ok=True)
        command = ["pdftoppm", "-png", "-r", "60", "-", str(PICTURES / "report-page")]
        subprocess.run(command, input=answer.body(), check=True)
        assert list(PICTURES.glob("report-page-*.png"))


def revise_by_the_editor(writing: Tab, approving: Tab, report: Report) -> None:
    writing.goto(screen(report))
    writing.click("#begin-revision")
    state(writing, "下書き")
    cause = writing.input_value("#id_cause")
    writing.fill("#id_cause", cause.replace("一杯", "満杯"))
    saved(writing)
    writing.click("#request-review")
    approving.goto(screen(report))
    approving.click("#approve-report")
    approving.click("#go-issue-now")
    desk.choose(approving, "reach", "quiet")
    approving.fill("#id_changes", "原因の表現を改めました。")
    approving.click("#issue-report")
    state(approving, "発行済み")
