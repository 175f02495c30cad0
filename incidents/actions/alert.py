"""The life of an alert of another system, and of the sources that send them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction

from incidents.actions import alert_limit, audit
from incidents.actions.detection import Judged, take_failure, take_recovery
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.tokens import new_secret
from incidents.lib.wake import wake
from incidents.models import (
    Alert,
    AlertEvent,
    AlertFormat,
    AlertRefusal,
    AlertSource,
    Page,
    Service,
    Severity,
    Staff,
    Verdict,
)

TAKING = "incidents.tasks.take_alerts"
SHORTEST_SECRET = 32
SECRET_OVERLAP = timedelta(days=7)
EVENTS_KEPT = timedelta(days=7)
_REPEATING = (AlertFormat.ALERTMANAGER, AlertFormat.GRAFANA)
SILENCE_HOURS = 24
"""Of senders that repeat what still holds: by then they would have."""


@transaction.atomic
def create_source(
    page: Page,
    *,
    name: str,
    kind: str,
    service: Service | None = None,
    secret: str = "",
    silence_hours: int | Literal["usual"] | None = "usual",
    mapping: dict[str, Any] | None = None,
    actor: Staff | None = None,
) -> AlertSource:
    """A source with its secret, a new one unless one is given. `mapping` is checked by who has it read."""
    if kind not in AlertFormat.values:
        raise Refused(f"expected one of {', '.join(AlertFormat.values)}", field="format")
    check_name(page, name)
    _check_secret(secret)
    source = AlertSource.objects.create(
        page=page,
        service=service,
        format=kind,
        name=name.strip(),
        secret=secret or new_secret(),
        silence_hours=usual_silence_hours(kind) if silence_hours == "usual" else silence_hours,
        mapping=mapping or {},
        created_at=times.now(),
    )
    audit.record("create_alert_source", source, actor=actor, after={"name": source.name, "format": kind})
    return source


def usual_silence_hours(kind: str) -> int | None:
    return SILENCE_HOURS if kind in _REPEATING else None


def check_name(page: Page, name: str, *, of: AlertSource | None = None) -> None:
    if not name.strip() or len(name) > 100:
        raise Refused("expected a name of 1 to 100 characters", field="name")
    others = AlertSource.objects.filter(page=page, name=name.strip())
    if (others.exclude(pk=of.pk) if of else others).exists():
        raise Refused(f"{name.strip()} is taken by another source of this page", field="name")


def _check_secret(secret: str) -> None:
    if secret and not SHORTEST_SECRET <= len(secret) <= 200:
        raise Refused(f"expected {SHORTEST_SECRET} to 200 characters", field="secret")


@transaction.atomic
def rotate_secret(source: AlertSource, *, secret: str = "", actor: Staff | None = None) -> AlertSource:
    """A new secret, or the one that the sender made; the one before is taken for a week more."""
    _check_secret(secret)
    source = AlertSource.objects.select_for_update().get(pk=source.pk)
    source.previous_secret, source.previous_until = source.secret, times.now() + SECRET_OVERLAP
    source.secret = secret or new_secret()
    source.save(update_fields=["secret", "previous_secret", "previous_until"])
    audit.record("rotate_alert_secret", source, actor=actor)
    return source


def keep_event(
    source: AlertSource,
    heard: Sequence[dict[str, Any]],
    *,
    event_id: str = "",
    confirm_at: str = "",
    is_test: bool = False,
) -> bool:
    """Keeps what came, to be taken soon; False for an event that came before. TooManyEvents over the limit.

    One insert: what comes after it is for `settle_event`, since whoever sent it waits for the answer. `is_test`: our
    own, which says nothing of whether the sender is heard.
    """
    now = times.now()
    event = AlertEvent(
        source=source,
        event_id=event_id[:200],
        received_at=now,
        heard=list(heard),
        confirm_at=confirm_at,
        is_test=is_test,
    )
    if event_id and AlertEvent.objects.filter(source=source, event_id=event.event_id).exists():
        return False
    alert_limit.check_rate(source, now=now)
    return _insert_event(event)


@transaction.atomic
def _insert_event(event: AlertEvent) -> bool:
    alert_limit.take_place(event.source, now=event.received_at)
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:  # its other copy was quicker
        return False
    transaction.on_commit(lambda: _wake_for(event), robust=True)
    return True


def _wake_for(event: AlertEvent) -> None:
    """Not while earlier ones wait: whoever takes them looks again until nothing is left, and a flood would pay for
    every word to the broker."""
    if not AlertEvent.objects.filter(taken_at=None, pk__lt=event.pk).exists():
        wake(TAKING)


@transaction.atomic
def pin_topic(source: AlertSource, topic: str) -> str:
    """The topic of the source: the first that is named."""
    source = AlertSource.objects.select_for_update().get(pk=source.pk)
    if not source.topic:
        source.topic = topic
        source.save(update_fields=["topic"])
        audit.record("pin_alert_topic", source, after={"topic": topic})
    return source.topic


def open_alert(
    source: AlertSource,
    service: Service,
    *,
    key: str,
    title: str,
    severity: str,
    at: datetime | None,
) -> Alert:
    """Begins an alert and lets it have its consequences; the caller holds the source's row."""
    now = times.now()
    alert = Alert.objects.create(
        source=source,
        service=service,
        key=key,
        title=title,
        severity=severity_of(severity),
        started_at=at or now,
        last_heard_at=now,
    )
    take_failure(alert, _judged(min(at or now, now)))
    return alert


def hear_again(alert: Alert, *, title: str, severity: str) -> None:
    """It goes on. One that has become worse is taken anew, so that its service and its draft show it."""
    alert.last_heard_at = times.now()
    is_worse = severity in Severity.values and _rank(severity) > _rank(alert.severity)
    if severity in Severity.values:
        alert.severity = severity
    alert.title = title or alert.title
    alert.save(update_fields=["last_heard_at", "severity", "title"])
    if is_worse:
        alert.signals.filter(ended_at=None).update(ended_at=alert.last_heard_at)
        take_failure(alert, _judged(min(alert.started_at, alert.last_heard_at)))


def end_alert(alert: Alert, *, at: datetime | None = None, told: str = "") -> None:
    """It is over, by the sender's clock at `at`; the caller holds the source's row. `told`: what the log says of it,
    by default that all is well again."""
    now = times.now()
    alert.last_heard_at = now
    alert.ended_at = max(at or now, alert.started_at)
    alert.save(update_fields=["last_heard_at", "ended_at"])
    take_recovery(alert, told=told)


def note_outcome(event: AlertEvent, outcome: Sequence[dict[str, Any]]) -> None:
    """How far it was taken, with what became of each of its alerts."""
    event.outcome = list(outcome)
    event.save(update_fields=["outcome"])


def settle_event(event: AlertEvent, outcome: Sequence[dict[str, Any]]) -> None:
    event.taken_at, event.outcome = times.now(), list(outcome)
    event.save(update_fields=["taken_at", "outcome"])
    if not event.is_test:
        AlertSource.objects.filter(pk=event.source_id).update(last_event_at=event.received_at)


def forget_old_events() -> int:
    """Replays are known for a week, and staff see what came for as long."""
    since = times.now() - EVENTS_KEPT
    AlertRefusal.objects.filter(hour__lt=since).delete()
    return AlertEvent.objects.filter(taken_at__isnull=False, received_at__lt=since).delete()[0]


def _judged(onset_at: datetime) -> Judged:
    return Judged(verdict=Verdict.DOWN, at=times.now(), onset_at=onset_at, state={})


def severity_of(said: str) -> str:
    """What an alert is taken for, where neither its sender nor a rule says."""
    return said if said in Severity.values else Severity.MAJOR


def _rank(severity: str) -> int:
    return Severity.values.index(severity)
