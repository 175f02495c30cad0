"""How fast the organisation was, by service and quarter; in a number of queries that does not grow."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q

from incidents.lib.quarters import Quarter, last_quarters, quarter_of
from incidents.models import (
    OVER,
    Impact,
    Incident,
    IncidentState,
    LogEntry,
    LogKind,
    Origin,
    Page,
    Service,
    Update,
)
from incidents.queries.report_promise import kept_at
from incidents.queries.response import (
    Course,
    Figure,
    Kept,
    Measured,
    Promise,
    Summary,
    ToldAt,
    measure,
    summarise,
)

QUARTERS = 8
FEW = 5
"""Below it a median says little, and the screens say so."""


@dataclass(frozen=True)
class QuarterFigures:
    """Of the incidents that began in the quarter."""

    quarter: Quarter
    incidents: int
    figures: Mapping[Figure, Summary]
    promises: Mapping[Promise, Kept]
    told_before_enquiry: int

    @property
    def is_few(self) -> bool:
        return 0 < self.incidents < FEW


@dataclass(frozen=True)
class ServiceFigures:
    """`service` None: the incidents of all, each once."""

    service: Service | None
    quarters: tuple[QuarterFigures, ...]


class _Row(NamedTuple):
    quarter: Quarter
    services: frozenset[int]
    measured: Measured


def figures_of_page(page: Page, *, now: datetime) -> list[ServiceFigures]:
    """All services together first, then each that the page has; the quarters from the earliest on."""
    today = now.astimezone(page.zone).date()
    quarters = last_quarters(today, count=QUARTERS)
    rows = _rows(page, since=quarters[0].first_day, now=now, today=today)
    services = list(Service.objects.filter(page=page).select_related("group").order_by("position", "pk"))
    return [
        ServiceFigures(service, tuple(_of_quarter(quarter, _about(rows, service)) for quarter in quarters))
        for service in [None, *services]
    ]


def _about(rows: Sequence[_Row], service: Service | None) -> list[_Row]:
    return [row for row in rows if service is None or service.pk in row.services]


def _of_quarter(quarter: Quarter, rows: Iterable[_Row]) -> QuarterFigures:
    found = [row.measured for row in rows if row.quarter == quarter]
    return QuarterFigures(
        quarter=quarter,
        incidents=len(found),
        figures={
            figure: summarise([span for one in found for span in one.spans[figure]]) for figure in Figure
        },
        promises={promise: sum((one.promises[promise] for one in found), Kept()) for promise in Promise},
        told_before_enquiry=sum(one.told_before_enquiry for one in found),
    )


def _rows(page: Page, *, since: date, now: datetime, today: date) -> list[_Row]:
    start = datetime(since.year, since.month, since.day, tzinfo=page.zone)
    incidents = list(
        Incident.objects.filter(page=page, state=IncidentState.PUBLIC, started_at__gte=start).order_by("pk")
    )
    ids = [incident.pk for incident in incidents]
    told, log, impacts, reported = _told(ids), _log(ids), _impacts(ids), kept_at(ids)
    return [
        _Row(
            quarter_of(incident.started_at.astimezone(page.zone).date()),
            impacts[incident.pk].services,
            measure(
                _course(
                    incident,
                    told=told[incident.pk],
                    log=log.get(incident.pk, _NO_LOG),
                    ended_at=impacts[incident.pk].ended_at,
                    reported_at=reported.get(incident.pk),
                    zone=page.zone,
                ),
                now=now,
                today=today,
            ),
        )
        for incident in incidents
    ]


class _Logged(NamedTuple):
    """The earliest line of the log that tells of it."""

    enquired_at: datetime | None
    detected_at: datetime | None


class _Hit(NamedTuple):
    services: frozenset[int]
    ended_at: datetime | None


_NO_LOG = _Logged(None, None)


def _course(
    incident: Incident,
    *,
    told: Sequence[ToldAt],
    log: _Logged,
    ended_at: datetime | None,
    reported_at: datetime | None,
    zone: ZoneInfo,
) -> Course:
    """What was taken over from a report tells neither when it was detected nor when it was opened."""
    is_over = incident.stage in OVER
    over_at = (ended_at or incident.resolved_at) if is_over else None
    is_own = incident.origin != Origin.IMPORT
    detected = [log.detected_at, incident.detected_at if is_own else None]
    recognised = [*detected, incident.acknowledged_at, incident.opened_at if is_own else None]
    return Course(
        started_at=incident.started_at,
        detected_at=_earliest(detected),
        enquired_at=log.enquired_at,
        recognised_at=_earliest(recognised),
        told=tuple(told),
        ended_at=over_at,
        ended_on=over_at.astimezone(zone).date() if over_at else None,
        report_due_on=incident.report_due_on,
        reported_on=reported_at.astimezone(zone).date() if reported_at else None,
    )


def _earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


def _told(incident_ids: Sequence[int]) -> dict[int, list[ToldAt]]:
    found: dict[int, list[ToldAt]] = defaultdict(list)
    rows = Update.objects.filter(incident__in=incident_ids).order_by("published_at", "number")
    for incident_id, at, stage, promised_at in rows.values_list(
        "incident_id", "published_at", "stage", "next_update_at"
    ):
        found[incident_id].append(ToldAt(at, stage in OVER, promised_at))
    return found


def _log(incident_ids: Sequence[int]) -> dict[int, _Logged]:
    rows = LogEntry.objects.filter(incident__in=incident_ids).order_by().values_list("incident_id")
    firsts = rows.annotate(
        enquired_at=Min("happened_at", filter=Q(kind=LogKind.ENQUIRY)),
        detected_at=Min("happened_at", filter=Q(kind=LogKind.DETECTION)),
    )
    return {incident_id: _Logged(*instants) for incident_id, *instants in firsts}


def _impacts(incident_ids: Sequence[int]) -> dict[int, _Hit]:
    services: dict[int, set[int]] = defaultdict(set)
    ends: dict[int, list[datetime]] = defaultdict(list)
    rows = (
        Impact.objects.filter(incident__in=incident_ids).order_by().values_list("incident_id", "service_id")
    )
    for incident_id, service_id, ended_at in rows.annotate(ended_at=Max("until_at")):
        services[incident_id].add(service_id)
        ends[incident_id] += [ended_at] if ended_at else []
    return {pk: _Hit(frozenset(services[pk]), max(ends[pk], default=None)) for pk in incident_ids}
