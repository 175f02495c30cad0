"""A page on which every kind of v2 object has something to say."""

from datetime import timedelta
from typing import Any

from django.test import Client

from incidents.actions.maintenance import (
    cancel_maintenance,
    finish_maintenance,
    start_maintenance,
    verify_maintenance,
)
from incidents.actions.report import draft_report
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


def plan_everything(on: Page, service: Service) -> None:
    """A maintenance that is over, one called off, one that runs, one to come: announced in this order."""
    announced = make.jst("2020-08-20 09:00")
    for number, (title, from_at) in enumerate(
        [
            ("over", "09-01 01:00"),
            ("off", "09-02 01:00"),
            ("running", "09-04 12:00"),
            ("coming", "09-10 01:00"),
        ]
    ):
        begins_at = make.jst(f"2020-{from_at}")
        with times.at(announced + timedelta(hours=number)):
            made = make.maintenance(on, {service: "maintenance"}, title=title, scheduled_from=begins_at)
        if title == "off":
            with times.at(announced + timedelta(days=1)):
                cancel_maintenance(made)
        if title in ("over", "running"):
            with times.at(begins_at):
                start_maintenance(made)
        if title == "over":
            with times.at(begins_at + timedelta(minutes=90)):
                verify_maintenance(made)
            with times.at(begins_at + timedelta(hours=2)):
                finish_maintenance(made)


def full_page(**values: Any) -> Page:
    """Groups in groups, every status, open and ended incidents, one with its report, maintenance in each state."""
    page = make.page(host="testserver", **values)
    search = watched(page, name="メール検索", slug="search")
    mail = watched(page, name="メール送信", slug="mail", group="メール", description="SMTP")
    queue = watched(page, name="配送", slug="queue", group="送信基盤", minutes_ago=90)
    outer = ServiceGroup.objects.get(name="メール")
    ServiceGroup.objects.filter(name="送信基盤").update(parent=outer)
    plan_everything(page, make.service(page, name="管理画面", slug="console"))
    told(page, {mail: "major_outage"}, "investigating", "resolved", began="2020-08-01 09:00")
    issue(told(page, {queue: "partial_outage"}, "investigating", "resolved", began="2020-09-01 10:00"))
    told(page, {search: "degraded"}, "investigating", "identified", "monitoring")
    return page
