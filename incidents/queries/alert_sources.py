"""Sources of alerts as staff look at them: what came, what became of it, what was refused."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from incidents.models import Alert, AlertEvent, AlertRefusal, AlertSource, Page, Signal

DAY = timedelta(days=1)


def sources_of(page: Page, *, now: datetime) -> QuerySet[AlertSource]:
    """Each with what came in the last 24 hours, how often it was refused then, and how many alerts are open."""
    since = now - DAY
    events = AlertEvent.objects.filter(source=OuterRef("pk"), received_at__gt=since, is_test=False)
    refused = AlertRefusal.objects.filter(source=OuterRef("pk"), last_at__gt=since)
    open_ones = Alert.objects.filter(source=OuterRef("pk"), ended_at=None)
    return (
        AlertSource.objects.filter(page=page)
        .select_related("service")
        .annotate(
            events_in_a_day=_total(events.values("source").annotate(n=Count("pk"))),
            refused_in_a_day=_total(refused.values("source").annotate(n=Sum("count"))),
            open_alerts=_total(open_ones.values("source").annotate(n=Count("pk"))),
        )
        .order_by("name", "pk")
    )


def events_of(source: AlertSource, *, most: int) -> list[AlertEvent]:
    """The newest first."""
    return list(AlertEvent.objects.filter(source=source).order_by("-received_at", "-pk")[:most])


def alerts_by_id(ids: Iterable[int]) -> dict[int, Alert]:
    """Each with its service and its signals, oldest first, with their incidents: two queries."""
    signals = Prefetch("signals", Signal.objects.select_related("incident").order_by("detected_at", "pk"))
    found = Alert.objects.filter(pk__in=list(ids)).select_related("service").prefetch_related(signals)
    return {alert.pk: alert for alert in found}


def alert_ids_in(events: Sequence[AlertEvent]) -> set[int]:
    return {told["alert"] for event in events for told in event.outcome if told.get("alert")}


def refusals_of(source: AlertSource, *, most: int) -> list[AlertRefusal]:
    """The newest first."""
    return list(AlertRefusal.objects.filter(source=source).order_by("-last_at", "-pk")[:most])


def is_overlapping(source: AlertSource, *, now: datetime) -> bool:
    """Whether the secret before the present one is still taken."""
    return source.previous_until is not None and now < source.previous_until


def _total(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("n"), output_field=IntegerField()), 0)
