"""Who of the staff is told of an alert, and when: step by step until somebody acknowledges it.

The alert, its notices and their deliveries are written in the transaction of what they tell. Whoever calls from
an action wakes the sender after its commit; senders themselves take the steps that are due, so that no broker is
needed for it. Steps go by `times.now()`, deliveries by the real clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from incidents.lib import times
from incidents.models import (
    AlertStep,
    Channel,
    Delivery,
    Impact,
    Incident,
    Lane,
    Notice,
    NoticeKind,
    Page,
    StaffAlert,
    StaffAlertKind,
    StaffContact,
)

QUIET = timedelta(minutes=15)
"""Between two alerts of one incident, or of the same services, but for the steps."""
LIFE = timedelta(hours=6)
CALLS_FOR = timedelta(hours=24)


def step_offset(offsets: Sequence[int], *, repeat_minutes: int, taken: int) -> timedelta | None:
    """When, after its start, an alert takes its next step, having `taken` so many; None where none follows.

    `offsets` are the steps' minutes in order. They begin again `repeat_minutes` after the last, for a day at most;
    0 repeats nothing.
    """
    rounds, place = divmod(taken, len(offsets)) if offsets else (0, 0)
    if not offsets or (rounds and not repeat_minutes):
        return None
    after = timedelta(minutes=rounds * (offsets[-1] + repeat_minutes) + offsets[place])
    return after if after <= CALLS_FOR else None


def raise_incident(incident: Incident) -> None:
    """A draft of the monitors has opened. One about services of which staff were told a short while before waits
    until that is a quarter of an hour ago: a service that comes and goes is no storm."""
    services = incident.impacts.values("service")
    about = Impact.objects.filter(service__in=services).values("incident")
    earlier = StaffAlert.objects.filter(incident__in=about, told_at__gt=times.now() - QUIET)
    told_at = earlier.order_by("-told_at").values_list("told_at", flat=True).first()
    raise_alert(
        incident.page,
        StaffAlertKind.INCIDENT,
        subject=str(incident.pk),
        incident=incident,
        starts_at=told_at + QUIET if told_at else None,
    )


def raise_alert(
    page: Page,
    kind: StaffAlertKind,
    *,
    subject: str = "",
    about: str = "",
    incident: Incident | None = None,
    starts_at: datetime | None = None,
) -> None:
    """Tells those of the first step, now or at `starts_at`. One that is open already is left as it is; without
    steps there is nobody to tell. What ended and is there again waits until staff were told of it a quarter of an
    hour ago."""
    if not AlertStep.objects.filter(page=page).exists():
        return
    same = StaffAlert.objects.filter(page=page, kind=kind, subject=subject, told_at__isnull=False)
    told_at = same.order_by("-told_at").values_list("told_at", flat=True).first()
    starts_at = max(starts_at or times.now(), told_at + QUIET if told_at else times.now())
    alert, is_new = StaffAlert.objects.get_or_create(
        page=page,
        kind=kind,
        subject=subject,
        ended_at=None,
        defaults={"about": about, "incident": incident, "starts_at": starts_at, "next_at": starts_at},
    )
    if is_new:
        _advance(alert.pk)


def hand_over(incident: Incident, *, to: Incident) -> None:
    """Who is called for an incident is called for another now, in which it goes on."""
    live = StaffAlert.objects.filter(ended_at=None)
    live.filter(incident=to).update(ended_at=times.now(), next_at=None)
    live.filter(incident=incident).update(incident=to, subject=str(to.pk))


def note_worse(incident: Incident) -> None:
    """Told to all who were told, at once or as soon as the quarter of an hour allows."""
    for alert in StaffAlert.objects.filter(incident=incident, ended_at=None):
        StaffAlert.objects.filter(pk=alert.pk).update(is_worse=True)
        _advance(alert.pk)


def end_alerts(page: Page, kind: StaffAlertKind, *, but: Iterable[str] = ()) -> None:
    """What is over, `but` for these subjects: nobody is told of it any more."""
    over = StaffAlert.objects.filter(page=page, kind=kind, ended_at=None).exclude(subject__in=list(but))
    over.update(ended_at=times.now(), next_at=None)


def run_due() -> int:
    """Takes the steps that are due, and ends what is over; answers at how many alerts it looked."""
    now = times.now()
    is_due = Q(next_at__lte=now) | Q(is_worse=True, told_at__lte=now - QUIET)
    due = StaffAlert.objects.filter(is_due, ended_at=None).order_by("pk").values_list("pk", flat=True)
    for alert_id in (looked_at := list(due)):
        _advance(alert_id)
    return len(looked_at)


@transaction.atomic
def _advance(alert_id: int) -> None:
    now = times.now()
    alerts = StaffAlert.objects.select_for_update(of=("self",)).select_related("page", "incident")
    alert = alerts.filter(pk=alert_id, ended_at=None).first()
    if alert is None:
        return
    if not alert.is_live:
        _settle(alert, now=now)
        return
    steps = list(AlertStep.objects.filter(page=alert.page).prefetch_related("contacts"))
    contacts = _take_steps(alert, steps, now=now)
    if not contacts and alert.is_worse and alert.told_at and alert.told_at <= now - QUIET:
        contacts = {one for step in steps[: alert.steps_taken] for one in step.contacts.all()}
    if contacts:
        _queue(alert, contacts)
        alert.told_at, alert.is_worse = now, False
    alert.save(update_fields=["steps_taken", "next_at", "told_at", "is_worse"])


def _settle(alert: StaffAlert, *, now: datetime) -> None:
    """What is acknowledged stays open while it lasts, so that it is not raised anew; an incident has its own
    record of that."""
    alert.next_at, alert.is_worse = None, False
    if alert.incident is not None:
        alert.ended_at = now
    alert.save(update_fields=["next_at", "is_worse", "ended_at"])


def _take_steps(alert: StaffAlert, steps: Sequence[AlertStep], *, now: datetime) -> set[StaffContact]:
    """Everybody whose step has come; several steps that were missed meanwhile are one alert."""
    offsets = [step.after_minutes for step in steps]
    contacts: set[StaffContact] = set()
    while True:
        after = step_offset(offsets, repeat_minutes=alert.page.alert_repeat_minutes, taken=alert.steps_taken)
        alert.next_at = alert.starts_at + after if after is not None else None
        if alert.next_at is None or alert.next_at > now:
            return contacts
        contacts |= set(steps[alert.steps_taken % len(steps)].contacts.all())
        alert.steps_taken += 1


def _queue(alert: StaffAlert, contacts: Iterable[StaffContact]) -> None:
    told = sorted(contacts, key=lambda contact: contact.pk)
    now = timezone.now()
    notice = Notice.objects.create(
        page=alert.page,
        kind=NoticeKind.STAFF,
        staff_alert=alert,
        audience=len(told),
        created_at=now,
        due_at=now,
        expires_at=now + LIFE,
    )
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice,
            contact=contact,
            channel=contact.channel,
            lane=Lane.STAFF if contact.channel == Channel.EMAIL else Lane.STAFF_ENDPOINTS,
            domain=contact.place.rpartition("@")[2] if contact.channel == Channel.EMAIL else "",
            next_attempt_at=now,
            expires_at=now + LIFE,
        )
        for contact in told
    )
