"""Permanent measures that somebody is to carry out, from the report that promises them to their end."""

from datetime import date

from django.db import transaction

from incidents.actions import audit
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Measure, MeasureState, Report, Staff

LONGEST_TEXT = 500
FARTHEST_YEARS = 5


@transaction.atomic
def add_measure(
    report: Report, *, text: str, owner: Staff, due_on: date, actor: Staff | None = None
) -> Measure:
    """Its owner is reminded by mail until it is done or dropped."""
    today = _today(report)
    if due_on < today:
        raise Refused("a measure is due today or on a later day", field="due_on")
    _check(text, owner=owner, due_on=due_on, today=today)
    measure = Measure.objects.create(
        report=report, text=text.strip(), owner=owner, due_on=due_on, created_at=times.now()
    )
    audit.record("add_measure", measure, actor=actor, after=_facts(measure))
    return measure


@transaction.atomic
def change_measure(
    measure: Measure, *, text: str, owner: Staff, due_on: date, actor: Staff | None = None
) -> Measure:
    """Another day brings its own reminders; those that were sent are not sent again."""
    measure = _lock(measure)
    _refuse_ended(measure)
    today = _today(measure.report)
    if due_on != measure.due_on and due_on < today:
        raise Refused("a measure is due today or on a later day", field="due_on")
    _check(text, owner=owner, due_on=due_on, today=today, known_owner=measure.owner_id)
    before = _facts(measure)
    measure.text, measure.owner, measure.due_on = text.strip(), owner, due_on
    measure.save(update_fields=["text", "owner", "due_on"])
    audit.record("change_measure", measure, actor=actor, before=before, after=_facts(measure))
    return measure


@transaction.atomic
def finish_measure(measure: Measure, *, actor: Staff | None = None) -> Measure:
    """It is carried out. Doing it again changes nothing."""
    measure = _lock(measure)
    if measure.state == MeasureState.DONE:
        return measure
    _refuse_ended(measure)
    return _end(measure, MeasureState.DONE, actor=actor)


@transaction.atomic
def drop_measure(measure: Measure, *, because: str, actor: Staff | None = None) -> Measure:
    """It is not carried out, for a reason that stays on the record."""
    measure = _lock(measure)
    _refuse_ended(measure)
    because = because.strip()
    if not because or len(because) > LONGEST_TEXT:
        raise Refused(f"expected one line of 1 to {LONGEST_TEXT} characters", field="because")
    measure.dropped_because = because
    return _end(measure, MeasureState.DROPPED, actor=actor)


@transaction.atomic
def reopen_measure(measure: Measure, *, actor: Staff | None = None) -> Measure:
    """It was not done after all. What customers were told of it stays told."""
    measure = _lock(measure)
    if measure.state == MeasureState.OPEN:
        return measure
    before = _facts(measure)
    measure.state, measure.ended_at, measure.dropped_because = MeasureState.OPEN, None, ""
    measure.save(update_fields=["state", "ended_at", "dropped_because"])
    audit.record("reopen_measure", measure, actor=actor, before=before, after=_facts(measure))
    return measure


def _end(measure: Measure, state: MeasureState, *, actor: Staff | None) -> Measure:
    measure.state, measure.ended_at = state, times.now()
    measure.save(update_fields=["state", "ended_at", "dropped_because"])
    audit.record(f"{state.value}_measure", measure, actor=actor, after=_facts(measure))
    return measure


def _lock(measure: Measure) -> Measure:
    rows = Measure.objects.select_for_update(of=("self",)).select_related("report__incident__page", "owner")
    return rows.get(pk=measure.pk)


def _refuse_ended(measure: Measure) -> None:
    if measure.state != MeasureState.OPEN:
        raise Refused("this measure is ended; open it again to change it")


def _check(text: str, *, owner: Staff, due_on: date, today: date, known_owner: int | None = None) -> None:
    cleaned = text.strip()
    if not cleaned or len(cleaned) > LONGEST_TEXT or not cleaned.isprintable():
        raise Refused(f"expected one line of 1 to {LONGEST_TEXT} characters", field="text")
    if not (owner.is_active and owner.is_staff) and owner.pk != known_owner:
        raise Refused("expected somebody who may sign in", field="owner")
    if due_on.year > today.year + FARTHEST_YEARS:
        raise Refused(f"expected a day within {FARTHEST_YEARS} years", field="due_on")


def _today(report: Report) -> date:
    return times.now().astimezone(report.incident.page.zone).date()


def _facts(measure: Measure) -> dict[str, object]:
    return {
        "text": measure.text,
        "owner": measure.owner.email,
        "due_on": str(measure.due_on),
        "state": measure.state,
        "dropped_because": measure.dropped_because,
    }
