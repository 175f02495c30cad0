"""Plain builders: what a test needs of the record, with everything it does not care about filled in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from incidents.actions import incident as incident_actions
from incidents.actions import maintenance as maintenance_actions
from incidents.actions import monitor as monitor_actions
from incidents.actions import service as service_actions
from incidents.actions import update as update_actions
from incidents.actions.maintenance_plan import Plan
from incidents.actions.page import create_page
from incidents.actions.update import Draft
from incidents.lib import times
from incidents.models import (
    Incident,
    Maintenance,
    Monitor,
    Page,
    Service,
    Staff,
    Subscriber,
    SubscriberState,
    Update,
)

JST = ZoneInfo("Asia/Tokyo")
_serial = count(1)


def jst(text: str) -> datetime:
    """`jst("2020-09-04 12:46")`."""
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def page(**values: Any) -> Page:
    given = {
        "name": "稼働状況",
        "organisation": "株式会社サンプル",
        "host": f"status{next(_serial)}.example.com",
        "time_zone": "Asia/Tokyo",
        "languages": ["ja", "en"],
    }
    return create_page(**{**given, **values})


def service(on: Page, **values: Any) -> Service:
    number = next(_serial)
    given = {"slug": f"service-{number}", "name": f"Service {number}", "code": "SVC"}
    return service_actions.create_service(on, **{**given, **values})


def staff(email: str = "staff@example.com", password: str = "correct horse battery") -> Staff:
    return Staff.objects.create_user(email, password, name="担当 太郎")


def subscriber(on: Page, email: str | None = None, *services: Service, **values: Any) -> Subscriber:
    made = Subscriber.objects.create(
        page=on,
        email=email or f"reader{next(_serial)}@example.com",
        state=SubscriberState.ACTIVE,
        confirmed_at=times.now(),
        all_services=not services,
        **values,
    )
    made.services.set(services)
    return made


def phone(on: Page, number: str) -> Subscriber:
    """Who is told by text messages."""
    return Subscriber.objects.create(
        page=on,
        channel="sms",
        endpoint=number,
        state=SubscriberState.ACTIVE,
        confirmed_at=times.now(),
    )


def unsaved_subscriber(on: Page, email: str) -> Subscriber:
    """Active, and of all services: for many of them at once."""
    return Subscriber(page=on, email=email, state=SubscriberState.ACTIVE, confirmed_at=times.now())


def incident(on: Page, scope: Mapping[Service, str] | None = None, **values: Any) -> Incident:
    given = {
        "title": "メール検索結果の反映遅延",
        "scope": scope if scope is not None else {service(on): "degraded"},
    }
    return incident_actions.open_incident(on, **{**given, **values})


def update(of: Incident, stage: str = "investigating", **values: Any) -> Update:
    given = {"stage": stage, "body": "調査しております。"}
    notify = values.pop("notify", False)
    return update_actions.publish_update(of, Draft(**{**given, **values}), notify=notify)


def monitor(of: Service, kind: str = "baseline", **values: Any) -> Monitor:
    given = {"name": f"Monitor {next(_serial)}", "interval_seconds": 3600 if kind == "baseline" else 60}
    made, _ = monitor_actions.create_monitor(of, kind=kind, **{**given, **values})
    return made


def plan(services: Mapping[Service, str], **values: Any) -> Plan:
    """Two hours, beginning an hour from now."""
    begins_at = values.get("scheduled_from") or times.now() + timedelta(hours=1)
    given = {
        "title": "データベースの更新",
        "body": "データベースを新しい版に更新いたします。",
        "scheduled_from": begins_at,
        "scheduled_until": begins_at + timedelta(hours=2),
        "services": services,
    }
    return Plan(**{**given, **values})


def maintenance(on: Page, services: Mapping[Service, str] | None = None, **values: Any) -> Maintenance:
    notify = values.pop("notify", False)
    hit = services if services is not None else {service(on): "maintenance"}
    return maintenance_actions.schedule_maintenance(on, plan(hit, **values), notify=notify)
