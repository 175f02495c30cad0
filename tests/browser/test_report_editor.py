"""A report is written in the browser: nothing typed is lost, and nobody's words replace another's."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from PIL import Image
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

from incidents.actions.log import add_entry
from incidents.actions.report import draft_report
from incidents.actions.report_text import set_parties, write_report
from incidents.models import Page, Report, Staff
from tests import make
from tests.browser import desk
from tests.browser.conftest import HEIGHTS, OpenTab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[1] / "output"
TEXTS = {
    "what_happened": "2020年9月4日(木) 9時00分頃より、メール検索結果の反映が遅延しました。",
    "scope": "メールアーカイブをご利用のお客様。\n\nデータの消失はありません。",
    "cause": "接続元アドレスの一覧の更新漏れ(*1)。○○の設定を含みます。\n\n(*1) 外部サービスからの通知にもとづく一覧。",
    "measures": "1. 受信通数の監視を追加(*2)\n\n(*2) 一時間ごとに平常時と比較します。\n\n2. 通知の受信者を追加",
    "greeting": "平素より弊社サービスをご利用いただき、誠にありがとうございます。",
}


@pytest.fixture
def report(page: Page) -> Report:
    make.staff()
    archive = make.service(page, name="メールアーカイブ", code="HEA", texts={"en": {"name": "Email Archive"}})
    incident = make.incident(
        page,
        {archive: "partial_outage"},
        title="メール検索結果の反映遅延",
        started_at=make.jst("2020-09-01 09:00"),
    )
    for text, kind, source in (
        ("受信通数が平常の62%に低下したことを検知。", "detection", "monitor"),
        ("A社様より検索結果についてお問い合わせ。", "enquiry", "staff"),
        ("外部サービスに照会。", "escalation", "staff"),
    ):
        add_entry(incident, text=text, kind=kind, source=source, happened_at=make.jst("2020-09-04 10:00"))
    make.update(incident, happened_at=make.jst("2020-09-04 12:46"))
    make.update(incident, stage="resolved", happened_at=make.jst("2020-09-08 11:00"))
    return draft_report(incident)


@pytest.fixture
def filled(report: Report) -> Report:
    written = {(name, "ja"): text for name, text in TEXTS.items()}
    written["cause", "en"] = "The list of addresses was not renewed(*1).\n\n(*1) As the partner announces it."
    write_report(report, written)
    set_parties(report, [("外部メール株式会社", "外部サービス事業者")])
    return report


def address(report: Report, rest: str = "") -> str:
    return f"/console/incidents/{report.incident.reference}/report/{rest}"


def open_editor(
    open_tab: OpenTab, report: Report, *, email: str = "staff@example.com", width: int = 1280
) -> Tab:
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, email)
    tab.goto(address(report))
    return tab


def saved(tab: Tab) -> None:
    expect(tab.locator("#save-state[data-state=saved]")).to_be_visible()


def stored(report: Report, name: str) -> str:
    report.refresh_from_db()
    return str(getattr(report, name))


def test_what_is_typed_is_saved_by_itself_and_shown_as_printed(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    tab.fill("#id_cause", "ディスクの**空き容量**がなくなりました。")
    expect(tab.locator("#save-state[data-state=typing]")).to_be_visible()
    expect(tab.locator("#sheet .report-cause strong")).to_have_text("空き容量")
    saved(tab)
    assert stored(report, "cause") == "ディスクの**空き容量**がなくなりました。"


def test_a_footnote_is_inserted_and_all_are_numbered_by_first_use(open_tab: OpenTab, report: Report) -> None:
    write_report(report, {("cause", "ja"): "原因(*1)。\n\n(*1) 後の注。"})
    tab = open_editor(open_tab, report)
    tab.fill("#id_scope", "1. 全てのお客様\n\n2. 管理者")
    tab.locator("#id_scope").evaluate("(area) => area.setSelectionRange(9, 9)")
    tab.locator("[data-part=scope] [data-insert=note]").click()
    assert tab.input_value("#id_scope") == "1. 全てのお客様(*2)\n\n(*2) 注記\n\n2. 管理者"
    tab.keyboard.type("一部を除きます。")
    saved(tab)
    expect(tab.locator("#id_cause")).to_have_value("原因(*1)。\n\n(*1) 後の注。")
    tab.locator("#id_measures").focus()
    expect(tab.locator("#id_scope")).to_have_value(
        "1. 全てのお客様(*1)\n\n(*1) 一部を除きます。\n\n2. 管理者"
    )
    expect(tab.locator("#id_cause")).to_have_value("原因(*2)。\n\n(*2) 後の注。")


def test_text_outlives_a_server_that_is_down(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    saved(tab)

    def refuse(route: Route) -> None:
        route.abort("connectionrefused")

    tab.route("**/report/**", refuse)
    tab.fill("#id_cause", "停止中に書いた文章")
    expect(tab.locator("#save-state[data-state=retrying]")).to_be_visible()
    tab.unroute("**/report/**", refuse)
    saved(tab)
    assert stored(report, "cause") == "停止中に書いた文章"


def test_text_outlives_the_session_and_is_offered_after_signing_in_again(
    open_tab: OpenTab, report: Report
) -> None:
    tab = open_editor(open_tab, report)
    saved(tab)
    Session.objects.all().delete()
    tab.fill("#id_cause", "サインアウト中に書いた文章")
    expect(tab.locator("#save-state[data-state=signedOut]")).to_be_visible()
    expect(tab.locator("#signed-out")).to_be_visible()
    tab.locator("#signed-out a").click()
    tab.fill("#id_login", "staff@example.com")
    tab.fill("#id_password", desk.PASSWORD)
    tab.click("#sign-in")
    expect(tab.locator("#kept")).to_be_visible()
    tab.fill("#id_scope", "先に書いた影響範囲")
    saved(tab)
    tab.reload()
    expect(tab.locator("#kept")).to_be_visible()
    tab.click("#kept-take")
    expect(tab.locator("#id_cause")).to_have_value("サインアウト中に書いた文章")
    saved(tab)
    assert stored(report, "cause") == "サインアウト中に書いた文章"
    tab.reload()
    expect(tab.locator("#kept")).to_be_hidden()


def test_signing_in_again_elsewhere_saves_what_was_typed_meanwhile(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    saved(tab)
    Session.objects.all().delete()
    tab.fill("#id_cause", "別のタブでサインインする前の文章")
    expect(tab.locator("#save-state[data-state=signedOut]")).to_be_visible()
    other = tab.context.new_page()
    desk.sign_in(other, "staff@example.com")
    saved(tab)
    assert stored(report, "cause") == "別のタブでサインインする前の文章"


def test_two_people_at_once_are_told_and_nothing_is_overwritten(open_tab: OpenTab, report: Report) -> None:
    Staff.objects.create_user("hanako@example.com", desk.PASSWORD, name="花子")
    mine, theirs = open_editor(open_tab, report), open_editor(open_tab, report, email="hanako@example.com")
    mine.reload()
    expect(mine.locator("#people")).to_contain_text("花子")
    theirs.fill("#id_scope", "花子の影響範囲")
    mine.fill("#id_cause", "太郎の原因")
    saved(theirs)
    saved(mine)
    assert (stored(report, "scope"), stored(report, "cause")) == ("花子の影響範囲", "太郎の原因")
    theirs.fill("#id_measures", "花子の対策")
    saved(theirs)
    mine.fill("#id_measures", "太郎の対策")
    expect(mine.locator("[data-part=measures] .theirs")).to_contain_text("花子の対策")
    expect(mine.locator("#id_measures")).to_have_value("太郎の対策")
    assert stored(report, "measures") == "花子の対策"
    assert not list(faults_of(mine, "report-editor-overtaken"))
    mine.locator("[data-part=measures] [data-choose=mine]").click()
    saved(mine)
    assert stored(report, "measures") == "太郎の対策"


def test_a_figure_is_dropped_into_a_text_with_what_it_shows(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    target = io.BytesIO()
    Image.new("RGB", (600, 300), "#1d4f91").save(target, "PNG")
    tab.fill("#id_cause", "次の図のとおりです。")
    tab.locator("[data-part=cause] [data-insert=figure]").click()
    tab.set_input_files(
        "#figure-file", {"name": "a.png", "mimeType": "image/png", "buffer": target.getvalue()}
    )
    tab.click("#figure-insert")
    expect(tab.locator("#figure-problem")).to_be_visible()
    assert not list(faults_of(tab, "report-editor-figure"))
    tab.fill("#figure-alternative", "受信通数の推移")
    tab.fill("#figure-caption", "図1 受信通数")
    tab.click("#figure-insert")
    expect(tab.locator("#id_cause")).to_have_value(
        '次の図のとおりです。\n\n![受信通数の推移](figure:figure-1 "図1 受信通数")'
    )
    shown = tab.locator("#sheet figure img")
    expect(shown).to_have_attribute("alt", "受信通数の推移")
    expect(tab.locator("#sheet figcaption")).to_have_text("図1 受信通数")
    assert shown.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 600


def test_a_figure_pasted_from_the_clipboard_is_offered(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    target = io.BytesIO()
    Image.new("RGB", (60, 30), "#1d4f91").save(target, "PNG")
    tab.locator("#id_cause").evaluate(
        """(area, bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "clip.png", { type: "image/png" }));
            area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(target.getvalue()),
    )
    tab.fill("#figure-alternative", "青い長方形")
    tab.fill("#figure-caption", "図")
    tab.click("#figure-insert")
    expect(tab.locator("#id_cause")).to_have_value('![青い長方形](figure:figure-1 "図")')


def test_somebody_vouches_for_a_claim_beside_the_text(open_tab: OpenTab, filled: Report) -> None:
    tab = open_editor(open_tab, filled)
    saved(tab)
    claim = tab.locator("#checks li", has_text="データの消失はありません。")
    claim.get_by_role("button").click()
    expect(claim).to_have_class("check-done")
    expect(claim).to_contain_text("担当 太郎")
    filled.refresh_from_db()
    assert [told["by"] for told in filled.confirmed.values()] == ["担当 太郎"]


def test_lines_are_dragged_out_and_taken_in_by_the_keyboard(open_tab: OpenTab, report: Report) -> None:
    tab = open_editor(open_tab, report)
    tab.click("#go-lines")
    line = tab.locator("[data-lines=kept] li", has_text="外部サービスに照会。")
    line.drag_to(tab.locator("[data-lines=left]"))
    moved = tab.locator("[data-lines=left] li", has_text="外部サービスに照会。")
    expect(moved).to_be_visible()
    expect(tab.locator("[data-count=left]")).to_have_text("1")
    moved.get_by_role("button").first.focus()
    tab.keyboard.press("Enter")
    expect(line).to_be_visible()
    expect(tab.locator("[data-lines=kept] li")).to_have_count(5)
    line.get_by_role("button", name="前の行に結合する").click()
    expect(line.locator(".tag", has_text="前の行と結合")).to_be_visible()
    line.locator("summary").click()
    line.locator("textarea[lang=ja]").fill("外部サービス事業者に照会。")
    line.get_by_role("button", name="文言を保存").click()
    expect(tab.locator(".line-wording")).to_contain_text("外部サービス事業者に照会。")


def test_the_editor_works_without_javascript(open_tab: OpenTab, report: Report) -> None:
    tab = open_tab("/console/", java_script_enabled=False)
    desk.sign_in(tab, "staff@example.com")
    tab.goto(address(report))
    tab.fill("#id_cause", "ディスクの**空き容量**")
    tab.click("#preview-text")
    expect(tab.locator("#sheet .report-cause strong")).to_have_text("空き容量")
    assert stored(report, "cause") == ""
    tab.click("#save-report")
    assert stored(report, "cause") == "ディスクの**空き容量**"
    tab.click("#propose-scope")
    assert stored(report, "scope").startswith("対象サービスと期間")
    tab.click("#go-lines")
    tab.locator("[data-lines=kept] li", has_text="照会").get_by_role("button", name="載せない").click()
    expect(tab.locator("[data-lines=left] li")).to_have_count(1)


@pytest.mark.parametrize("width", HEIGHTS)
def test_every_screen_of_a_draft_fits_and_hinders_nobody(
    open_tab: OpenTab, filled: Report, width: int
) -> None:
    tab = open_editor(open_tab, filled, width=width)
    tab.locator("#sheet .report-measures").wait_for(state="attached")
    assert tab.locator("#sheet").is_visible() is (width == 1280)
    faults = list(faults_of(tab, f"report-editor-{width}"))
    if width == 375:
        tab.locator("[name=desk-view][value=read]").check()
        faults += faults_of(tab, "report-editor-375-read")
    for rest in ("texts/en/", "lines/"):
        tab.goto(address(filled, rest))
        faults += faults_of(tab, f"report-editor-{rest.strip('/').replace('/', '-')}-{width}")
    tab.goto("/console/page/reports/")
    faults += faults_of(tab, f"report-templates-{width}")
    assert not faults


def test_the_editor_hinders_nobody_in_the_dark(open_tab: OpenTab, filled: Report) -> None:
    tab = open_editor(open_tab, filled)
    tab.emulate_media(color_scheme="dark")
    assert not list(faults_of(tab, "report-editor-dark"))


def faults_of(tab: Tab, name: str) -> Iterator[str]:
    PICTURES.mkdir(exist_ok=True)
    tab.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    tab.screenshot(path=PICTURES / f"{name}-screen.png")
    for violation in Axe().run(tab).response["violations"]:
        yield f"{name}: {violation['id']}: {violation['nodes'][0]['html'][:150]}"
    if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield f"{name}: scrolls sideways"
