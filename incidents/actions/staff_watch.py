"""Looks for what staff must know though no incident tells it, and takes the steps that are due."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from incidents.actions.detection import SENDING
from incidents.lib import times
from incidents.lib.wake import wake
from incidents.models import (
    PAUSED_LANE,
    Delivery,
    DeliveryState,
    Monitor,
    Page,
    StaffAlertKind,
)
from incidents.notices import staff_alerts
from incidents.queries.location import troubled_locations

STUCK = timedelta(minutes=5)
# How long each trouble of a location lasts before anybody is called: after a start none has checked anything yet,
# and a machine may be too busy for a moment. By the words of `troubled_locations`.
PATIENCE = {
    StaffAlertKind.NETWORK: timedelta(0),
    StaffAlertKind.CANARY: timedelta(minutes=1),
    StaffAlertKind.SILENT: timedelta(minutes=2),
}


def run() -> None:
    """Once every few seconds, or minutes: by whoever is at work, with a broker or without."""
    for page in Page.objects.filter(alert_steps__isnull=False).distinct():
        _watch_monitors(page)
        _watch_locations(page)
        _watch_outbox(page)
        _say(page, StaffAlertKind.PAUSED, is_so=page.mail_paused_at is not None)
    if staff_alerts.run_due():
        wake(SENDING)


def _watch_monitors(page: Page) -> None:
    parked = Monitor.objects.filter(service__page=page, enabled=False).exclude(parked_reason="")
    known = {str(pk): name for pk, name in parked.values_list("pk", "name")}
    for subject, name in known.items():
        staff_alerts.raise_alert(page, StaffAlertKind.MONITOR, subject=subject, about=name)
    staff_alerts.end_alerts(page, StaffAlertKind.MONITOR, but=known)


def _watch_locations(page: Page) -> None:
    """Of those that something of the page is checked from."""
    troubled = troubled_locations(now=timezone.now(), page=page)
    for kind, patience in PATIENCE.items():
        names = [name for name, trouble, _ in troubled if trouble == kind]
        for name in names:
            starts_at = times.now() + patience
            staff_alerts.raise_alert(page, kind, subject=name, about=name, starts_at=starts_at)
        staff_alerts.end_alerts(page, kind, but=names)


def _watch_outbox(page: Page) -> None:
    """Only what is to go to this page's subscribers: an alert that cannot be sent raises no other."""
    of_page = Delivery.objects.filter(subscriber__page=page)
    held = of_page.filter(state=DeliveryState.HELD).count()
    waiting = Q(state=DeliveryState.QUEUED, next_attempt_at__lt=timezone.now() - STUCK)
    is_stuck = of_page.filter(waiting).exclude(lane__startswith=PAUSED_LANE).exists()
    _say(page, StaffAlertKind.HELD, is_so=held > 0, about=str(held))
    _say(page, StaffAlertKind.OUTBOX, is_so=is_stuck, about=str(STUCK.seconds // 60))


def _say(page: Page, kind: StaffAlertKind, *, is_so: bool, about: str = "") -> None:
    if is_so:
        staff_alerts.raise_alert(page, kind, about=about)
    else:
        staff_alerts.end_alerts(page, kind)
