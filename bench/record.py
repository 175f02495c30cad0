"""A page with a long past, put into the database in bulk."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import models

ONE_BY_ONE = 500
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
    with times.at(now - timedelta(days=size.days)):
        first = make.incident(page, {services[0]: "degraded"})
        make.update(first, body="検索結果の一部が表示されない事象を確認しております。" * 4)
        make.update(first, "identified", body="原因を特定し、復旧作業を行っております。" * 4)
        make.update(first, "resolved", body="復旧いたしました。ご迷惑をおかけいたしました。" * 4)
    _copy_incidents(Incident.objects.get(pk=first.pk), services, size)
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
        batch_size=ONE_BY_ONE,
    )
    for told in first.updates.all():
        copies = Update.objects.bulk_create(
            (_copy(told, incident=made[n], **_shift(told, later[n])) for n in range(count)),
            batch_size=ONE_BY_ONE,
        )
        for scope in told.scope.all():
            UpdateScope.objects.bulk_create(
                (_copy(scope, update=copies[n], service=services[n % len(services)]) for n in range(count)),
                batch_size=ONE_BY_ONE,
            )
    for impact in first.impacts.all():
        Impact.objects.bulk_create(
            (
                _copy(
                    impact, incident=made[n], service=services[n % len(services)], **_shift(impact, later[n])
                )
                for n in range(count)
            ),
            batch_size=ONE_BY_ONE,
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
