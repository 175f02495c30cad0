"""A report between two people: handed in, approved, issued, revised, withdrawn, as they and readers live it."""

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions.customer import create_customer
from incidents.actions.page import change_settings
from incidents.actions.report import save_report
from incidents.models import Page, Report, Staff
from tests import make_report
from tests.browser import desk
from tests.browser.conftest import OpenTab
from tests.browser.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def writer() -> Staff:
    return make_report.staff("writer")


@pytest.fixture
def report(page: Page, writer: Staff) -> Report:
    change_settings(page, {"four_eyes": True})
    make_report.staff("approver")
    return make_report.draft(make_report.resolved(page), writer=writer)


def screen(report: Report, rest: str = "") -> str:
    return f"/console/incidents/{report.incident.reference}/report/{rest}"


def open_desk(open_tab: OpenTab, who: str) -> Tab:
    tab = open_tab("/console/")
    desk.sign_in(tab, f"{who}@example.com")
    return tab


def state(tab: Tab, words: str) -> None:
    expect(tab.locator("#report-state")).to_have_text(words)


def test_a_report_is_approved_by_a_second_person_issued_revised_and_withdrawn(
    open_tab: OpenTab, report: Report, writer: Staff
) -> None:
    writing, approving = open_desk(open_tab, "writer"), open_desk(open_tab, "approver")
    hand_in_and_approve(writing, approving, report)
    number = issue_it(approving, report)
    reading = open_tab(f"/reports/{number}")
    expect(reading.locator(".report-sheet")).to_contain_text("ディスクが一杯になりました。")
    revise(writing, approving, report, writer)
    reading.reload()
    readers_see_what_changed(reading)
    withdraw(approving, report)
    reading.reload()
    expect(reading.locator(".withdrawn")).to_contain_text("数値に誤りがありました。")
    look_at(reading, "report-withdrawn", keep=False)


def hand_in_and_approve(writing: Tab, approving: Tab, report: Report) -> None:
    writing.goto(screen(report))
    state(writing, "下書き")
    writing.click("#request-review")
    state(writing, "確認中")
    writing.click("#approve-report")
    expect(writing.locator(".banner.error")).to_contain_text("ほかの人の承認が必要です")
    approving.goto(screen(report))
    approving.click("#check-report")
    approving.click("#approve-report")
    state(approving, "承認済み")
    expect(approving.locator("#report-life")).to_contain_text("approver")


def issue_it(approving: Tab, report: Report) -> str:
    approving.click("#go-issue-now")
    look_at(approving, "report-issue", keep=False)
    desk.choose(approving, "reach", "audience")
    approving.click("#issue-report")
    state(approving, "発行済み")
    report.refresh_from_db()
    return str(report.number)


def revise(writing: Tab, approving: Tab, report: Report, writer: Staff) -> None:
    writing.goto(screen(report))
    writing.click("#begin-revision")
    state(writing, "下書き")
    report.refresh_from_db()
    save_report(report, {"cause": "ディスクが満杯になりました。"}, version=report.version, actor=writer)
    writing.reload()
    writing.click("#request-review")
    approving.goto(screen(report))
    approving.click("#approve-report")
    state(approving, "承認済み")
    approving.click("#go-issue-now")
    desk.choose(approving, "reach", "quiet")
    approving.fill("#id_changes", "原因の表現を改めました。")
    approving.click("#issue-report")
    state(approving, "発行済み")
    approving.click("#go-editions")
    approving.select_option("#old", "1")
    approving.select_option("#new", "2")
    approving.click("#compare-form button")
    expect(approving.locator("#differences ins")).to_contain_text("満杯")
    look_at(approving, "report-editions", keep=False)


def readers_see_what_changed(reading: Tab) -> None:
    expect(reading.locator(".report-editions")).to_contain_text("原因の表現を改めました。")
    reading.locator("details.report-differences summary").click()
    expect(reading.locator("details.report-differences del")).to_contain_text("一杯")
    look_at(reading, "report-revised", keep=False)


def withdraw(approving: Tab, report: Report) -> None:
    approving.goto(screen(report))
    approving.click("#go-withdraw")
    look_at(approving, "report-withdraw", keep=False)
    approving.fill("#id_because", "数値に誤りがありました。")
    approving.click("#withdraw-report")
    state(approving, "取り下げ")


def test_a_customer_opens_the_report_by_a_link_from_the_console(
    open_tab: OpenTab, report: Report, page: Page
) -> None:
    change_settings(page, {"four_eyes": False})
    make_report.issued(report, reach="customers")
    customer = create_customer(page, name="株式会社顧客")
    tab = open_desk(open_tab, "approver")
    tab.goto(screen(report, "links/"))
    tab.select_option("#id_customer", str(customer.pk))
    tab.click("#make-link")
    look_at(tab, "report-links", keep=False)
    address = tab.locator("#links input[readonly]").input_value()
    reading = open_tab(address)
    expect(reading.locator("main")).to_contain_text("株式会社顧客")
    look_at(reading, "report-shared", keep=False)
    reading.click("#open-report")
    expect(reading.locator(".report-sheet")).to_contain_text("ディスクが一杯になりました。")
    tab.reload()
    expect(tab.locator("#links")).to_contain_text("最終閲覧")
    tab.locator("#links .danger").click()
    reading.goto(address)
    expect(reading.locator("main")).to_contain_text("このリンクはご利用いただけません")
