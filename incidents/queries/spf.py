"""What SPF monitors saw published, and from where mail came."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Min, Q, QuerySet, Sum

from incidents.models import LogPosition, Monitor, Outcome, PublishedSet, SourceHour

HISTORY_SHOWN = 50


class Seen(NamedTuple):
    """All that was seen of one address since an instant."""

    address: str
    accepted: int
    refused: int
    first_at: datetime
    last_at: datetime
    host: str


class HourSeen(NamedTuple):
    at: datetime
    accepted: int
    refused: int


def open_set(monitor: Monitor) -> PublishedSet | None:
    """What the domain publishes now, as far as it was asked."""
    return _sets(monitor).filter(published_until=None).first()


def usable_set(monitor: Monitor) -> PublishedSet | None:
    """The newest that receivers can use; where there never was one, what there is."""
    return _sets(monitor).filter(fault_kind="").first() or _sets(monitor).first()


def has_earlier_set(published: PublishedSet) -> bool:
    others = PublishedSet.objects.filter(monitor=published.monitor_id, domain=published.domain)
    return others.exclude(pk=published.pk).exists()


def past_sets(monitor: Monitor) -> list[PublishedSet]:
    """What changed when, the newest first, without the networks themselves."""
    return list(_sets(monitor).defer("networks", "unflattened")[:HISTORY_SHOWN])


def _sets(monitor: Monitor) -> QuerySet[PublishedSet]:
    """Of the domain that the monitor watches now, the newest first."""
    return PublishedSet.objects.filter(monitor=monitor, domain=monitor.target)


def addresses_seen(monitor: Monitor, *, since: datetime) -> list[Seen]:
    """By address; without those that were not kept apart."""
    rows = SourceHour.objects.filter(monitor=monitor, hour__gte=since).exclude(address="")
    accepted, refused = Q(outcome=Outcome.ACCEPTED), Q(outcome=Outcome.REFUSED)
    found = rows.values("address").annotate(
        accepted=Sum("count", filter=accepted, default=0),
        refused=Sum("count", filter=refused, default=0),
        earliest=Min("first_at"),
        latest=Max("last_at"),
        named=Max("host"),
    )
    fields = ("address", "accepted", "refused", "earliest", "latest", "named")
    return [Seen(*row) for row in found.order_by("address").values_list(*fields)]


def hours_seen(monitor: Monitor, *, since: datetime) -> list[HourSeen]:
    """All that came in each hour, those included that were not kept apart."""
    counts: dict[datetime, dict[str, int]] = defaultdict(dict)
    rows = SourceHour.objects.filter(monitor=monitor, hour__gte=since).values_list("hour", "outcome")
    for hour, outcome, count in rows.annotate(all=Sum("count")):
        counts[hour][outcome] = count
    return [
        HourSeen(hour, by.get(Outcome.ACCEPTED, 0), by.get(Outcome.REFUSED, 0))
        for hour, by in sorted(counts.items())
    ]


def not_kept_apart(monitor: Monitor, *, since: datetime) -> int:
    """How much came from addresses beyond those kept of an hour."""
    rows = SourceHour.objects.filter(monitor=monitor, hour__gte=since, address="")
    return rows.aggregate(all=Sum("count", default=0))["all"] or 0


def newest_source_at(monitor: Monitor) -> datetime | None:
    newest = SourceHour.objects.filter(monitor=monitor).order_by("-hour").values_list("last_at", flat=True)
    return newest.first()


def rows_of_hour(monitor: Monitor, hour: datetime, addresses: Iterable[str]) -> list[SourceHour]:
    """The rows of these addresses and that of the others."""
    return list(SourceHour.objects.filter(monitor=monitor, hour=hour, address__in=["", *addresses]))


def addresses_of_hour(monitor: Monitor, hour: datetime) -> set[str]:
    rows = SourceHour.objects.filter(monitor=monitor, hour=hour).exclude(address="")
    return set(rows.values_list("address", flat=True))


def log_position(monitor: Monitor, path: str) -> LogPosition | None:
    return LogPosition.objects.filter(monitor=monitor, path=path).first()
