"""A service that fails explains the failures of what stands on it: one draft, not ten."""

import random
from datetime import timedelta

import pytest
from django.db import transaction

from incidents.actions import incident as incident_actions
from incidents.actions.detection import Judged
from incidents.actions.monitor import apply_judgement
from incidents.actions.service import set_dependencies
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, IncidentState, Monitor, Page
from incidents.queries.monitor import lock_monitor
from tests import make
from tests.at_once import run_at_once

NOW = make.jst("2026-06-01 09:00")


def judge(monitor: Monitor, verdict: str, *, minutes: float = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    with times.at(at), transaction.atomic():
        held = lock_monitor(monitor.pk)
        apply_judgement(held, Judged(verdict, at, at, {"seen": at.isoformat()}))


def family(page: Page, dependants: int) -> list[Monitor]:
    """The monitor of a database, then one of each service that stands on it: the last on the one before."""
    database = make.service(page, name="Database")
    services = [make.service(page, name=f"Service {n}") for n in range(dependants)]
    for service in services[:-1]:
        set_dependencies(service, [database])
    set_dependencies(services[-1], [services[0]])
    return [make.monitor(service) for service in (database, *services)]


def drafts() -> list[Incident]:
    return list(Incident.objects.filter(state=IncidentState.DRAFT))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_a_failed_database_and_its_nine_dependants_are_one_draft_in_any_order(seed: int) -> None:
    monitors = family(make.page(), 9)
    database = monitors[0].service
    random.Random(seed).shuffle(monitors)
    for minutes, monitor in enumerate(monitors):
        judge(monitor, "down", minutes=minutes)
    (draft,) = drafts()
    assert "Database" in draft.title
    assert set(draft.impacts.filter(until_at=None).values_list("service__name", flat=True)) == {
        monitor.service.name for monitor in monitors
    }
    assert draft.started_at == NOW
    assert draft.log.count() == 10
    for monitor in monitors:
        assert monitor.signals.get().incident == draft
    assert draft.signals.filter(service=database).exists()


@pytest.mark.django_db
def test_the_draft_closes_when_the_last_of_them_is_back() -> None:
    monitors = family(make.page(), 3)
    for monitor in monitors:
        judge(monitor, "down")
    for minutes, monitor in enumerate(monitors, start=1):
        assert len(drafts()) == 1
        judge(monitor, "up", minutes=minutes)
    assert drafts() == []


@pytest.mark.django_db
def test_what_failed_long_before_is_another_matter() -> None:
    database, one, *_ = family(make.page(), 3)
    judge(one, "down")
    judge(database, "down", minutes=16)
    assert len(drafts()) == 2


@pytest.mark.django_db
def test_a_draft_that_somebody_looks_at_is_not_folded_away() -> None:
    database, one, *_ = family(make.page(), 3)
    judge(one, "down")
    incident_actions.acknowledge(drafts()[0], actor=make.staff())
    judge(database, "down", minutes=1)
    assert len(drafts()) == 2
    judge(one, "up", minutes=2)
    assert len(drafts()) == 2


@pytest.mark.django_db
def test_services_that_stand_on_nothing_common_have_drafts_of_their_own() -> None:
    page = make.page()
    for monitor in (*family(page, 2), make.monitor(make.service(page, name="Telephone"))):
        judge(monitor, "down")
    assert len(drafts()) == 2


@pytest.mark.django_db
def test_a_circle_is_refused() -> None:
    page = make.page()
    first, second, third = (make.service(page, name=name) for name in ("One", "Two", "Three"))
    set_dependencies(second, [first])
    set_dependencies(third, [second])
    for wrong in (first, second, third):
        with pytest.raises(Refused) as refused:
            set_dependencies(first, [wrong])
        assert refused.value.field == "depends_on"
    with pytest.raises(Refused):
        set_dependencies(first, [make.service(make.page(host="other.example"))])
    assert not first.depends_on.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("database_first", [True, False])
def test_failures_at_the_same_instant_are_one_draft(database_first: bool) -> None:
    database, one, *_ = family(make.page(), 2)
    first, second = (database, one) if database_first else (one, database)
    assert run_at_once(lambda: judge(first, "down"), lambda: judge(second, "down")) is None
    (draft,) = drafts()
    assert draft.signals.count() == 2
