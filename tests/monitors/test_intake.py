"""Counts taken in: judged where they come in order, anew where they come late or are lived otherwise."""

import math
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents.actions.monitor import fall_silent
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Incident, Monitor, Observation, Staff
from incidents.monitors.intake import accept_level, take_observations
from incidents.monitors.series import Series
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
FROM = jst("2026-06-01 00:00")
HOUR = timedelta(hours=1)
WEEKS = 5
DROP_FROM = FROM + timedelta(weeks=WEEKS, hours=9)


def counts(hours: int, *, step: timedelta = HOUR, drop: float = 0.4) -> list[tuple[datetime, float]]:
    """The hours after the drop began, behind five weeks of 1,000 an hour."""
    chance, until = random.Random(2), DROP_FROM + HOUR * hours
    stamps = [FROM + step * (number + 1) for number in range(int((until - FROM) / step))]
    usual = 1000 * (step / HOUR)
    return [
        (at, round(usual * (1 - drop if at > DROP_FROM else 1) * math.exp(chance.gauss(0, 0.05))))
        for at in stamps
    ]


def take(monitor: Monitor, points: list[tuple[datetime, float]]) -> Monitor:
    with times.at(points[-1][0]):
        take_observations(monitor, points)
    monitor.refresh_from_db()
    return monitor


def counted(**values: Any) -> Monitor:
    return make.monitor(make.service(make.page()), **values)


def test_a_value_that_comes_late_is_judged_in_its_place() -> None:
    points, monitor = counts(6), counted()
    late = points.pop(-3)
    in_order = take(monitor, points).state
    again = take(monitor, [late]).state
    assert again != in_order
    take(other := counted(), counts(6))
    assert again == other.state


def test_values_of_before_the_first_are_learnt_as_well() -> None:
    points, monitor = counts(6), counted()
    take(monitor, points[-3:])
    assert monitor.verdict == "unknown"
    take(monitor, points[:-3])
    assert monitor.verdict == "low"


def test_another_interval_is_learnt_anew_from_what_is_kept() -> None:
    monitor = take(counted(interval_seconds=900), counts(0, step=timedelta(minutes=15)))
    assert monitor.verdict == "up"
    Monitor.objects.update(interval_seconds=1800)
    Observation.objects.exclude(at__minute__in=(0, 30)).delete()
    take(monitor, [(DROP_FROM + timedelta(minutes=30), 250.0)])
    assert Series.from_json(monitor.state).first_at == FROM + timedelta(minutes=30)
    assert len(monitor.state["usual"]["slots"]) == 7 * 48


def test_another_calendar_is_learnt_anew() -> None:
    monitor = take(counted(), counts(0))
    before = Series.from_json(monitor.state)
    Monitor.objects.update(settings={"closed_days": "07-06"})
    take(monitor, counts(1)[-1:])
    after = Series.from_json(monitor.state)
    assert after.rhythm != before.rhythm
    assert after.first_at == before.first_at


def accepted(monitor: Monitor, staff: Staff, at: datetime) -> None:
    with times.at(at):
        accept_level(monitor, actor=staff)
    monitor.refresh_from_db()


def test_staff_take_a_new_level_for_the_usual_and_the_draft_goes() -> None:
    points, staff = counts(30), make.staff()
    monitor = take(counted(name="受信通数"), points[:-24])
    incident = Incident.objects.get()
    accepted(monitor, staff, points[-25][0])
    incident.refresh_from_db()
    assert (monitor.verdict, incident.state) == ("up", "dismissed")
    said = [entry.text for entry in incident.log.all()]
    entry = AuditEntry.objects.get(action="take_level")
    percent = entry.after["percent"]
    assert entry.actor == staff
    assert percent == pytest.approx(60, abs=4)
    assert f"監視「受信通数」の現在の水準（従来の約{percent}%）を、担当者が通常の値と判断。" in said
    assert not monitor.signals.filter(ended_at=None).exists()
    take(monitor, points[-24:])
    assert monitor.verdict == "up"


def test_an_accepted_level_stays_so_when_a_value_comes_late() -> None:
    points = counts(30)
    late = points.pop(-20)
    monitor = take(counted(), points[:-10])
    accepted(monitor, make.staff(), points[-11][0])
    take(monitor, [late])
    assert monitor.verdict == "up"
    assert len(Series.from_json(monitor.state).accepted) == 1


def test_there_is_no_level_to_accept_while_all_is_usual() -> None:
    monitor = take(counted(), counts(0))
    with pytest.raises(Refused, match="usual"):
        accept_level(monitor, actor=make.staff())
    assert not AuditEntry.objects.filter(action="take_level").exists()


def test_a_level_can_be_accepted_while_nothing_comes() -> None:
    monitor = take(counted(), counts(6))
    with times.at(DROP_FROM + 20 * HOUR):
        fall_silent(monitor, state=monitor.state)
    accepted(monitor, make.staff(), DROP_FROM + 21 * HOUR)
    assert not monitor.signals.filter(ended_at=None).exists()
