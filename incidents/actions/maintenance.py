"""What may happen to a planned maintenance. Each step is one transaction: the change, what is told, its trace."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.actions.incident import check_title
from incidents.actions.maintenance_plan import Plan, check_plan, check_services, check_window, with_titles
from incidents.actions.maintenance_steps import (
    CANCEL,
    EXTEND,
    FINISH,
    RESCHEDULE,
    START,
    TELL,
    VERIFY,
    Step,
    check_allowed,
)
from incidents.actions.maintenance_telling import NOTHING_SAID, Telling, instant_of, worded, write_update
from incidents.actions.monitor import judge_anew
from incidents.actions.revision import touch_maintenance, touch_service, touched
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    Maintenance,
    MaintenanceService,
    MaintenanceState,
    MaintenanceUpdate,
    Page,
    Service,
    Staff,
)
from incidents.notices import fanout
from incidents.queries.maintenance import lock_maintenance
from incidents.queries.service import lock_service


@transaction.atomic
def schedule_maintenance(
    page: Page,
    plan: Plan,
    *,
    notify: bool = True,
    hold_seconds: int | None = None,
    request_key: str = "",
    actor: Staff | None = None,
) -> Maintenance:
    """Announces a maintenance: it is public at once, with its first update and its mails."""
    page = touched(page)
    twin = MaintenanceUpdate.objects.filter(maintenance__page=page, request_key=request_key).first()
    if request_key and twin:
        return twin.maintenance
    check_plan(plan, page=page)
    titles = with_titles({}, plan.titles, page=page)
    maintenance = Maintenance.objects.create(
        page=page,
        title=plan.title.strip(),
        first_title=plan.title.strip(),
        texts={language: {**own, "first_title": own["title"]} for language, own in titles.items()},
        is_emergency=plan.is_emergency,
        scheduled_from=plan.scheduled_from,
        scheduled_until=plan.scheduled_until,
        auto_start=plan.auto_start,
        auto_finish=plan.auto_finish,
        created_at=times.now(),
        created_by=actor,
    )
    _save_services(maintenance, plan.services)
    telling = Telling(plan.body, plan.bodies, times.now(), notify, hold_seconds, request_key)
    write_update(maintenance, telling, number=1, actor=actor)
    audit.record("schedule_maintenance", maintenance, actor=actor, after=_facts(maintenance))
    touch_maintenance(maintenance)
    return maintenance


def tell_of_maintenance(
    maintenance: Maintenance, telling: Telling, *, actor: Staff | None = None
) -> MaintenanceUpdate:
    """Tells more of it, in the state it is in."""
    return _take(maintenance, TELL, telling, actor=actor)


def start_maintenance(
    maintenance: Maintenance, telling: Telling = NOTHING_SAID, *, actor: Staff | None = None
) -> MaintenanceUpdate:
    return _take(maintenance, START, telling, actor=actor)


def verify_maintenance(
    maintenance: Maintenance, telling: Telling = NOTHING_SAID, *, actor: Staff | None = None
) -> MaintenanceUpdate:
    """The work is done and being checked; its services stay as they are until it is finished."""
    return _take(maintenance, VERIFY, telling, actor=actor)


def finish_maintenance(
    maintenance: Maintenance, telling: Telling = NOTHING_SAID, *, actor: Staff | None = None
) -> MaintenanceUpdate:
    return _take(maintenance, FINISH, telling, actor=actor)


def cancel_maintenance(
    maintenance: Maintenance, telling: Telling = NOTHING_SAID, *, actor: Staff | None = None
) -> MaintenanceUpdate:
    """Calls it off, before it begins or while it runs."""
    return _take(maintenance, CANCEL, telling, actor=actor)


def extend_maintenance(
    maintenance: Maintenance,
    telling: Telling = NOTHING_SAID,
    *,
    until: datetime,
    actor: Staff | None = None,
) -> MaintenanceUpdate:
    """Moves the end of one that runs to a later time."""
    return _take(maintenance, EXTEND, telling, window=(None, until), actor=actor)


def reschedule_maintenance(
    maintenance: Maintenance,
    telling: Telling = NOTHING_SAID,
    *,
    scheduled_from: datetime,
    scheduled_until: datetime,
    actor: Staff | None = None,
) -> MaintenanceUpdate:
    """Moves one that has not begun to another window."""
    return _take(maintenance, RESCHEDULE, telling, window=(scheduled_from, scheduled_until), actor=actor)


@transaction.atomic
def correct_maintenance(
    maintenance: Maintenance,
    *,
    title: str,
    titles: Mapping[str, str],
    services: Mapping[Service, str],
    auto_start: bool,
    auto_finish: bool,
    actor: Staff | None = None,
) -> Maintenance:
    """Corrects what it is called, whom it hits, and what the clock does; nobody is mailed. `titles` are those
    in other languages."""
    maintenance = lock_maintenance(maintenance.pk)
    before = _facts(maintenance)
    check_title(title)
    check_services(services, page=maintenance.page)
    maintenance.title = title.strip()
    maintenance.texts = with_titles(maintenance.texts, titles, page=maintenance.page)
    maintenance.auto_start, maintenance.auto_finish = auto_start, auto_finish
    maintenance.save()
    named = _save_services(maintenance, services)
    ids = {service.pk for service in services}
    judge_anew(named - ids)
    if maintenance.is_running:
        _touch_services(named | ids)
    audit.record("correct_maintenance", maintenance, actor=actor, before=before, after=_facts(maintenance))
    touch_maintenance(maintenance)
    return maintenance


@transaction.atomic
def cancel_mails(update: MaintenanceUpdate, *, actor: Staff | None = None) -> int:
    """Takes back the mails that still wait in the hold; answers how many."""
    cancelled = fanout.cancel_maintenance(update)
    audit.record("cancel_notice", update, actor=actor, after={"cancelled": cancelled})
    return cancelled


@transaction.atomic
def _take(
    maintenance: Maintenance,
    step: Step,
    telling: Telling,
    *,
    window: tuple[datetime | None, datetime] | None = None,
    actor: Staff | None,
) -> MaintenanceUpdate:
    maintenance = lock_maintenance(maintenance.pk)
    if telling.request_key and (twin := maintenance.updates.filter(request_key=telling.request_key).first()):
        return twin
    check_allowed(step, maintenance)
    before, was_running = _facts(maintenance), maintenance.is_running
    last = maintenance.updates.latest("number")
    happened_at = instant_of(telling, last=last)
    if window:
        _move(maintenance, *window)
    if step.leads_to:
        _enter(maintenance, step.leads_to, at=happened_at)
    maintenance.save()
    notify = step.notifies if telling.notify is None else telling.notify
    telling = replace(worded(telling, step, page=maintenance.page), happened_at=happened_at, notify=notify)
    update = write_update(maintenance, telling, number=last.number + 1, actor=actor)
    if maintenance.is_running != was_running:
        _change_status(maintenance)
    audit.record(step.action, maintenance, actor=actor, before=before, after=_facts(maintenance))
    touch_maintenance(maintenance)
    return update


def _change_status(maintenance: Maintenance) -> None:
    """What its services have now is another status; once it is over, what failed meanwhile is judged anew."""
    ids = set(maintenance.services.values_list("service_id", flat=True))
    if maintenance.is_over:
        judge_anew(ids)
    _touch_services(ids)


def _touch_services(service_ids: Iterable[int]) -> None:
    """In one order, so that no two wait for each other; after the monitors, as detection takes them."""
    for service_id in sorted(service_ids):
        touch_service(lock_service(service_id).pk)


def _move(maintenance: Maintenance, scheduled_from: datetime | None, scheduled_until: datetime) -> None:
    if scheduled_from is None:
        if scheduled_until <= max(maintenance.scheduled_until, times.now()):
            raise Refused(
                "the new end must lie after the present one and in the future", field="scheduled_until"
            )
    else:
        check_window(scheduled_from, scheduled_until)
        if (scheduled_from, scheduled_until) == (maintenance.scheduled_from, maintenance.scheduled_until):
            raise Refused("this is the window that was announced already", field="scheduled_from")
        maintenance.scheduled_from = scheduled_from
    maintenance.scheduled_until = scheduled_until


def _enter(maintenance: Maintenance, state: MaintenanceState, *, at: datetime) -> None:
    maintenance.state = state
    if state == MaintenanceState.IN_PROGRESS:
        maintenance.started_at = at
    if state == MaintenanceState.CANCELLED:
        maintenance.cancelled_at = at
    if maintenance.is_over and maintenance.started_at:
        maintenance.ended_at = at


def _save_services(maintenance: Maintenance, services: Mapping[Service, str]) -> set[int]:
    """Answers the ids of those that were named before."""
    before = set(maintenance.services.values_list("service_id", flat=True))
    maintenance.services.all().delete()
    MaintenanceService.objects.bulk_create(
        MaintenanceService(maintenance=maintenance, service=service, status=status)
        for service, status in services.items()
    )
    return before


def _facts(maintenance: Maintenance) -> dict[str, Any]:
    instants = {
        name: getattr(maintenance, name).isoformat() for name in ("scheduled_from", "scheduled_until")
    }
    services = dict(maintenance.services.values_list("service_id", "status"))
    return {
        "title": maintenance.title,
        "state": maintenance.state,
        "services": {str(pk): status for pk, status in services.items()},
        **instants,
    }
