"""From a kept event to alerts: each in the order in which it came, each once."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from incidents.actions import wording
from incidents.actions.alert import (
    end_alert,
    hear_again,
    note_outcome,
    open_alert,
    settle_event,
    severity_of,
)
from incidents.alerts.heard import Heard
from incidents.alerts.routing import Route, Rule, read_rules, route
from incidents.alerts.stage import Known, Step, step
from incidents.alerts.topics import confirm
from incidents.lib import times
from incidents.models import Alert, AlertEvent, AlertSource, Service
from incidents.queries.alert import lock_source, newest_alert, silent_alerts, waiting_events

MOST_AT_ONCE, LONGEST_SECONDS = 200, 60.0
SLICE_SECONDS = 0.01
POISONED, TESTED = "poisoned", "tested"
LATE, NOTHING_OPEN = "late", "nothing_open"
NO_SERVICE, LET_GO, SWITCHED_OFF = "no_service", "let_go", "switched_off"

log = logging.getLogger(__name__)


def take_events() -> int:
    """Takes what waits, and what comes meanwhile, and ends what has gone silent; answers how many events."""
    taken, until = 0, time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until and (events := waiting_events(limit=MOST_AT_ONCE)):
        for event in events:
            _take_safely(event.pk)
        taken += len(events)
    for alert in silent_alerts(now=times.now()):
        _end_silent(alert.pk)
    return taken


def _take_safely(event_id: int) -> None:
    """One that cannot be taken is put aside with the reason, so that it holds up no other."""
    try:
        take_event(event_id)
    except DatabaseError:
        raise
    except Exception as error:
        event = AlertEvent.objects.filter(pk=event_id).first()
        if event is not None:  # else its source was removed meanwhile
            log.exception("alert event %s cannot be taken", event_id)
            settle_event(event, [*event.outcome, _poisoned(error)])


def take_event(event_id: int) -> None:
    """Has its consequences once, however often it is called, and in slices: while one is taken others wait, on
    SQLite whoever sends us something, too."""
    while not take_slice(event_id):
        if connection.vendor == "sqlite":
            time.sleep(SLICE_SECONDS)


@transaction.atomic
def take_slice(event_id: int) -> bool:
    """Answers whether that was all of it. How far it is stands in the event's outcome."""
    event = AlertEvent.objects.get(pk=event_id)
    source = lock_source(event.source_id)
    event.refresh_from_db()
    if event.taken_at is not None:
        return True
    if not source.enabled:  # since it came
        settle_event(
            event, [*event.outcome, *({"step": SWITCHED_OFF} for _ in event.heard[len(event.outcome) :])]
        )
        return True
    rules, outcome, until = read_rules(source.rules), list(event.outcome), time.monotonic() + SLICE_SECONDS
    for stored in event.heard[len(outcome) :]:
        outcome.append(_take_one(event, source, stored, rules=rules))
        if time.monotonic() > until and len(outcome) < len(event.heard):
            note_outcome(event, outcome)
            return False
    settle_event(event, outcome)
    if event.confirm_at:
        transaction.on_commit(lambda: confirm(event.confirm_at))
    return True


def _take_one(
    event: AlertEvent, source: AlertSource, stored: dict[str, Any], *, rules: Sequence[Rule]
) -> dict[str, Any]:
    """One that cannot be taken takes none of its neighbours with it."""
    take = _try_out if event.is_test else _take
    try:
        with transaction.atomic():
            return take(source, from_json(stored), rules)
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("an alert of source %s cannot be taken", source.pk)
        return _poisoned(error)


def _poisoned(error: Exception) -> dict[str, Any]:
    return {"step": POISONED, "error": type(error).__name__}


def to_json(heard: Heard) -> dict[str, Any]:
    """No instant is ahead of ours: by a clock that is set right again, an end would come before its beginning."""
    return {
        "key": heard.key,
        "firing": heard.firing,
        "title": heard.title,
        "severity": heard.severity,
        "at": heard.at and min(heard.at, times.now()).isoformat(),
        "labels": dict(heard.labels),
    }


def from_json(stored: dict[str, Any]) -> Heard:
    at = stored["at"]
    return Heard(**{**stored, "at": at and datetime.fromisoformat(at)})


def _take(source: AlertSource, heard: Heard, rules: Sequence[Rule]) -> dict[str, Any]:
    known = newest_alert(source, heard.key)
    what = step(heard, Known(known.started_at, known.ended_at) if known else None)
    if what is Step.OPEN:
        return _open(source, heard, rules)
    if known is None or what is Step.IGNORE:
        is_over = known is None or known.ended_at is not None
        return {"step": NOTHING_OPEN if is_over and not heard.firing else LATE}
    if what is Step.GO_ON:
        hear_again(known, title=heard.title, severity=route(heard, rules).severity)
    else:
        end_alert(known, at=heard.at)
    return {"step": what.value, "alert": known.pk}


def _open(source: AlertSource, heard: Heard, rules: Sequence[Rule]) -> dict[str, Any]:
    to, service = _find_service(source, heard, rules)
    if service is None:
        return _nowhere(to)
    alert = open_alert(source, service, key=heard.key, title=heard.title, severity=to.severity, at=heard.at)
    return {"step": Step.OPEN.value, "alert": alert.pk}


def _try_out(source: AlertSource, heard: Heard, rules: Sequence[Rule]) -> dict[str, Any]:
    to, service = _find_service(source, heard, rules)
    if service is None:
        return _nowhere(to)
    return {"step": TESTED, "service": service.name, "severity": severity_of(to.severity)}


def _find_service(source: AlertSource, heard: Heard, rules: Sequence[Rule]) -> tuple[Route, Service | None]:
    to = route(heard, rules, default=source.service.slug if source.service else "")
    found = Service.objects.filter(page=source.page, slug=to.service).select_related("page")
    return to, found.first()


def _nowhere(to: Route) -> dict[str, Any]:
    return {"step": LET_GO if to.rule and not to.service else NO_SERVICE}


@transaction.atomic
def _end_silent(alert_id: int) -> None:
    alert = Alert.objects.select_related("source").get(pk=alert_id)
    lock_source(alert.source_id)
    alert = Alert.objects.select_related("source", "service__page").get(pk=alert_id)
    if alert.ended_at is None:
        end_alert(alert, told=_silence_of(alert))


def _silence_of(alert: Alert) -> str:
    return wording.fell_silent(
        monitor=alert.name,
        hours=alert.source.silence_hours or 0,
        language=alert.service.page.first_language,
    )
