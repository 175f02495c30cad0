"""A page with a long past, put into the database in bulk."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import models

ROWS_AT_ONCE = 500
DAY_SECONDS = 86_400
T = TypeVar("T", bound=models.Model)


@dataclass(frozen=True)
class Size:
    services: int
    incidents: int
    days: int = 365

    def __str__(self) -> str:
        return f"{self.services} services, {self.incidents:,} incidents, {self.days} days"


def fill(size: Size, *, host: str) -> Any:
    """One page; its incidents, all over but one, spread evenly over the days and the services.

    One is told by the actions that staff use, and the others are copied from it.
    """
    from incidents.lib import times
    from incidents.models import Incident, Service
    from tests import make

    now = times.now()
    page = make.page(host=host)
    group = Service(page=page, code="SVC")
    Service.objects.bulk_create(
        _copy(group, slug=f"service-{n}", name=f"Service {n}", position=n) for n in range(size.services)
    )
    services = list(Service.objects.filter(page=page))
    began = now - timedelta(days=size.days)
    with times.at(began):
        first = make.incident(page, {services[0]: "degraded"})
        make.update(first, body="検索結果の一部が表示されない事象を確認しております。" * 4)
    with times.at(began + timedelta(minutes=20)):
        make.update(first, "identified", body="原因を特定し、復旧作業を行っております。" * 4)
    with times.at(began + timedelta(minutes=90)):
        make.update(first, "resolved", body="復旧いたしました。ご迷惑をおかけいたしました。" * 4)
    _copy_incidents(Incident.objects.get(pk=first.pk), services, size)
    _observe(services, size)
    make.update(make.incident(page, {services[1]: "partial_outage"}, title="Still open"))
    page.refresh_from_db()
    return page


def _copy_incidents(first: Any, services: list[Any], size: Size) -> None:
    from incidents.models import Impact, Incident, Update, UpdateScope

    step = timedelta(days=size.days - 1) / size.incidents
    count = size.incidents - 2
    later = [step * (n + 1) for n in range(count)]
    made = Incident.objects.bulk_create(
        (
            _copy(first, reference=f"COPY-{n:06}", title=f"{first.title} {n}", **_shift(first, later[n]))
            for n in range(count)
        ),
        batch_size=ROWS_AT_ONCE,
    )
    for told in first.updates.all():
        copies = Update.objects.bulk_create(
            (_copy(told, incident=made[n], **_shift(told, later[n])) for n in range(count)),
            batch_size=ROWS_AT_ONCE,
        )
        for scope in told.scope.all():
            UpdateScope.objects.bulk_create(
                (_copy(scope, update=copies[n], service=services[n % len(services)]) for n in range(count)),
                batch_size=ROWS_AT_ONCE,
            )
    for impact in first.impacts.all():
        Impact.objects.bulk_create(
            (
                _copy(
                    impact, incident=made[n], service=services[n % len(services)], **_shift(impact, later[n])
                )
                for n in range(count)
            ),
            batch_size=ROWS_AT_ONCE,
        )


def _observe(services: list[Any], size: Size) -> None:
    """What monitors saw of every service on every day: a twentieth of the days with a failure."""
    from incidents.lib import times
    from incidents.models import Monitor, ServiceDay

    chance = random.Random(1)
    today = times.now().date()
    Monitor.objects.bulk_create(Monitor(service=service, kind="http", name="m") for service in services)
    ServiceDay.objects.bulk_create(
        (
            ServiceDay(
                service=service,
                day=today - timedelta(days=back),
                seconds=DAY_SECONDS,
                up=DAY_SECONDS - lost,
                major_outage=lost,
            )
            for service in services
            for back in range(size.days)
            for lost in [chance.randrange(60, 7200) if chance.random() < 0.05 else 0]
        ),
        batch_size=5_000,
    )


def _copy(of: T, **values: Any) -> T:
    """A row like it that is not saved yet."""
    names = (field.attname for field in of._meta.concrete_fields if not field.primary_key)
    made = type(of)(**{name: getattr(of, name) for name in names})
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _shift(of: models.Model, by: timedelta) -> dict[str, Any]:
    """Its instants, so much later."""
    instants = (f.attname for f in of._meta.concrete_fields if isinstance(f, models.DateTimeField))
    return {name: at + by for name in instants if (at := getattr(of, name))}
