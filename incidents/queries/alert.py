"""Sources of alerts, and what is known of what they told."""

from datetime import datetime, timedelta
from uuid import UUID

from incidents.models import Alert, AlertEvent, AlertSource


def find_source(public_id: UUID, *, kind: str) -> AlertSource | None:
    found = AlertSource.objects.filter(public_id=public_id, format=kind)
    return found.select_related("page", "service").first()


def lock_source(source_id: int) -> AlertSource:
    """Its alerts are taken one event after the other. More of them may come in meanwhile: a new event's reference to
    the row is let through."""
    held = AlertSource.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("page", "service__page").get(pk=source_id)


def secrets_of(source: AlertSource, *, now: datetime) -> list[str]:
    """What its sender may prove to know."""
    is_overlapping = source.previous_until is not None and now < source.previous_until
    return [source.secret, *([source.previous_secret] if is_overlapping else [])]


def waiting_events(*, limit: int) -> list[AlertEvent]:
    return list(AlertEvent.objects.filter(taken_at=None).order_by("pk")[:limit])


def newest_alert(source: AlertSource, key: str) -> Alert | None:
    found = Alert.objects.filter(source=source, key=key).select_related("source", "service__page")
    return found.order_by("-started_at", "-pk").first()


def silent_alerts(*, now: datetime) -> list[Alert]:
    """Open ones of which nothing was heard for their source's time."""
    found = Alert.objects.filter(ended_at=None, source__silence_hours__isnull=False).select_related("source")
    return [a for a in found if now - a.last_heard_at > timedelta(hours=a.source.silence_hours or 0)]
