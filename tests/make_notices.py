"""Plain builders for pages, incidents, updates and subscribers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.models import (
    Incident,
    IncidentState,
    Page,
    Service,
    ServiceStatus,
    Severity,
    Stage,
    Subscriber,
    SubscriberState,
    Update,
    UpdateScope,
)

NOON = datetime(2020, 9, 4, 3, 46, tzinfo=UTC)  # 12:46 in Japan


def make_page(**fields: Any) -> Page:
    values = {"name": "Example Cloud", "organisation": "Example Inc.", "host": "status.example"}
    return Page.objects.create(**{**values, **fields})


def make_service(page: Page, name: str = "Mail archive", **fields: Any) -> Service:
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    return Service.objects.create(page=page, name=name, slug=slug, code="HEA", **fields)


def make_incident(page: Page, **fields: Any) -> Incident:
    values = {
        "reference": "INC-20200904-01",
        "title": "メールアーカイブの受信遅延",
        "started_at": NOON - timedelta(hours=3),
        "opened_at": NOON,
        "state": IncidentState.PUBLIC,
        "published_at": NOON,
    }
    return Incident.objects.create(page=page, **{**values, **fields})


def make_update(
    incident: Incident,
    number: int = 1,
    *,
    scope: dict[Service, str] | None = None,
    stage: str = Stage.INVESTIGATING,
    **fields: Any,
) -> Update:
    at = fields.pop("happened_at", NOON + timedelta(hours=number - 1))
    values = {
        "severity": Severity.MINOR,
        "body": "原因を**調査**しています。",
        "body_html": "<p>原因を<strong>調査</strong>しています。</p>",
        "happened_at": at,
        "published_at": at,
    }
    update = Update.objects.create(incident=incident, number=number, stage=stage, **{**values, **fields})
    for service, status in (scope or {}).items():
        UpdateScope.objects.create(update=update, service=service, status=status)
    return update


def make_subscriber(page: Page, email: str = "reader@example.com", **fields: Any) -> Subscriber:
    services = fields.pop("services", None)
    values: dict[str, Any] = {"state": SubscriberState.ACTIVE, "confirmed_at": NOON}
    if services is not None:
        values["all_services"] = False
    subscriber = Subscriber.objects.create(page=page, email=email, **{**values, **fields})
    subscriber.services.set(services or [])
    return subscriber


def make_subscribers(page: Page, count: int, *, stem: str = "reader", **fields: Any) -> list[Subscriber]:
    values: dict[str, Any] = {"state": SubscriberState.ACTIVE, "confirmed_at": NOON, **fields}
    return Subscriber.objects.bulk_create(
        Subscriber(page=page, email=f"{stem}{index:05}@example.com", **values) for index in range(count)
    )


def degraded(*services: Service) -> dict[Service, str]:
    return dict.fromkeys(services, ServiceStatus.DEGRADED)
