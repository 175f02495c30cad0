"""The status of each service, derived: from people's words first, then from what monitors see."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from incidents.lib import times
from incidents.lib.freshness import patience
from incidents.lib.languages import Texts, in_language
from incidents.models import (
    OVER,
    RUNNING,
    Impact,
    IncidentState,
    MaintenanceService,
    Monitor,
    MonitorKind,
    Page,
    Policy,
    Service,
    ServiceGroup,
    ServiceStatus,
    Signal,
    Verdict,
    worst,
)
from incidents.queries.shown import shown_services


@dataclass(frozen=True)
class UpstreamView:
    """What another's status page says of something that a service stands on, under the name that staff gave it."""

    name: str
    status: ServiceStatus


@dataclass(frozen=True)
class ServiceView:
    """`is_stale`: watched, but by nothing that can tell now; the status may still be known from people.

    `stale_after`: when it becomes so unless another result comes; None for what nothing watches.
    `changed_at`: when the status last changed, as far as it is on record.
    `upstreams`: those that the public may hear of, and that report something else than that all is well.
    `fallbacks`: names and descriptions nobody wrote in the language of the view, each with the one it is in.
    """

    id: int
    page_id: int
    slug: str
    name: str
    group_id: int | None
    group: str
    description: str
    status: ServiceStatus
    since: datetime | None
    is_set_by_hand: bool
    last_data_at: datetime | None
    is_stale: bool
    stale_after: datetime | None
    created_at: datetime
    changed_at: datetime
    first_language: str
    texts: Texts
    upstreams: tuple[UpstreamView, ...] = ()
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, language: str) -> "ServiceView":
        return in_language(self, ("name", "group", "description"), language)


@dataclass(frozen=True)
class _Cause:
    status: str
    since: datetime | None


def is_stale(monitor: Monitor, *, now: datetime) -> bool:
    """Whether the newest result is too old to be believed."""
    oldest = now - patience(monitor.interval_seconds)
    return monitor.last_result_at is None or monitor.last_result_at < oldest


def _can_tell(monitor: Monitor, *, now: datetime) -> bool:
    """Whether the monitor's word makes its service green: none from a parked one, from an old result, or
    where too few results came to judge. A baseline that still learns is no reason for grey.
    """
    if not monitor.enabled or is_stale(monitor, now=now):
        return False
    has_none = monitor.verdict == Verdict.UNKNOWN and monitor.verdict_at is not None
    return not has_none or monitor.kind == MonitorKind.BASELINE


def view_services(page: Page) -> tuple[ServiceView, ...]:
    """The services that a page shows, in order: its own before others, by the tree of groups, then by
    position."""
    return _view_all(shown_services(page), page=page)


def view_own_services(page: Page) -> tuple[ServiceView, ...]:
    """The services that belong to the page, for those who keep them."""
    return _view_all(Service.objects.filter(page=page), page=page)


def _view_all(found: QuerySet[Service], *, page: Page) -> tuple[ServiceView, ...]:
    services = sorted(
        found.select_related("page", "group__parent__parent").annotate(**_last_hit()),
        key=lambda s: (s.page_id != page.pk, place_of(s.group), s.position, s.pk),
    )
    told = _told_by_incidents(found)
    seen = _seen_by_monitors(found)
    planned = _under_maintenance(found)
    monitors: dict[int, list[Monitor]] = defaultdict(list)
    upstreams: dict[int, list[UpstreamView]] = defaultdict(list)
    watching = Q(enabled=True) | ~Q(parked_reason="")
    watched = Monitor.objects.filter(watching, service__in=found).defer("state")
    for monitor in watched.annotate(reported=reported_status()):
        # What an upstream says of itself is no word of ours about the service.
        if monitor.kind != MonitorKind.UPSTREAM:
            monitors[monitor.service_id].append(monitor)
        elif monitor.is_charted and (view := view_upstream(monitor)):
            upstreams[monitor.service_id].append(view)
    return tuple(
        _view(
            service,
            told=told[service.pk],
            seen=seen[service.pk],
            planned=planned[service.pk],
            monitors=monitors[service.pk],
            upstreams=tuple(upstreams[service.pk]),
        ).in_language(page.first_language)
        for service in services
    )


def reported_status() -> KeyTextTransform:
    """What an upstream's monitor was last told, from its state."""
    return KeyTextTransform("status", KeyTextTransform("memory", "state"))


def view_upstream(monitor: Monitor) -> UpstreamView | None:
    """Of a monitor with `reported_status`. None where the upstream is well, or what it said is too old or nothing."""
    reported = getattr(monitor, "reported", None)
    fresh = monitor.enabled and monitor.verdict == Verdict.UP
    if not fresh or reported in (None, ServiceStatus.OPERATIONAL, ServiceStatus.UNKNOWN):
        return None
    return UpstreamView(monitor.name, ServiceStatus(reported))


def troubled_upstreams(service_ids: Iterable[int]) -> list[UpstreamView]:
    """What these services follow and what is not well there, for staff."""
    follows = Monitor.objects.filter(service__in=list(service_ids), kind=MonitorKind.UPSTREAM).defer("state")
    return [view for one in follows.annotate(reported=reported_status()) if (view := view_upstream(one))]


def place_of(group: ServiceGroup | None) -> tuple[tuple[int, int], ...]:
    """Where a group stands in the tree, from the top; what stands in none comes first."""
    return (*place_of(group.parent), (group.position, group.pk)) if group else ()


def _last_hit() -> dict[str, Subquery]:
    """Both ends of the newest impact that the public knows of."""
    impacts = Impact.objects.filter(service=OuterRef("pk"), incident__state=IncidentState.PUBLIC)
    newest = impacts.order_by("-from_at", "-id")
    return {
        "last_hit_from": Subquery(newest.values("from_at")[:1]),
        "last_hit_until": Subquery(newest.values("until_at")[:1]),
    }


def _view(
    service: Service,
    *,
    told: list[_Cause],
    seen: list[_Cause],
    planned: list[_Cause],
    monitors: list[Monitor],
    upstreams: tuple[UpstreamView, ...],
) -> ServiceView:
    causes = [*(told or seen), *planned]
    if service.manual_status != ServiceStatus.OPERATIONAL:
        causes = [*causes, _Cause(service.manual_status, service.manual_status_at)]
    now = times.now()
    stale = bool(monitors) and not any(_can_tell(monitor, now=now) for monitor in monitors)
    status = worst([*(cause.status for cause in causes), *([ServiceStatus.UNKNOWN] if stale else [])])
    since = min((c.since for c in causes if c.status == status and c.since), default=None)
    believed_until = max((at for m in monitors if m.enabled and (at := _believed_until(m))), default=None)
    by_hand = _is_set_by_hand(service, status, causes=[*told, *seen, *planned], is_monitored=bool(monitors))
    return ServiceView(
        id=service.pk,
        page_id=service.page_id,
        slug=service.slug,
        name=service.name,
        group_id=service.group_id,
        group=service.group.name if service.group else "",
        description=service.description,
        status=status,
        since=since or (service.manual_status_at if by_hand else None),
        is_set_by_hand=by_hand,
        last_data_at=max((m.last_result_at for m in monitors if m.last_result_at), default=None),
        is_stale=stale,
        stale_after=believed_until,
        created_at=service.created_at,
        changed_at=_changed_at(service, since, believed_until if stale else None),
        first_language=service.page.first_language,
        texts=_texts(service),
        upstreams=upstreams,
    )


def _texts(service: Service) -> Texts:
    """The service's own, and the name of its group."""
    groups: Texts = service.group.texts if service.group else {}
    return {
        language: {**service.texts.get(language, {}), "group": groups.get(language, {}).get("name", "")}
        for language in {*service.texts, *groups}
    }


def _believed_until(monitor: Monitor) -> datetime | None:
    seen = monitor.last_result_at
    return seen + patience(monitor.interval_seconds) if seen else None


def _changed_at(service: Service, *others: datetime | None) -> datetime:
    """The latest of what staff set, what monitors saw, what incidents told, and `others`."""
    hit = getattr(service, "last_hit_from", None), getattr(service, "last_hit_until", None)
    return max(at for at in (service.updated_at, *hit, *others) if at)


def _is_set_by_hand(service: Service, status: str, *, causes: list[_Cause], is_monitored: bool) -> bool:
    """Whether nothing but a person's word makes the status what it is."""
    if service.manual_status != status or any(cause.status == status for cause in causes):
        return False
    return status != ServiceStatus.OPERATIONAL or not is_monitored


def _told_by_incidents(services: QuerySet[Service]) -> dict[int, list[_Cause]]:
    causes: dict[int, list[_Cause]] = defaultdict(list)
    impacts = Impact.objects.filter(
        service__in=services, incident__state=IncidentState.PUBLIC, until_at__isnull=True
    ).exclude(incident__stage__in=OVER)
    for impact in impacts:
        causes[impact.service_id].append(_Cause(impact.status, impact.from_at))
    return causes


def _seen_by_monitors(services: QuerySet[Service]) -> dict[int, list[_Cause]]:
    """Without what failed while its service was under maintenance: that is kept apart."""
    causes: dict[int, list[_Cause]] = defaultdict(list)
    signals = Signal.objects.filter(
        service__in=services, ended_at__isnull=True, maintenance__isnull=True
    ).exclude(service__policy=Policy.OBSERVE)
    for signal in signals:
        causes[signal.service_id].append(_Cause(signal.status, signal.started_at))
    return causes


def _under_maintenance(services: QuerySet[Service]) -> dict[int, list[_Cause]]:
    causes: dict[int, list[_Cause]] = defaultdict(list)
    running = MaintenanceService.objects.filter(service__in=services, maintenance__state__in=RUNNING)
    for row in running.select_related("maintenance"):
        causes[row.service_id].append(_Cause(row.status, row.maintenance.started_at))
    return causes


def lock_service(service_id: int) -> Service:
    """As `lock_services` holds several."""
    return lock_services([service_id])[service_id]


def lock_services(ids: Iterable[int]) -> dict[int, Service]:
    """Services with their page, by id, their own rows held to the end of the transaction, in an order that is always
    the same; rows that name them may come."""
    held = Service.objects.select_for_update(of=("self",), no_key=True).select_related("page")
    return {service.pk: service for service in held.filter(pk__in=list(ids)).order_by("pk")}


def names_of_code(page: Page, code: str) -> list[str]:
    """The names of the page's services with this report code, the longest first."""
    names = Service.objects.filter(page=page, code=code).values_list("name", flat=True)
    return sorted(names, key=len, reverse=True)


def find_service(page: Page, slug: str) -> Service | None:
    return Service.objects.filter(page=page, slug=slug).first()
