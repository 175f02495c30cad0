"""Reminds the owners of measures by mail, in the morning of the page's zone."""

from datetime import date

from django.db import transaction

from incidents.actions import audit
from incidents.actions.update import SENDING
from incidents.lib import times
from incidents.lib.reminding import AHEAD, is_reminder_due
from incidents.lib.wake import wake
from incidents.models import Measure, MeasureState, Page
from incidents.notices import reminders

MORNING_HOUR = 9


def run() -> None:
    """Each reminder once, however often this runs; one that was missed is sent later, but only the latest."""
    for page in Page.objects.filter(incidents__report__measure_items__state=MeasureState.OPEN).distinct():
        now = times.now().astimezone(page.zone)
        if now.hour >= MORNING_HOUR:
            for measure_id in _near(page, today=now.date()):
                _remind(measure_id, today=now.date())


def _near(page: Page, *, today: date) -> list[int]:
    open_ = Measure.objects.filter(report__incident__page=page, state=MeasureState.OPEN)
    near = open_.filter(due_on__lte=today + AHEAD, owner__is_active=True).order_by("pk")
    return list(near.values_list("pk", flat=True))


@transaction.atomic
def _remind(measure_id: int, *, today: date) -> None:
    rows = Measure.objects.select_for_update(of=("self",)).select_related("owner", "report__incident__page")
    measure = rows.get(pk=measure_id)
    since = measure.created_at.astimezone(measure.report.incident.page.zone).date()
    is_due = is_reminder_due(measure.due_on, today=today, reminded_on=measure.reminded_on, since=since)
    if measure.state != MeasureState.OPEN or not is_due:
        return
    reminders.queue_reminder(measure)
    measure.reminded_on = today
    measure.save(update_fields=["reminded_on"])
    audit.record("remind_of_measure", measure, after={"owner": measure.owner.email})
    transaction.on_commit(lambda: wake(SENDING), robust=True)
