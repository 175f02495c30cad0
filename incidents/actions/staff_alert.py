"""Whom of the staff to tell, and that somebody looks at what they were told of."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.actions import audit
from incidents.actions.incident import acknowledge as acknowledge_incident
from incidents.actions.revision import lock_page
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    STAFF_CHANNELS,
    AlertStep,
    Channel,
    Page,
    Staff,
    StaffAlert,
    StaffContact,
)
from incidents.notices.channels.webhook import new_secret
from incidents.notices.registry import CHANNELS

MOST_STEPS = 10
LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True)
class Step:
    after_minutes: int
    contacts: tuple[int, ...]


@transaction.atomic
def add_contact(
    page: Page, *, name: str, channel: str, place: str, language: str, actor: Staff | None = None
) -> StaffContact:
    """One of those on duty. What is sent to a webhook is signed with a secret of its own."""
    page = lock_page(page.pk)
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Refused("expected a name of 1 to 100 characters", field="name")
    if channel not in STAFF_CHANNELS:
        raise Refused(f"expected one of {', '.join(STAFF_CHANNELS)}", field="channel")
    if language not in page.languages:
        raise Refused("expected one of the languages of the page", field="language")
    place = _clean_place(channel, place)
    known = StaffContact.objects.filter(page=page, channel=channel, place=place).first()
    if known is not None and known.is_on_duty:
        raise Refused("this contact is there already", field="place")
    contact = known or StaffContact(page=page, channel=channel, place=place)
    contact.name, contact.language, contact.is_on_duty = name, language, True
    contact.secret = new_secret() if channel == Channel.WEBHOOK else ""
    contact.save()
    audit.record("add_staff_contact", contact, actor=actor, after={"name": name, "channel": channel})
    return contact


@transaction.atomic
def remove_contact(contact: StaffContact, *, actor: Staff | None = None) -> None:
    """Also from the steps; one that is left with nobody goes with it."""
    page = lock_page(contact.page_id)
    audit.record("remove_staff_contact", contact, actor=actor, before={"name": contact.name})
    contact.delete()
    AlertStep.objects.filter(page=page, contacts=None).delete()


@transaction.atomic
def set_steps(
    page: Page, steps: Sequence[Step], *, repeat_minutes: int = 0, actor: Staff | None = None
) -> None:
    """Who is told at once, and who later on while nobody acknowledges it; begins again `repeat_minutes` after the
    last step, 0: never. An alert under way goes on with the new steps."""
    page = lock_page(page.pk)
    _check_steps(steps, repeat_minutes=repeat_minutes)
    contacts = StaffContact.objects.filter(page=page, is_on_duty=True).in_bulk()
    for step in steps:
        if not step.contacts or not set(step.contacts) <= contacts.keys():
            raise Refused("each step needs contacts of this page", field="steps")
    before = _described(page)
    AlertStep.objects.filter(page=page).delete()
    for step in steps:
        row = AlertStep.objects.create(page=page, after_minutes=step.after_minutes)
        row.contacts.set(step.contacts)
    page.alert_repeat_minutes = repeat_minutes
    page.save(update_fields=["alert_repeat_minutes"])
    audit.record("set_alert_steps", page, actor=actor, before=before, after=_described(page))


@transaction.atomic
def acknowledge(alert: StaffAlert, *, actor: Staff | None = None, by: str = "") -> StaffAlert:
    """Nobody else is told of it. `by` names who did it where that is no member of staff. Doing it again changes
    nothing."""
    alerts = StaffAlert.objects.select_for_update(of=("self",)).select_related("incident")
    alert = alerts.get(pk=alert.pk)
    if not alert.is_live:
        return alert
    alert.acknowledged_at, alert.acknowledged_by, alert.acknowledged_name = times.now(), actor, by
    alert.next_at = None
    alert.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_name", "next_at"])
    audit.record("acknowledge_alert", alert, actor=actor, actor_name=by)
    if alert.incident is not None:
        acknowledge_incident(alert.incident, actor=actor, by=by)
    return alert


def _check_steps(steps: Sequence[Step], *, repeat_minutes: int) -> None:
    minutes = [step.after_minutes for step in steps]
    if len(steps) > MOST_STEPS:
        raise Refused(f"expected at most {MOST_STEPS} steps", field="steps")
    if minutes and minutes[0] != 0:
        raise Refused("the first step is told at once", field="steps")
    if sorted(set(minutes)) != minutes or any(each > LONGEST_MINUTES for each in minutes):
        raise Refused(
            f"expected each step later than the one before it, within {LONGEST_MINUTES} minutes",
            field="steps",
        )
    if repeat_minutes and not 5 <= repeat_minutes <= LONGEST_MINUTES:
        raise Refused(f"expected 5 to {LONGEST_MINUTES} minutes, or 0", field="repeat_minutes")


def _clean_place(channel: str, place: str) -> str:
    try:
        return CHANNELS[channel].clean(place)
    except (Refused, ValidationError) as error:
        words = str(error) if isinstance(error, Refused) else "expected a mail address"
        raise Refused(words, field="place") from None


def _described(page: Page) -> dict[str, object]:
    steps = AlertStep.objects.filter(page=page).prefetch_related("contacts")
    told = [
        {"after": step.after_minutes, "contacts": [one.name for one in step.contacts.all()]} for step in steps
    ]
    return {"steps": told, "repeat_minutes": page.alert_repeat_minutes}
