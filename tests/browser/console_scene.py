"""A console as it looks on a bad night: a draft, an overdue promise, a report half written, a lost mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.actions import log
from incidents.actions.announcement import pin_announcement
from incidents.actions.api_token import create_token
from incidents.actions.customer import add_note, create_customer, make_member_link
from incidents.actions.detection import Judged
from incidents.actions.group import create_group
from incidents.actions.monitor import apply_judgement
from incidents.actions.report import draft_report, save_report
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import (
    Customer,
    Delivery,
    DeliveryState,
    Incident,
    Maintenance,
    Monitor,
    Notice,
    Page,
    Service,
    ServiceGroup,
    Subscriber,
)
from incidents.models.estimate import known
from incidents.reports.issue import issue as issue_report
from tests import make

SERVICES = (
    ("archive", "メールアーカイブ", "送受信メールの保存と検索", "メールサービス", "HEA"),
    ("relay", "メール送信中継", "送信メールの中継と迷惑メール判定", "メールサービス", "RLY"),
    ("inbound", "メール受信", "", "メールサービス", "INB"),
    ("console", "管理画面", "設定変更とログの閲覧", "管理機能", "CON"),
    ("api", "API", "", "管理機能", "API"),
    ("directory", "ディレクトリ同期", "", "管理機能", "DIR"),
    ("reporting", "月次レポート", "", "", "REP"),
)
TEXTS = {
    "what_happened": "メール送信中継において送信の遅延が発生しました。",
    "scope": "メール送信中継をご利用のお客様。",
    "cause": "中継サーバーの設定変更時の誤り(*1)。\n\n(*1) 同時接続数の上限の設定。",
    "measures": "1. 設定変更の手順に確認を追加\n2. 待ち行列の長さの監視を追加",
}


@dataclass(frozen=True)
class BadNight:
    draft: Incident
    open: Incident
    unreported: Incident
    drafted: Incident
    issued: Incident
    planned: Maintenance
    customer: Customer
    notice: Notice
    reader: Subscriber


def make_bad_night(page: Page) -> BadNight:
    now = times.now()
    services = {
        slug: make.service(page, slug=slug, name=name, description=description, group=group, code=code)
        for slug, name, description, group, code in SERVICES
    }
    make.subscriber(page, "everything@example.jp")
    consent = {"consent_source": "2020年度契約書 第7条", "requested_from": "192.0.2.0/24"}
    make.subscriber(page, "archive@example.jp", services["archive"], **consent)
    for service in services.values():
        watch(service, seen_at=now - timedelta(minutes=48 if service.slug == "api" else 1))
    night = BadNight(
        issued=past(page, services["relay"], "メール送信の遅延", days_ago=20, now=now),
        drafted=past(page, services["console"], "管理画面にログインできない事象", days_ago=9, now=now),
        unreported=past(page, services["inbound"], "メール受信の一時的な停止", days_ago=2, now=now),
        open=open_incident(page, services, now=now),
        draft=judged_draft(services["relay"], now=now),
        planned=missed_maintenance(page, services["directory"], now=now),
        customer=make_member_link(create_customer(page, name="株式会社アクメ")),
        notice=Notice.objects.filter(kind="update").latest("pk"),
        reader=Subscriber.objects.get(email="archive@example.jp"),
    )
    beside = "御社専用の経路は**影響を受けておりません**。"
    add_note(page, body=beside, customer_ids=[night.customer.pk], incident=night.open)
    make.service(make.page(name="海外拠点 稼働状況"), name="海外メール")
    report = draft_report(night.issued)
    issue_report(save_report(report, TEXTS, version=report.version), notify=False)
    draft_report(night.drafted)
    lose_a_mail(night.open)
    pin_announcement(page, body="**計画停電**のため、土曜日は電話でのお問い合わせを休止いたします。")
    create_token("監視ダッシュボード", scope="read")
    create_group(page, name="社内向け", parent=ServiceGroup.objects.get(name="管理機能"), is_collapsed=True)
    return night


def watch(service: Service, *, seen_at: datetime) -> None:
    monitor = make.monitor(
        service, kind="http", name=f"{service.name} 応答", target="https://example.com/health"
    )
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=seen_at, verdict="up", verdict_at=seen_at)


def judged_draft(service: Service, *, now: datetime) -> Incident:
    monitor = make.monitor(service, name="送信通数")
    judged = Judged("low", at=now, onset_at=now - timedelta(hours=3), state={}, ratio=0.62)
    apply_judgement(monitor, judged)
    return Incident.objects.get(state="draft")


def past(page: Page, service: Service, title: str, *, days_ago: int, now: datetime) -> Incident:
    began = now - timedelta(days=days_ago)
    with times.at(began + timedelta(minutes=20)):
        incident = make.incident(page, {service: "degraded"}, title=title, started_at=began)
        make.update(incident, body="事象を確認し、調査しております。")
    with times.at(began + timedelta(hours=2)):
        body = "復旧しました。ご迷惑をおかけし申し訳ございません。"
        make.update(incident, "resolved", body=body, report_due_on=(began + timedelta(days=7)).date())
    return incident


def open_incident(page: Page, services: dict[str, Service], *, now: datetime) -> Incident:
    archive = services["archive"]
    began = now - timedelta(hours=6)
    with times.at(now - timedelta(hours=3)):
        incident = make.incident(
            page,
            {archive: "partial_outage"},
            title="一部のメールがアーカイブに保存されていない事象について",
            severity="major",
            started_at=began,
        )
        log.add_entry(
            incident, text="A社様より「昨日のメールが検索できない」とのお問い合わせ。", kind="enquiry"
        )
        first = make.update(
            incident,
            body="一部のメールがアーカイブに保存されていないことを確認しました。調査しております。",
            concerned="メールアーカイブをご利用の全てのお客様",
        )
    with times.at(now - timedelta(hours=2, minutes=50)):
        edit_update(first, Draft(stage="investigating", body=first.body + "送受信への影響はありません。"))
        log.add_entry(
            incident, text="接続元アドレスの一覧に漏れがないか、外部サービスに照会。", kind="escalation"
        )
    with times.at(now - timedelta(minutes=55)):
        make.update(
            incident,
            "identified",
            body="外部サービス側の**接続元アドレスの変更**により、一部の接続を拒否していました。\n\n"
            "- 送受信への影響はありません\n- 復旧方法を検討しております",
            scope={archive: "major_outage"},
            severity="critical",
            workaround="復旧のご連絡まで、送信済みメールの削除をお控えください。",
            estimate=known(now + timedelta(hours=2), now + timedelta(hours=4)),
            texts={"en": {"body": "The addresses that our partner sends from have changed."}},
            notify=True,
        )
    return incident


def missed_maintenance(page: Page, service: Service, *, now: datetime) -> Maintenance:
    """Its planned start has passed; another one is still to come."""
    with times.at(now - timedelta(days=3)):
        for title, begins_at in (("証明書の更新", now + timedelta(days=2)), ("同期処理の改修", now)):
            maintenance = make.maintenance(
                page,
                {service: "maintenance"},
                title=title,
                scheduled_from=begins_at - timedelta(hours=2),
                scheduled_until=begins_at + timedelta(hours=1),
                notify=title == "同期処理の改修",
            )
    return maintenance


def lose_a_mail(incident: Incident) -> None:
    lost = Delivery.objects.filter(notice__incident=incident, subscriber__email="archive@example.jp")
    told = Delivery.objects.filter(notice__incident=incident).exclude(pk__in=lost)
    words = "2.0.0 Ok: queued as 4VXkQ21pJTz9rxL"
    told.update(state=DeliveryState.SENT, sent_at=times.now(), attempts=1, last_code="250", last_reply=words)
    lost.update(
        state=DeliveryState.FAILED,
        attempts=1,
        last_code="550",
        last_reply="5.1.1 <archive@example.jp>: Recipient address rejected: User unknown",
    )
