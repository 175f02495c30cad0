"""What may happen to a planned maintenance. Each step is one transaction: the change, what is told, its trace."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit
from incidents.actions import maintenance_wording as wording
from incidents.actions.incident import check_title
from incidents.actions.maintenance_plan import (
    Plan,
    body_html,
    body_texts,
    check_plan,
    check_services,
    check_window,
    with_titles,
)
from incidents.actions.monitor import judge_anew
from incidents.actions.revision import lock_page, touch_maintenance
from incidents.actions.update import SENDING
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import (
    RUNNING,
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

OPEN = (MaintenanceState.SCHEDULED, *RUNNING)


@dataclass(frozen=True)
class Step:
    """`action` is its name in the audit trail; `leads_to` None stays in the state; `notifies` is the default."""

    action: str
    allowed_in: tuple[MaintenanceState, ...]
    leads_to: MaintenanceState | None
    notifies: bool


TELL = Step("tell_of_maintenance", OPEN, None, notifies=False)
START = Step("start_maintenance", (MaintenanceState.SCHEDULED,), MaintenanceState.IN_PROGRESS, notifies=False)
VERIFY = Step(
    "verify_maintenance", (MaintenanceState.IN_PROGRESS,), MaintenanceState.VERIFYING, notifies=False
)
FINISH = Step("finish_maintenance", RUNNING, MaintenanceState.COMPLETED, notifies=True)
EXTEND = Step("extend_maintenance", RUNNING, None, notifies=True)
RESCHEDULE = Step("reschedule_maintenance", (MaintenanceState.SCHEDULED,), None, notifies=True)
CANCEL = Step("cancel_maintenance", OPEN, MaintenanceState.CANCELLED, notifies=True)

_NOT_ALLOWED = {
    MaintenanceState.SCHEDULED: "this maintenance has not started yet",
    MaintenanceState.IN_PROGRESS: "this maintenance has started already",
    MaintenanceState.VERIFYING: "this maintenance is being verified already",
    MaintenanceState.COMPLETED: "this maintenance is over",
    MaintenanceState.CANCELLED: "this maintenance was cancelled",
}


@dataclass(frozen=True)
class Telling:
    """What is told with a step. Without a `body` it is told in fixed words, in each of the page's languages.

    `bodies` is {language: text} for the others; `notify` None does as is usual for the step; the mails wait
    `hold_seconds` (default: the page's). The same `request_key` sent twice is one step.
    """

    body: str = ""
    bodies: Mapping[str, str] = field(default_factory=dict)
    happened_at: datetime | None = None
    notify: bool | None = None
    hold_seconds: int | None = None
    request_key: str = ""


NOTHING_SAID = Telling()


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
    page = lock_page(page.pk)
    twin = MaintenanceUpdate.objects.filter(maintenance__page=page, request_key=request_key).first()
    if request_key and twin:
        return twin.maintenance
    check_plan(plan, page=page)
    titles = {language: {"title": title} for language, title in _stripped(plan.titles).items()}
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
    _write_update(maintenance, telling, number=1, actor=actor)
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
    judge_anew(named - {service.pk for service in services})
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
    if maintenance.state not in step.allowed_in:
        raise Refused(_NOT_ALLOWED[MaintenanceState(maintenance.state)])
    before, last = _facts(maintenance), maintenance.updates.latest("number")
    happened_at = _instant(telling, last=last)
    if window:
        _move(maintenance, *window)
    if step.leads_to:
        _enter(maintenance, step.leads_to, at=happened_at)
    maintenance.save()
    notify = step.notifies if telling.notify is None else telling.notify
    telling = replace(_worded(maintenance, step, telling), happened_at=happened_at, notify=notify)
    update = _write_update(maintenance, telling, number=last.number + 1, actor=actor)
    if maintenance.is_over:
        judge_anew(set(maintenance.services.values_list("service_id", flat=True)))
    audit.record(step.action, maintenance, actor=actor, before=before, after=_facts(maintenance))
    touch_maintenance(maintenance)
    return update


def _instant(telling: Telling, *, last: MaintenanceUpdate) -> datetime:
    now = times.now()
    happened_at = telling.happened_at or now
    if happened_at > now:
        raise Refused("an update cannot have happened in the future", field="happened_at")
    if happened_at < last.happened_at:
        raise Refused("an update cannot lie before the one before it", field="happened_at")
    return happened_at


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


def usual_words(step: Step, *, language: str) -> str:
    """What a step tells where nobody writes another text; nothing for one that only tells."""
    if step is TELL:
        return ""
    if step.leads_to:
        return wording.said(step.leads_to, language=language)
    return (wording.moved if step is RESCHEDULE else wording.extended)(language=language)


def _worded(maintenance: Maintenance, step: Step, telling: Telling) -> Telling:
    if telling.body.strip():
        return telling
    first, *others = maintenance.page.languages
    bodies = {language: usual_words(step, language=language) for language in others}
    return replace(telling, body=usual_words(step, language=first), bodies=bodies | _stripped(telling.bodies))


def _write_update(
    maintenance: Maintenance, telling: Telling, *, number: int, actor: Staff | None
) -> MaintenanceUpdate:
    """What is told, of the state and the window it has now, and one delivery per subscriber."""
    update = MaintenanceUpdate.objects.create(
        maintenance=maintenance,
        number=number,
        state=maintenance.state,
        scheduled_from=maintenance.scheduled_from,
        scheduled_until=maintenance.scheduled_until,
        body=telling.body.strip(),
        body_html=body_html(telling.body),
        texts=body_texts(telling.bodies, page=maintenance.page),
        happened_at=telling.happened_at or times.now(),
        published_at=times.now(),
        created_by=actor,
        request_key=telling.request_key,
    )
    if telling.notify:
        page = maintenance.page
        seconds = page.hold_seconds if telling.hold_seconds is None else telling.hold_seconds
        fanout.queue_maintenance(update, hold_until=timezone.now() + timedelta(seconds=seconds))
        transaction.on_commit(lambda: wake(SENDING), robust=True)
    return update


def _save_services(maintenance: Maintenance, services: Mapping[Service, str]) -> set[int]:
    """Answers the ids of those that were named before."""
    before = set(maintenance.services.values_list("service_id", flat=True))
    maintenance.services.all().delete()
    MaintenanceService.objects.bulk_create(
        MaintenanceService(maintenance=maintenance, service=service, status=status)
        for service, status in services.items()
    )
    return before


def _stripped(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text.strip()}


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
