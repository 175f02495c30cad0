"""The past of services, read from roll-ups and declared incidents: a year of 500 of them in under 100 ms."""

from calendar import timegm
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import CombinedExpression

from incidents.lib.spans import Ranked, second_of
from incidents.models import (
    RANK,
    Impact,
    MaintenanceService,
    Monitor,
    Page,
    Policy,
    Service,
    ServiceDay,
    ServiceStatus,
)
from incidents.queries.epoch import Second
from incidents.queries.past_days import Calendar, Past, Seconds, declare
from incidents.queries.shown import shown_incidents, shown_maintenances, shown_services

PERIODS = (30, 90, 365)
YEAR = PERIODS[-1]

DAY_SECONDS = 86_400


class Hit(NamedTuple):
    """What an incident told of a service, in seconds since 1970; `until` is None while it lasts."""

    service_id: int
    status: str
    since: int
    until: int | None


def load_pasts(page: Page, *, days: int, now: datetime, hits: Iterable[Hit] | None = None) -> dict[int, Past]:
    """The last `days` days of the page's zone of each service it shows, today as far as it has come.

    `hits` are all of the page's incidents, where they are known already.
    """
    calendar = Calendar.up_to(now, days=days, zone=page.zone)
    services = shown_services(page)
    ones = list(_ones(services, calendar))
    told = read_hits(page, since=calendar.bounds[0]) if hits is None else hits
    declared = _declared_spans(page, told, calendar)
    seen = _days_not_wholly_up(services, calendar)
    holed = [one["pk"] for one in ones if _has_holes(one, calendar)]
    observed = _days_observed(holed, calendar)
    return {
        one["pk"]: _past(
            one,
            calendar,
            declared=declared[one["pk"]],
            seen=seen[one["pk"]],
            observed=observed.get(one["pk"]),
        )
        for one in ones
    }


def read_hits(page: Page, *, since: int) -> list[Hit]:
    """Of all incidents that the page shows, on services that it shows, as far as they last beyond `since`."""
    touching = Q(until_at=None) | Q(until_at__gt=datetime.fromtimestamp(since, UTC))
    impacts = Impact.objects.filter(
        touching, service__in=shown_services(page), incident__in=shown_incidents(page)
    )
    rows = impacts.order_by().values_list("service_id", "status", Second("from_at"), Second("until_at"))
    return [Hit(*row) for row in rows]


def _declared_spans(page: Page, hits: Iterable[Hit], calendar: Calendar) -> Mapping[int, list[Ranked]]:
    """What the page tells of each service, as spans with the RANK of the status: impacts of its incidents, and
    maintenance while it ran, which is that and no outage whatever was expected of it.
    """
    spans: dict[int, list[Ranked]] = defaultdict(list)
    first, until = calendar.bounds[0], calendar.bounds[-1]
    for service_id, status, begins, ends in hits:
        if ends is None or ends > first:
            spans[service_id].append((begins, until if ends is None else ends, _RANK_OF[status]))
    since_at = datetime.fromtimestamp(first, UTC)
    ran = Q(maintenance__ended_at=None) | Q(maintenance__ended_at__gt=since_at)
    works = MaintenanceService.objects.filter(
        ran,
        maintenance__in=shown_maintenances(page),
        maintenance__started_at__isnull=False,
        service__in=shown_services(page),
    )
    window = (Second("maintenance__started_at"), Second("maintenance__ended_at"))
    for service_id, begins, ends in works.order_by().values_list("service_id", *window):
        spans[service_id].append((begins, until if ends is None else ends, _MAINTENANCE))
    return spans


_RANK_OF = {status.value: rank for rank, status in enumerate(RANK)}
_MAINTENANCE = _RANK_OF[ServiceStatus.MAINTENANCE]


def _ones(services: QuerySet[Service], calendar: Calendar) -> Iterable[Mapping[str, Any]]:
    """With the first and the last day on which monitors saw anything, and the number of those before today."""
    rows = ServiceDay.objects.filter(service=OuterRef("pk")).order_by()
    before_today = rows.filter(day__gte=calendar.first, day__lt=calendar.day(len(calendar) - 1))
    counted = before_today.values("service").annotate(n=Count("*")).values("n")
    watching = Monitor.objects.filter(Q(enabled=True) | ~Q(parked_reason=""), service=OuterRef("pk"))
    ones = (
        services.order_by()
        .annotate(
            first_day=Subquery(rows.order_by("day").values("day")[:1]),
            last_day=Subquery(rows.order_by("-day").values("day")[:1]),
            days_seen=Subquery(counted),
            is_watched=Exists(watching),
        )
        .values("pk", "created_at", "policy", "first_day", "last_day", "days_seen", "is_watched")
    )
    return cast(Iterable[Mapping[str, Any]], ones)


def _watched(one: Mapping[str, Any], calendar: Calendar) -> range:
    """Nothing of a service whose monitors staff alone may see: its failures colour nothing either."""
    if one["first_day"] is None or one["policy"] == Policy.OBSERVE:
        return range(0)
    start = min(max(calendar.index(one["first_day"]), 0), len(calendar))
    stop = len(calendar) if one["is_watched"] else calendar.index(one["last_day"]) + 1
    return range(start, max(start, min(stop, len(calendar))))


def _has_holes(one: Mapping[str, Any], calendar: Calendar) -> bool:
    watched = _watched(one, calendar)
    return len(watched) - (len(calendar) - 1 in watched) > (one["days_seen"] or 0)


def _index(calendar: Calendar) -> CombinedExpression:
    """The place of a row's day in the calendar: thousands of dates are not read as such."""
    return (Second("day") - Value(timegm(calendar.first.timetuple()))) / Value(DAY_SECONDS)


def _days_not_wholly_up(services: QuerySet[Service], calendar: Calendar) -> Mapping[int, dict[int, Seconds]]:
    rows = ServiceDay.objects.filter(service__in=services, day__gte=calendar.first, up__lt=F("seconds"))
    fields = ("up", "maintenance", "degraded", "partial_outage", "major_outage")
    found: dict[int, dict[int, Seconds]] = defaultdict(dict)
    for service_id, index, *by_rank in rows.order_by().values_list("service_id", _index(calendar), *fields):
        found[service_id][index] = Seconds(*by_rank)
    return found


def _days_observed(ids: Collection[int], calendar: Calendar) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = {service_id: set() for service_id in ids}
    rows = ServiceDay.objects.filter(service__in=ids, day__gte=calendar.first)
    for service_id, index in rows.order_by().values_list("service_id", _index(calendar)):
        found[service_id].add(index)
    return found


def _past(
    one: Mapping[str, Any],
    calendar: Calendar,
    *,
    declared: list[Ranked],
    seen: Mapping[int, Seconds],
    observed: set[int] | None,
) -> Past:
    watched = _watched(one, calendar)
    days = {index: seconds for index, seconds in seen.items() if index in watched}
    today = len(calendar) - 1
    if observed is not None:
        days |= {index: Seconds() for index in watched if index != today and index not in observed}
    if today in watched:
        days.setdefault(today, Seconds())  # its row, if there is one, is never wholly up
    begins = [second_of(one["created_at"]), *(start for start, _, _ in declared)]
    if watched:
        begins.append(calendar.bounds[watched.start])
    return Past(calendar, min(begins), declare(declared, calendar), days, watched)
