"""Alerts of other systems at the console: a source set up from a pasted sample, and every screen looked at."""

import json
import urllib.request

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions.alert_source import note_refusal, set_rules
from incidents.alerts.heard import Heard
from incidents.alerts.intake import take_events
from incidents.models import AlertSource, Incident, Page
from tests import make, make_alerts
from tests.browser import desk
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.test_console_look import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SAMPLE = {
    "event": {"id": "4711", "status": "DOWN", "title": "ディスク使用率 95%"},
    "priority": "P1",
    "occurred_at": "2026-11-24T03:00:00+09:00",
    "host": "db1.example.jp",
    "api_token": "x",
}


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without"])
def test_a_source_is_set_up_from_a_sample_and_its_event_is_seen(
    open_tab: OpenTab, page: Page, scripted: bool
) -> None:
    make.staff()
    make.service(page, slug="archive", name="メールアーカイブ")
    tab = open_tab("/console/", java_script_enabled=scripted)
    desk.sign_in(tab, "staff@example.com")
    address, secret = make_source(tab)
    say_how_it_is_read(tab)
    try_it_out(tab, scripted=scripted)
    assert send(address, secret, {**SAMPLE, "host": "db2.example.jp"}) == 200
    take_events()
    tab.goto("/console/alert-sources/")
    line = tab.locator(f"#source-{AlertSource.objects.get().pk}")
    expect(line).to_contain_text("24時間の受信1件")
    line.locator("a").first.click()
    expect(tab.locator("#events")).to_contain_text("下書きを作成しました")
    expect(tab.locator("#events")).to_contain_text("host=db2.example.jp")
    tab.locator("#events").get_by_role("link", name=Incident.objects.get().reference).click()
    expect(tab.locator("h1")).to_contain_text("メールアーカイブ")


def make_source(tab: Tab) -> tuple[str, str]:
    tab.goto("/console/services/")
    tab.click("#alerts-in")
    tab.click("#new-source")
    tab.click("#setup-generic")
    tab.fill("#id_name", "社内監視")
    tab.select_option("#id_service", label="メールアーカイブ")
    tab.click("#save-source")
    address, secret = tab.input_value("#source-address"), tab.input_value("#source-secret")
    tab.click("#to-mapping")
    return address, secret


def say_how_it_is_read(tab: Tab) -> None:
    tab.fill("#id_sample", json.dumps(SAMPLE, ensure_ascii=False))
    tab.click("#look")
    expect(tab.locator("#heard")).to_contain_text("ディスク使用率 95%")
    tab.locator(".place", has_text="$.host").click()
    expect(tab.locator("#heard")).to_contain_text("db1.example.jp")
    tab.click("#save-mapping")
    expect(tab.locator(".banner.success")).to_be_visible()


def try_it_out(tab: Tab, *, scripted: bool) -> None:
    """With JavaScript the screen tells by itself what became of the test."""
    tab.click("#send-test")
    expect(tab.locator("#events")).to_contain_text("処理待ちです")
    take_events()
    if not scripted:
        tab.reload()
    expect(tab.locator("#events")).to_contain_text("「メールアーカイブ」のアラート（重大）として扱われます")
    assert not Incident.objects.exists()


def send(address: str, secret: str, body: object) -> int:
    request = urllib.request.Request(
        address,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


@pytest.fixture
def heard(page: Page) -> AlertSource:
    """A source that has told much, one that never told anything, one that is switched off."""
    make.staff()
    archive = make.service(page, slug="archive", name="メールアーカイブ")
    make.service(page, slug="relay", name="メール送信中継")
    make_alerts.source(page, "generic", name="社内監視")
    off = make_alerts.source(page, "mackerel", name="本番監視")
    off.enabled = False
    off.save()
    source = make_alerts.source(page, "alertmanager", name="東京監視", service=archive)
    labels = {
        "alertname": "DiskFull",
        "instance": "db1.tokyo.example.jp:9100",
        "job": "node",
        "mountpoint": "/var/lib/postgresql",
    }
    rules = [
        {
            "conditions": [{"label": "job", "how": "is", "value": "relay"}],
            "service": "relay",
            "severity": "critical",
        },
        {
            "conditions": [
                {"label": "instance", "how": "matches", "value": "^db[0-9]+\\."},
                {"label": "alertname", "how": "begins", "value": "Disk"},
            ],
            "service": "relay",
            "severity": "",
        },
    ]
    make_alerts.hear(
        source,
        make_alerts.fires("disk", title="ディスク使用率が95%を超えています", labels=labels),
        make_alerts.fires("load", title="負荷が高くなっています", severity="minor", labels={"job": "node"}),
    )
    make_alerts.hear(source, Heard("disk", firing=False, title="ディスク使用率が95%を超えています"))
    make_alerts.hear(source)
    set_rules(source, rules)
    note_refusal(source, status=401, reason="unauthorized")
    note_refusal(source, status=422, reason="alerts[0].status: expected a text or a number")
    return source


@pytest.mark.parametrize("width", HEIGHTS)
def test_every_screen_of_alerts_fits_speaks_japanese_and_hinders_nobody(
    open_tab: OpenTab, heard: AlertSource, width: int
) -> None:
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, "staff@example.com")
    own = f"/console/alert-sources/{heard.pk}/"
    generic = AlertSource.objects.get(format="generic")
    faults = []
    for name, address in {
        "alert-sources": "/console/alert-sources/",
        "alert-setups": "/console/alert-sources/new/",
        "alert-source-new": "/console/alert-sources/new/grafana/",
        "alert-source": own,
        "alert-source-edit": f"{own}edit/",
        "alert-rules": f"{own}rules/",
        "alert-source-remove": f"{own}remove/",
        "alert-source-unread": f"/console/alert-sources/{generic.pk}/",
        "alert-mapping-empty": f"/console/alert-sources/{generic.pk}/mapping/",
    }.items():
        answer = tab.goto(address)
        assert answer and answer.status == 200, address
        faults += faults_of(tab, name, width=width)
    tab.fill("#id_sample", json.dumps(SAMPLE, ensure_ascii=False))
    tab.click("#look")
    tab.locator("#heard").wait_for()
    faults += faults_of(tab, "alert-mapping", width=width)
    tab.fill("#id_key", "$.status")
    tab.click("#preview-mapping")
    tab.locator(".errorlist").wait_for()
    faults += faults_of(tab, "alert-mapping-refused", width=width)
    tab.goto(f"{own}rules/")
    tab.click("#add-rule")
    tab.locator("#label_2_0").fill("job")
    tab.click("#try-rules")
    tab.locator(".errorlist").first.wait_for()
    faults += faults_of(tab, "alert-rules-refused", width=width)
    tab.goto("/console/alert-sources/new/datadog/")
    tab.click("#save-source")
    tab.locator(".paste").first.wait_for()
    faults += faults_of(tab, "alert-source-secret", width=width)
    assert not faults, "\n".join(faults)
