"""States of a page as a customer may meet them, on 4 September 2020 at 15:02 in Japan."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from incidents.actions.maintenance import start_maintenance
from incidents.actions.report import draft_report, save_report
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Incident, Monitor, Page, Service, ServiceDay, ServiceGroup
from incidents.models.estimate import known
from incidents.reports.issue import issue as issue_report
from tests import make

NOW = make.jst("2020-09-04 15:02")
DAYS, A_DAY, TODAY = 90, 86_400, 15 * 3600
SERVICES = (
    ("archive", "メールアーカイブ", "送受信メールの保存と検索", "メールサービス", "HEA"),
    ("relay", "メール送信中継", "送信メールの中継と迷惑メール判定", "メールサービス", "RLY"),
    ("inbound", "メール受信", "", "メールサービス", "INB"),
    ("console", "管理画面", "設定変更とログの閲覧", "管理機能", "CON"),
    ("api", "API", "", "外部連携", "API"),
)


def _fill(page: Page, *, minutes_silent: int = 1) -> dict[str, Service]:
    services = {}
    for slug, name, description, group, code in SERVICES:
        values = {"slug": slug, "name": name, "description": description, "group": group, "code": code}
        with times.at(NOW - timedelta(days=DAYS)):
            services[slug] = make.service(page, **values)
            watch(services[slug], minutes_silent=minutes_silent)
    watch_days(services.values())
    groups = ServiceGroup.objects.filter(page=page)
    groups.filter(name="外部連携").update(parent=groups.get(name="管理機能"))
    groups.exclude(name="メールサービス").update(is_collapsed=True)
    return services


def watch_days(services: Iterable[Service]) -> None:
    """All well as far as monitors saw, but for one short failure of the relay."""
    ServiceDay.objects.bulk_create(
        ServiceDay(
            service=service,
            day=NOW.date() - timedelta(days=back),
            seconds=A_DAY,
            up=(A_DAY if back else TODAY) - failed,
            partial_outage=failed,
        )
        for service in services
        for back in range(DAYS)
        for failed in [1800 if service.slug == "relay" and back == 55 else 0]
    )


def watch(service: Service, *, minutes_silent: int) -> None:
    monitor = make.monitor(service, kind="http", target="https://example.com")
    at = NOW - timedelta(minutes=minutes_silent)
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=at)


def show_operational(page: Page) -> None:
    services = _fill(page)
    _past_incident(page, services["relay"])


def show_degraded(page: Page) -> None:
    services = _fill(page)
    with times.at(make.jst("2020-09-04 14:40")):
        incident = make.incident(
            page, {services["console"]: "degraded"}, title="管理画面の表示に時間がかかる事象について"
        )
        make.update(incident, body="管理画面の表示に通常より時間がかかっております。原因を調査しております。")


def show_major(page: Page) -> Incident:
    services = _fill(page)
    archive = services["archive"]
    onset = make.jst("2020-09-01 09:00")
    with times.at(make.jst("2020-09-04 12:46")):
        incident = make.incident(
            page,
            {archive: "partial_outage"},
            title="一部のメールがアーカイブに保存されていない事象について",
            severity="major",
            started_at=onset,
        )
        first = make.update(
            incident,
            body="9月1日9時頃より、一部のメールがアーカイブに保存されていないことを確認しました。影響範囲と原因を調査しております。",
            concerned="メールアーカイブをご利用の全てのお客様",
        )
    with times.at(make.jst("2020-09-04 13:05")):
        edit_update(
            first,
            Draft(
                stage="investigating",
                body=first.body.replace("全て", "すべて") + "送受信そのものへの影響はありません。",
            ),
        )
    with times.at(make.jst("2020-09-04 13:50")):
        make.update(
            incident,
            "identified",
            body="外部サービス側の接続元アドレスの変更により、一部の接続を拒否していることを特定しました。\n\n"
            "- 送受信への影響はありません\n- 保存されなかったメールの復旧方法を検討しております",
            scope={archive: "major_outage"},
            severity="critical",
            concerned="G Suite から配送しているお客様",
            workaround="恐れ入りますが、復旧のご連絡まで、送信元での送信済みメールの削除をお控えください。",
            estimate=known(make.jst("2020-09-04 16:00")),
        )
    with times.at(make.jst("2020-09-04 14:46")):
        make.update(
            incident,
            "identified",
            body="拒否していたアドレスの登録作業を開始しました。作業の完了後、保存状況を確認してあらためてご報告いたします。",
            next_update_at=make.jst("2020-09-04 15:30"),
            estimate=known(make.jst("2020-09-04 17:00"), make.jst("2020-09-04 18:00")),
        )
    _past_incident(page, services["relay"])
    return incident


def show_maintenance(page: Page) -> None:
    services = _fill(page)
    with times.at(make.jst("2020-09-01 10:00")):
        running = make.maintenance(
            page,
            {services["console"]: "maintenance"},
            title="管理画面のデータベース更新",
            body="管理画面のデータベースを更新いたします。作業中は**設定の変更とログの閲覧**をご利用いただけません。",
            scheduled_from=make.jst("2020-09-04 14:00"),
            scheduled_until=make.jst("2020-09-04 17:00"),
        )
        make.maintenance(
            page,
            {services["relay"]: "maintenance", services["inbound"]: "degraded"},
            title="メールサーバーのソフトウェア更新",
            body="セキュリティ更新を適用いたします。メールが失われることはございません。",
            scheduled_from=make.jst("2020-09-12 02:00"),
            scheduled_until=make.jst("2020-09-12 04:00"),
        )
    with times.at(make.jst("2020-09-04 14:00")):
        start_maintenance(running)


def show_unknown(page: Page) -> None:
    services = _fill(page)
    Monitor.objects.filter(service__in=[services["inbound"], services["api"]]).update(
        last_result_at=NOW - timedelta(minutes=48)
    )


def show_empty(page: Page) -> None:
    """A page as `setup` leaves it."""


def _past_incident(page: Page, service: Service) -> Incident:
    with times.at(make.jst("2020-08-27 10:10")):
        onset = make.jst("2020-08-27 09:40")
        incident = make.incident(page, {service: "degraded"}, title="メール送信の遅延", started_at=onset)
        make.update(incident, body="メールの送信に遅延が発生しております。")
    with times.at(make.jst("2020-08-27 11:30")):
        make.update(incident, "resolved", body="遅延は解消しました。ご迷惑をおかけし申し訳ございません。")
    with times.at(make.jst("2020-09-01 10:00")):
        texts = {
            "what_happened": "2020年8月27日、メール送信中継において送信の遅延が発生しました。",
            "scope": "メール送信中継をご利用のお客様。",
            "cause": "中継サーバーの設定変更時の誤り(*1)。\n\n(*1) 同時接続数の上限の設定。",
            "measures": "1. 設定変更の手順に確認を追加\n2. 待ち行列の長さの監視を追加",
        }
        report = draft_report(incident)
        issue_report(save_report(report, texts, version=report.version), notify=False)
    return incident


SCENES: Mapping[str, Callable[[Page], object]] = {
    "operational": show_operational,
    "degraded": show_degraded,
    "major": show_major,
    "maintenance": show_maintenance,
    "unknown": show_unknown,
    "empty": show_empty,
}
