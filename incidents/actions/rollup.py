"""What is kept of roll-ups, and from where on they must be made anew.

Whoever writes something into a monitor's past, a result, a value or the onset of a failure, holds the
monitor's row and tells `reopen`; the roll-up holds it too. So nothing slips in between what it read and the
instant it is noted to have come to.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from incidents.lib import times
from incidents.models import CheckResult, Monitor, MonitorDay, MonitorHour, MonitorKind, ServiceDay

RESULTS_KEPT = timedelta(days=14)
HOURS_KEPT = timedelta(days=400)
DAYS_KEPT = timedelta(days=3 * 365 + 1)

ROWS_AT_ONCE = 1000
RESULTS_AT_ONCE = 5000
EXPIRING_SECONDS = 20.0

# The first and the last.
Days = tuple[date, date]


def reopen(monitor: Monitor, at: datetime) -> None:
    """Something of the monitor's past has changed from `at` on; the caller holds its row.

    Check results are deleted after a while: what was rolled up of them by then stays as it is.
    """
    if monitor.kind != MonitorKind.BASELINE:
        at = max(at, times.now() - RESULTS_KEPT + timedelta(days=1))
    if at < monitor.rolled_until:
        monitor.rolled_until = at
        monitor.save(update_fields=["rolled_until"])


def keep_hours(hours: Iterable[MonitorHour], *, anew_from: Mapping[int, datetime], until: datetime) -> None:
    """Puts `hours` in the place of all that were kept of each monitor from its instant on up to `until`."""
    for at in set(anew_from.values()):
        ids = [monitor_id for monitor_id, begins_at in anew_from.items() if begins_at == at]
        MonitorHour.objects.filter(monitor__in=ids, at__gte=at, at__lt=until).delete()
    MonitorHour.objects.bulk_create(hours, batch_size=ROWS_AT_ONCE)


def keep_days(
    monitors: Iterable[MonitorDay], services: Iterable[ServiceDay], *, of: Sequence[Monitor], days: Days
) -> None:
    """Puts these in the place of all that was kept of the monitors `of` and their services for `days`."""
    first, last = days
    MonitorDay.objects.filter(monitor__in=of, day__gte=first, day__lte=last).delete()
    service_ids = {monitor.service_id for monitor in of}
    ServiceDay.objects.filter(service__in=service_ids, day__gte=first, day__lte=last).delete()
    MonitorDay.objects.bulk_create(monitors, batch_size=ROWS_AT_ONCE)
    ServiceDay.objects.bulk_create(services, batch_size=ROWS_AT_ONCE)


def note_rolled(monitor_ids: Iterable[int], *, until: datetime) -> None:
    """The roll-ups of these monitors are right up to `until`."""
    Monitor.objects.filter(pk__in=monitor_ids).update(rolled_until=until)


def expire_roll_ups(*, now: datetime) -> None:
    MonitorHour.objects.filter(at__lt=now - HOURS_KEPT).delete()
    oldest = (now - DAYS_KEPT).date()
    MonitorDay.objects.filter(day__lt=oldest).delete()
    ServiceDay.objects.filter(day__lt=oldest).delete()


def expire_results(*, now: datetime, seconds: float = EXPIRING_SECONDS) -> None:
    """Forgets check results that are old enough and in the roll-ups already.

    There may be a million an hour: some at a time, so that nobody who checks waits for it, and from the front of
    the table, where the old ones are, so that it is not read to its end.
    """
    oldest, passed, ends_at = now - RESULTS_KEPT, 0, time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ids = CheckResult.objects.filter(pk__gt=passed).order_by("pk").values_list("pk", flat=True)
        last = max(ids[:RESULTS_AT_ONCE], default=None)
        if last is None:
            return
        old = CheckResult.objects.filter(pk__gt=passed, pk__lte=last, at__lt=oldest)
        if not old.exists():
            return
        old.filter(monitor__rolled_until__gte=oldest).delete()
        passed = last
