"""A fall in the mail volume, from the pushed counts to the issued report, as staff and readers live it."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from incidents.actions.monitor import create_monitor
from incidents.lib import times
from incidents.models import Delivery, DeliveryState, Incident, Page, Service
from tests import make
from tests.browser import desk, volumes
from tests.browser.conftest import OpenTab
from tests.smtp import Sink
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVERYTHING, ARCHIVE, RELAY, CONSOLE = (
    f"{who}@example.jp" for who in ("everything", "archive", "relay", "console")
)
SLIP = "拒否してしたアドレスの登録を始めました。"
CORRECTED = "拒否していたアドレスの登録を始めました。"


@dataclass(frozen=True)
class Scene:
    archive: Service
    relay: Service
    incident: Incident
    fell_at: datetime


@pytest.fixture
def scene(page: Page, live_server: LiveServer) -> Scene:
    """Three services with their readers, and a draft that pushed counts have opened."""
    archive = make.service(page, slug="archive", name="メールアーカイブ", code="HEA")
    relay = make.service(page, slug="relay", name="メール送信中継", code="RLY")
    console = make.service(page, slug="console", name="管理画面", code="CON")
    make.staff()
    make.subscriber(page, EVERYTHING)
    make.subscriber(page, ARCHIVE, archive)
    make.subscriber(page, RELAY, relay)
    make.subscriber(page, CONSOLE, console)
    monitor, token = create_monitor(
        archive, kind="baseline", name="受信通数", interval_seconds=3600, status_when_failing="partial_outage"
    )
    fell_at = volumes.push_fall(live_server.url, monitor, token)
    return Scene(archive, relay, Incident.objects.get(), fell_at)


def test_staff_take_an_incident_from_the_draft_to_the_issued_report(
    open_tab: OpenTab, scene: Scene, sender: None, sink: Sink
) -> None:
    tab = open_tab("/console/")
    desk.sign_in(tab, "staff@example.com")
    publish_the_draft_in_one_click(tab, scene)
    correct_the_scope(tab, scene)
    readers_see_the_open_incident(open_tab("/"), scene)
    tell_the_third_and_fourth(tab)
    resolve(tab, scene)
    mark_a_correction(tab)
    number = write_and_issue_the_report(tab, scene)
    the_page_shows_all_of_it(open_tab("/"), scene, number=number)
    each_reader_got_each_mail_once_and_in_order(sink, scene)


def publish_the_draft_in_one_click(tab: Tab, scene: Scene) -> None:
    draft = tab.locator(f"#draft-{scene.incident.reference}")
    expect(draft).to_contain_text("メールアーカイブ 処理量の低下")
    expect(draft).to_contain_text("受信通数")
    expect(draft).to_contain_text(desk.clock(scene.fell_at))
    button = draft.locator(f"#publish-{scene.incident.reference}")
    expect(button).to_contain_text("2")
    button.click()
    expect(tab.locator("#update-1")).to_be_visible()
    expect(tab.locator(".banner.success")).to_contain_text("2")


def correct_the_scope(tab: Tab, scene: Scene) -> None:
    desk.write_update(tab, "identified", "原因は**接続元アドレスの変更**です。")
    expect(tab.locator("#preview strong")).to_have_text("接続元アドレスの変更")
    expect(tab.locator("#audience-count")).to_have_text("2")
    tab.select_option(f"#id_service_{scene.relay.pk}", "degraded")
    expect(tab.locator("#audience-count")).to_have_text("3")
    desk.promise(tab, desk.in_minutes(45, after=times.now()))
    desk.choose(tab, "severity", "major")
    desk.publish(tab, number=2)
    expect(tab.locator("#update-2")).to_contain_text(scene.relay.name)


def readers_see_the_open_incident(tab: Tab, scene: Scene) -> None:
    shown = tab.locator("article.incident")
    expect(shown).to_contain_text("第2報")
    expect(shown).to_contain_text("次回更新予定")
    expect(shown.locator(".update-latest strong")).to_have_text("接続元アドレスの変更")
    for service, status in ((scene.archive, "partial_outage"), (scene.relay, "degraded")):
        line = tab.locator("li.service", has_text=service.name)
        expect(line.locator(f".status-{status}")).to_be_visible()


def tell_the_third_and_fourth(tab: Tab) -> None:
    desk.write_update(tab, "identified", SLIP)
    desk.publish(tab, number=3)
    desk.write_update(tab, "monitoring", "登録が終わり、受信通数は平常に戻りつつあります。")
    desk.publish(tab, number=4)


def resolve(tab: Tab, scene: Scene) -> None:
    expect(tab.locator("#id_recovered_at")).to_be_hidden()
    desk.write_update(tab, "resolved", "復旧しました。ご迷惑をおかけし、深くお詫び申し上げます。")
    expect(tab.locator("#composer-scope")).to_be_hidden()
    tab.fill("#id_recovered_at", desk.to_field(recovery_of(scene)))
    desk.publish(tab, number=5)
    expect(tab.locator("#update-5")).to_contain_text(desk.clock(recovery_of(scene)))


def recovery_of(scene: Scene) -> datetime:
    return desk.in_minutes(200, after=scene.fell_at)


def mark_a_correction(tab: Tab) -> None:
    tab.click("#edit-update-3")
    expect(tab.locator("#preview")).to_contain_text(SLIP)
    tab.fill("#id_body", CORRECTED)
    expect(tab.locator("#preview")).to_contain_text(CORRECTED)
    tab.click("#save-update")
    expect(tab.locator("#update-3 .tag-corrected")).to_be_visible()
    expect(tab.locator("#update-3 > .markdown")).to_have_text(CORRECTED)


def write_and_issue_the_report(tab: Tab, scene: Scene) -> str:
    tab.click("#open-report")
    tab.click("#draft-report")
    assert tab.input_value("#id_period_from") == desk.to_field(scene.fell_at)
    assert tab.input_value("#id_period_until") == desk.to_field(recovery_of(scene))
    expect(tab.locator("#sheet .report-timeline dt")).not_to_have_count(0)
    tab.fill("#id_what_happened", "一部のメールがアーカイブに保存されませんでした。")
    tab.fill("#id_scope", "メールアーカイブをご利用のお客様。")
    tab.fill("#id_cause", "外部サービスの接続元アドレスの変更(*1)。\n\n(*1) 事前の連絡はありませんでした。")
    tab.fill("#id_measures", "1. 受信通数の監視を追加\n2. 拒否した接続の監視を追加")
    tab.click("#save-report")
    expect(tab.locator(".banner.success")).to_contain_text("保存")
    tab.click("#go-issue")
    expect(tab.locator(".document")).to_contain_text("拒否した接続の監視を追加")
    tab.click("#issue-report")
    expect(tab.locator("#save-report")).to_have_count(0)
    scene.incident.refresh_from_db()
    return str(scene.incident.report.number)


def the_page_shows_all_of_it(tab: Tab, scene: Scene, *, number: str) -> None:
    assert number.startswith("HEA")
    tab.locator("dl.days").get_by_role("link", name=scene.incident.title).first.click()
    updates = tab.locator("ol.timeline > li")
    expect(updates).to_have_count(5)
    expect(updates.first).to_contain_text("復旧しました")
    corrected = tab.locator("#update-3")
    expect(corrected.locator("> .prose")).to_have_text(CORRECTED)
    corrected.locator("details.correction summary").click()
    expect(corrected.locator(".correction-text")).to_contain_text(SLIP)
    tab.get_by_role("link", name=number).click()
    assert tab.url.endswith(f"/reports/{number}")
    expect(tab.locator(".report-sheet")).to_contain_text("拒否した接続の監視を追加")
    expect(tab.locator(".report-sheet")).to_contain_text("事前の連絡はありませんでした")


def each_reader_got_each_mail_once_and_in_order(sink: Sink, scene: Scene) -> None:
    wait_until(no_mail_waits, seconds=60, waiting_for="the last mail")
    stem = f"{scene.incident.title} ({scene.incident.reference})"
    told = [f"【障害】【第{n}報】{stem}" for n in (1, 2, 3, 4)]
    told += [f"【復旧】【第5報・最終報】{stem}", f"【障害報告書公開】{stem}"]
    assert subjects(sink, EVERYTHING) == told
    assert subjects(sink, ARCHIVE) == told
    assert subjects(sink, RELAY) == told[1:]
    assert subjects(sink, CONSOLE) == []
    thread = {str(mail["References"]) for mail in mails(sink, ARCHIVE)}
    assert len(thread) == 1


def no_mail_waits() -> bool:
    return not Delivery.objects.exclude(state=DeliveryState.SENT).exists()


def mails(sink: Sink, address: str) -> list[EmailMessage]:
    return [received.message for received in sink.received if received.recipient == address]


def subjects(sink: Sink, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in mails(sink, address)]
