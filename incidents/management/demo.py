"""A page full of life to look at: invented services and incidents around the present, and the reference's past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings

from incidents.actions import incident as incident_actions
from incidents.actions import log, maintenance_clock
from incidents.actions import maintenance as maintenance_actions
from incidents.actions import update as update_actions
from incidents.actions.maintenance_plan import Plan
from incidents.actions.monitor import create_monitor
from incidents.actions.report import draft_report, save_report
from incidents.actions.service import create_service
from incidents.actions.update import Draft, known
from incidents.lib import times
from incidents.management.demo_past import DemoPast
from incidents.reports import issue

# Rows of the record, handed from one action to the next.
Handle = Any
Text = TypeVar("Text")


@dataclass(frozen=True)
class Told:
    after: timedelta
    stage: str
    body: str
    english: str = ""
    recovers_after: timedelta | None = None


@dataclass(frozen=True)
class Past:
    """An invented incident that began `before` the present; spans after its beginning."""

    before: timedelta
    title: str
    service: str
    status: str
    severity: str
    concerned: str
    told: Sequence[Told]
    english: str = ""


@dataclass(frozen=True)
class Work:
    """An invented maintenance, announced `ahead` of its window; that begins `after` the present, or before it."""

    ahead: timedelta
    after: timedelta
    length: timedelta
    service: str
    title: str
    body: str
    english: tuple[str, str]


SERVICES = (
    ("mail", "メール送受信", "MAIL", "メール", "お客様のドメインのメールの送信と受信"),
    ("webmail", "Webメール", "WEB", "メール", "ブラウザでのメールの閲覧と作成"),
    ("sso", "シングルサインオン", "SSO", "認証", "連携サービスへのログイン"),
    ("mfa", "多要素認証", "MFA", "認証", "ワンタイムパスワードと端末証明書による認証"),
    ("files", "ファイル共有", "FILE", "コラボレーション", "ファイルの保管と外部への共有"),
    ("admin", "管理コンソール", "ADM", "管理", "ユーザーと設定の管理"),
    ("api", "管理API", "API", "管理", "ユーザーと設定のプログラムからの管理"),
)

MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

PAST = (
    Past(
        83 * DAYS,
        "Webメールの表示遅延",
        "webmail",
        "degraded",
        "minor",
        "Webメールをご利用のお客様",
        (
            Told(
                10 * MINUTES,
                "investigating",
                "Webメールの画面表示に時間がかかる事象を確認し、調査しております。",
            ),
            Told(
                95 * MINUTES, "resolved", "アクセスの集中が解消し、表示速度が平常に戻ったことを確認しました。"
            ),
        ),
    ),
    Past(
        61 * DAYS,
        "シングルサインオンでのログインエラー",
        "sso",
        "partial_outage",
        "major",
        "SAML連携をご利用のお客様",
        (
            Told(
                12 * MINUTES,
                "investigating",
                "一部の連携サービスにログインできない事象が発生しており、調査しております。",
            ),
            Told(
                40 * MINUTES,
                "identified",
                "署名証明書の更新に伴う設定の不整合が原因であることが判明し、設定の修正を進めております。",
            ),
            Told(
                75 * MINUTES,
                "resolved",
                "設定を修正し、すべての連携サービスにログインできることを確認しました。",
            ),
        ),
    ),
    Past(
        38 * DAYS,
        "ファイルのダウンロード失敗",
        "files",
        "partial_outage",
        "major",
        "外部共有のリンクをご利用のお客様",
        (
            Told(
                8 * MINUTES,
                "investigating",
                "外部共有のリンクからのダウンロードに失敗する事象を確認し、調査しております。",
            ),
            Told(
                55 * MINUTES,
                "monitoring",
                "配信サーバーを切り替え、ダウンロードが正常に行えることを確認しました。経過を観察しております。",
            ),
            Told(3 * HOURS, "resolved", "その後の再発がないことから、復旧したものと判断しました。"),
        ),
    ),
    Past(
        9 * DAYS,
        "メール受信の遅延",
        "mail",
        "degraded",
        "minor",
        "外部からのメールを受信されるお客様",
        (
            Told(
                15 * MINUTES,
                "investigating",
                "外部からのメールの受信に最大20分程度の遅延が発生しております。原因を調査しております。",
            ),
            Told(
                70 * MINUTES,
                "identified",
                "迷惑メール判定処理の滞留が原因であることが判明し、処理能力の増強を進めております。",
            ),
            Told(
                2 * HOURS, "resolved", "滞留していたメールの配送が完了し、遅延が解消したことを確認しました。"
            ),
        ),
    ),
)

OPEN = Past(
    55 * MINUTES,
    "管理コンソールの一部機能が利用できない事象",
    "admin",
    "partial_outage",
    "major",
    "管理コンソールでユーザーの一括登録をご利用のお客様",
    (
        Told(
            9 * MINUTES,
            "investigating",
            "管理コンソールにおいて、**ユーザーの一括登録**が失敗する事象が発生しております。個別の登録は正常にご利用いただけます。",
            "**Importing many users at once** fails in the admin console. Adding them one by one works.",
            2 * HOURS,
        ),
        Told(
            42 * MINUTES,
            "identified",
            "CSVファイルの検証処理に不具合があることを確認し、修正版の準備を進めております。",
            "A fault in the check of the CSV file was found. A corrected version is being prepared.",
            3 * HOURS,
        ),
    ),
    "Part of the admin console cannot be used",
)

PAST_WORK = Work(
    7 * DAYS,
    -4 * DAYS,
    2 * HOURS,
    "files",
    "ファイル共有のストレージ増設",
    "保存容量の増加に備え、ストレージを増設いたします。作業中はファイルの閲覧のみご利用いただけます。",
    (
        "More storage for file sharing",
        "We add storage for the growing amount of files. Files can be read but not changed during the work.",
    ),
)
COMING_WORK = Work(
    5 * DAYS,
    3 * DAYS,
    3 * HOURS,
    "mail",
    "メール送受信サーバーのソフトウェア更新",
    "セキュリティ更新を適用するため、サーバーを順に再起動いたします。"
    "作業中は**送受信に最大10分程度の遅延**が生じることがございますが、メールが失われることはございません。",
    (
        "Software update of the mail servers",
        "We restart the servers one by one to apply security updates. Mail may be **delayed by up to ten minutes**; "
        "none is lost.",
    ),
)

REPORTED = "シングルサインオンでのログインエラー"
REPORT = {
    "what_happened": "一部の連携サービスにおいて、シングルサインオンによるログインができない状況が発生いたしました。",
    "scope": "SAML連携をご利用のお客様の一部(*1)において、連携サービスへのログインがエラーとなりました。\n\n"
    "(*1) 署名証明書の検証を必須としている連携サービスが対象です。",
    "cause": "署名証明書の更新作業において、新しい証明書が一部のサーバーに反映されていませんでした。",
    "measures": "1. 証明書の更新手順に、全サーバーへの反映を機械的に確認する工程を追加しました。\n"
    "2. 署名の検証に失敗した件数を監視対象に加えました。",
}


def make_demo(page: Handle) -> None:
    """Fills the page; the clock of what is written is set back to when it is to have happened."""
    now = times.now()
    with times.at(now - 91 * DAYS):
        services = {
            slug: create_service(page, slug=slug, name=name, code=code, group=group, description=description)
            for slug, name, code, group, description in SERVICES
        }
    seen = DemoPast(services, began_at=now - 90 * DAYS, now=now)
    for past in PAST:
        incident = _play(page, past, services[past.service], now=now, seen=seen)
        if past.title == REPORTED:
            _report(incident, at=now - past.before + 20 * DAYS)
    _play(page, OPEN, services[OPEN.service], now=now, seen=seen)
    _work(page, PAST_WORK, services[PAST_WORK.service], now=now)
    _work(page, COMING_WORK, services[COMING_WORK.service], now=now)
    seen.fail("api", now - 20 * DAYS)
    seen.recover("api", now - 20 * DAYS + 35 * MINUTES)
    seen.keep()
    create_monitor(
        services["webmail"],
        kind="http",
        name="Webメールの応答",
        target=f"{settings.SITE_URL}/healthz",
        interval_seconds=30,
    )


def _play(page: Handle, past: Past, service: Handle, *, now: datetime, seen: DemoPast) -> Handle:
    """Monitors see an outage, and its end; slowness stays below what they are set to."""
    began_at = now - past.before
    with times.at(began_at + 5 * MINUTES):
        incident = incident_actions.open_incident(
            page,
            title=past.title,
            titles=_in_english(page, past.english),
            scope={service: past.status},
            severity=past.severity,
            started_at=began_at,
        )
        log.add_entry(incident, text="監視システムのアラートを受け、調査を開始。", kind="detection")
    is_seen = past.status == "partial_outage"
    if is_seen:
        seen.fail(past.service, began_at + 6 * MINUTES)
    for told in past.told:
        with times.at(began_at + told.after):
            draft = Draft(
                stage=told.stage,
                body=told.body,
                scope={service: past.status} if told is past.told[0] else None,
                concerned=past.concerned,
                estimate=known(began_at + told.recovers_after) if told.recovers_after else None,
                texts=_in_english(page, {"body": told.english}),
            )
            update_actions.publish_update(incident, draft, notify=False)
    if is_seen and past.told[-1].stage == "resolved":
        seen.recover(past.service, began_at + past.told[-1].after)
    return incident


def _in_english(page: Handle, text: Text) -> dict[str, Text]:
    """The text beside the Japanese one, on a page that has both languages."""
    return {"en": text} if "en" in page.languages[1:] else {}


def _work(page: Handle, work: Work, service: Handle, *, now: datetime) -> None:
    """Announced when it was, and run by the clock where its window has passed; windows begin on the hour."""
    begins_at = (now + work.after).replace(minute=0, second=0, microsecond=0)
    title, body = work.english
    plan = Plan(
        title=work.title,
        body=work.body,
        scheduled_from=begins_at,
        scheduled_until=begins_at + work.length,
        services={service: "maintenance"},
        titles=_in_english(page, title),
        bodies=_in_english(page, body),
        auto_finish=True,
    )
    with times.at(min(begins_at - work.ahead, now)):
        maintenance_actions.schedule_maintenance(page, plan, notify=False)
    for instant in (plan.scheduled_from, plan.scheduled_until):
        if instant < now:
            with times.at(instant):
                maintenance_clock.run_due_maintenances()


def _report(incident: Handle, *, at: datetime) -> None:
    with times.at(at):
        report = draft_report(incident, subject="ログインエラー")
        save_report(report, REPORT, version=report.version)
        issue.issue(report, notify=False)
