"""A page on which every kind of v2 object has something to say."""

from datetime import timedelta
from typing import Any

from django.test import Client

from incidents.actions.report import draft_report
from incidents.actions.service import set_status
from incidents.lib import times
from incidents.models import Incident, Monitor, Page, Report, Service, ServiceGroup
from tests import make

NOW = make.jst("2020-09-04 12:50")


def read(endpoint: str, **headers: str) -> Any:
    with times.at(NOW):
        response = Client().get(f"/api/v2/{endpoint}", headers=headers)
    assert response.status_code == 200, response.status_code
    return response.json()


def watched(on: Page, *, minutes_ago: int = 1, **values: Any) -> Service:
    service = make.service(on, **values)
    monitor = make.monitor(service, kind="http", target="https://example.com")
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=NOW - timedelta(minutes=minutes_ago))
    return service


def told(on: Page, scope: dict[Service, str], *stages: str, began: str = "2020-09-04 12:00") -> Incident:
    """An incident with one update a stage, ten minutes apart."""
    start = make.jst(began)
    with times.at(start):
        incident = make.incident(on, scope)
    for number, stage in enumerate(stages):
        with times.at(start + timedelta(minutes=10 * number)):
            make.update(incident, stage)
    return incident


def issue(incident: Incident, *, number: str = "SVC2020090501") -> Report:
    """Its report, issued at noon of the next day, without asking for its texts."""
    with times.at(make.jst("2020-09-05 12:00")):
        report = draft_report(incident)
    at = make.jst("2020-09-05 12:00")
    Report.objects.filter(pk=report.pk).update(
        state="issued", number=number, issued_on=at.date(), issued_at=at
    )
    return report


def full_page(**values: Any) -> Page:
    """Groups in groups, every status, open and ended incidents, one with its report."""
    page = make.page(host="testserver", **values)
    search = watched(page, name="メール検索", slug="search")
    mail = watched(page, name="メール送信", slug="mail", group="メール", description="SMTP")
    queue = watched(page, name="配送", slug="queue", group="送信基盤", minutes_ago=90)
    outer = ServiceGroup.objects.get(name="メール")
    ServiceGroup.objects.filter(name="送信基盤").update(parent=outer)
    set_status(make.service(page, name="管理画面", slug="console"), "maintenance")
    told(page, {mail: "major_outage"}, "investigating", "resolved", began="2020-08-01 09:00")
    issue(told(page, {queue: "partial_outage"}, "investigating", "resolved", began="2020-09-01 10:00"))
    told(page, {search: "degraded"}, "investigating", "identified", "monitoring")
    return page
