"""What happens without a person, and what keeps it from happening."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from incidents.actions import automation, log
from incidents.actions import incident as incident_actions
from incidents.actions import update as update_actions
from incidents.actions.detection import Judged
from incidents.actions.location import suspect_network
from incidents.actions.monitor import apply_judgement, fall_silent, park_monitor, set_monitor_enabled
from incidents.actions.monitor_edit import edit_monitor
from incidents.actions.service import set_dependencies
from incidents.actions.staff_alert import Step, set_steps
from incidents.actions.staff_alert import add_contact as add_staff_contact
from incidents.lib import times
from incidents.models import (
    Delivery,
    Incident,
    IncidentState,
    Monitor,
    Page,
    Service,
    StaffAlert,
    StaffContact,
    Stage,
)
from incidents.notices import staff_alerts
from incidents.queries.monitor import lock_monitor
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.jst("2026-06-01 09:00")
WAIT = 10


def judge(monitor: Monitor, verdict: str, *, minutes: float = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    with times.at(at), transaction.atomic():
        held = lock_monitor(monitor.pk)
        apply_judgement(held, Judged(verdict, at, at, {"seen": at.isoformat()}))


def run(*, minutes: float) -> None:
    """As the clock does: every half minute, from twelve minutes before on."""
    at = NOW + timedelta(minutes=minutes)
    for before in range(25, -1, -1):
        with times.at(at - timedelta(seconds=30 * before)):
            automation.run()


def watched(page: Page | None = None, **values: Any) -> Monitor:
    service = make.service(page or make.page(), policy="publish", **values)
    return make.monitor(service)


def the_incident() -> Incident:
    return Incident.objects.get()


def stages() -> list[str]:
    return [update.stage for update in the_incident().updates.order_by("number")]


def mailed() -> int:
    return Delivery.objects.filter(notice__kind="update").count()


def add_contact(page: Page, name: str) -> StaffContact:
    return add_staff_contact(page, name=name, channel="email", place=f"{name}@example.com", language="en")


def reader(service: Service, n: int = 0) -> None:
    make.subscriber(service.page, f"reader{n}@example.com")


def test_a_draft_that_nobody_looks_at_is_published_after_its_minutes_with_fixed_words() -> None:
    monitor = watched()
    judge(monitor, "down")
    run(minutes=WAIT - 1)
    assert the_incident().state == IncidentState.DRAFT
    run(minutes=WAIT)
    assert stages() == [Stage.INVESTIGATING]
    assert monitor.name not in the_incident().updates.get().body


def test_one_that_somebody_acknowledged_waits_for_people() -> None:
    judge(watched(), "down")
    incident_actions.acknowledge(the_incident(), actor=make.staff())
    run(minutes=WAIT + 60)
    assert the_incident().state == IncidentState.DRAFT


def test_what_was_published_by_itself_resolves_by_itself_after_ten_stable_minutes() -> None:
    monitor = watched()
    judge(monitor, "down")
    run(minutes=WAIT)
    judge(monitor, "up", minutes=WAIT + 5)
    run(minutes=WAIT + 14)
    assert stages() == [Stage.INVESTIGATING]
    run(minutes=WAIT + 16)
    assert stages() == [Stage.INVESTIGATING, Stage.RESOLVED]
    assert the_incident().impacts.get().until_at == NOW + timedelta(minutes=WAIT + 5)


def test_what_a_person_touched_is_never_resolved_by_the_machine() -> None:
    monitor = watched()
    judge(monitor, "down")
    run(minutes=WAIT)
    with times.at(NOW + timedelta(minutes=WAIT + 1)):
        log.add_entry(the_incident(), text="Looking at the disks.", actor=make.staff())
    judge(monitor, "up", minutes=WAIT + 5)
    run(minutes=WAIT + 60)
    assert stages() == [Stage.INVESTIGATING]


def test_what_a_person_published_is_never_resolved_by_the_machine() -> None:
    monitor = make.monitor(make.service(make.page()))
    judge(monitor, "down")
    with times.at(NOW + timedelta(minutes=1)):
        update_actions.publish_draft(the_incident(), actor=make.staff())
    judge(monitor, "up", minutes=2)
    run(minutes=60)
    assert stages() == [Stage.INVESTIGATING]


def test_a_return_within_half_an_hour_is_an_update_of_the_same_incident() -> None:
    monitor = watched()
    judge(monitor, "down")
    run(minutes=WAIT)
    judge(monitor, "up", minutes=WAIT + 1)
    run(minutes=WAIT + 12)
    judge(monitor, "down", minutes=WAIT + 20)
    run(minutes=2 * WAIT + 20)
    shown = Incident.objects.get(state=IncidentState.PUBLIC)
    assert [u.stage for u in shown.updates.order_by("number")] == [
        "investigating",
        "resolved",
        "investigating",
    ]
    assert shown.is_open
    assert not Incident.objects.filter(state=IncidentState.DRAFT).exists()


def test_a_return_goes_on_calling_until_somebody_acknowledges() -> None:
    monitor = watched()
    first, second = (add_contact(monitor.service.page, name) for name in ("first", "second"))
    set_steps(monitor.service.page, [Step(0, (first.pk,)), Step(20, (second.pk,))])
    judge(monitor, "down")
    run(minutes=WAIT)
    judge(monitor, "up", minutes=WAIT + 1)
    run(minutes=WAIT + 12)
    judge(monitor, "down", minutes=WAIT + 20)
    run(minutes=2 * WAIT + 20)
    shown = Incident.objects.get(state=IncidentState.PUBLIC)
    (alert,) = StaffAlert.objects.filter(ended_at=None)
    assert alert.incident == shown
    with times.at(NOW + timedelta(minutes=2 * WAIT + 31)):
        staff_alerts.run_due()
    assert Delivery.objects.filter(contact=second, notice__staff_alert=alert).count() == 1
    incident_actions.acknowledge(shown, actor=make.staff())
    with times.at(NOW + timedelta(minutes=2 * WAIT + 32)):
        staff_alerts.run_due()
    assert not StaffAlert.objects.get(pk=alert.pk).is_live


@pytest.mark.parametrize("how", ["paused", "parked", "silent", "edited"])
def test_a_monitor_that_says_nothing_any_more_is_no_recovery(how: str) -> None:
    monitor = watched()
    judge(monitor, "down")
    run(minutes=WAIT)
    with times.at(NOW + timedelta(minutes=WAIT + 1)):
        if how == "paused":
            set_monitor_enabled(monitor, False)
        if how == "parked":
            park_monitor(monitor, reason="target: broken")
        if how == "silent":
            fall_silent(lock_monitor(monitor.pk), state={})
        if how == "edited":
            edit_monitor(
                monitor,
                name=monitor.name,
                target="elsewhere",
                settings={},
                interval_seconds=3600,
                status_when_failing="degraded",
            )
    run(minutes=WAIT + 60)
    assert stages() == [Stage.INVESTIGATING]
    if how == "edited":
        judge(monitor, "up", minutes=WAIT + 61)
        run(minutes=WAIT + 72)
        assert stages() == [Stage.INVESTIGATING, Stage.RESOLVED]


def test_only_services_whose_policy_says_so_are_spoken_of() -> None:
    page = make.page()
    database = watched(page, name="Database")
    others = [
        make.monitor(make.service(page, name=policy, policy=policy))
        for policy in ("observe", "draft", "publish")
    ]
    for other in others:
        set_dependencies(other.service, [database.service])
    for monitor in (database, *others):
        judge(monitor, "down")
    draft = the_incident()
    proposed = set(draft.impacts.values_list("service__name", flat=True))
    assert proposed == {"Database", "draft", "publish"}
    assert draft.signals.count() == 4
    run(minutes=WAIT)
    shown = the_incident()
    assert set(shown.impacts.values_list("service__name", flat=True)) == {"Database", "publish"}
    for monitor in (database, *others):
        judge(monitor, "up", minutes=WAIT + 5)
    run(minutes=WAIT + 16)
    assert stages() == [Stage.INVESTIGATING, Stage.RESOLVED]


def test_a_policy_that_was_changed_meanwhile_leaves_the_draft_to_people() -> None:
    monitor = watched()
    judge(monitor, "down")
    Service.objects.update(policy="draft")
    run(minutes=WAIT)
    draft = the_incident()
    assert (draft.state, draft.publish_due_at) == (IncidentState.DRAFT, None)


def test_a_location_that_was_given_up_holds_nothing() -> None:
    judge(watched(), "down")
    suspect_network("osaka", at=NOW)
    run(minutes=WAIT)
    assert stages() == [Stage.INVESTIGATING]


def test_a_fourth_in_an_hour_waits_for_people() -> None:
    page = make.page()
    monitors = [watched(page, name=f"Service {n}") for n in range(4)]
    for monitor in monitors:
        judge(monitor, "down")
    run(minutes=WAIT)
    assert Incident.objects.filter(state=IncidentState.PUBLIC).count() == 3
    draft = Incident.objects.get(state=IncidentState.DRAFT)
    assert draft.publish_due_at is None
    last = draft.log.last()
    assert last is not None
    assert "上限" in last.text


def test_more_readers_than_a_machine_may_tell_wait_for_people() -> None:
    monitor = watched()
    Page.objects.update(automatic_recipients=1)
    for n in range(2):
        reader(monitor.service, n)
    judge(monitor, "down")
    run(minutes=WAIT)
    assert the_incident().state == IncidentState.DRAFT


def test_one_service_is_mailed_of_at_most_once_in_a_quarter_of_an_hour() -> None:
    monitor = watched()
    Service.objects.update(publish_after_minutes=1)
    reader(monitor.service)
    judge(monitor, "down")
    run(minutes=1)
    assert mailed() == 1
    incident_actions.acknowledge(the_incident(), actor=make.staff())
    Incident.objects.update(stage="resolved", resolved_at=NOW + timedelta(minutes=2))
    judge(monitor, "up", minutes=3)
    judge(monitor, "down", minutes=5)
    run(minutes=6)
    assert Incident.objects.filter(state=IncidentState.PUBLIC).count() == 2
    assert mailed() == 1


@pytest.mark.parametrize("how", ["page", "file", "suspect"])
def test_a_switch_stops_all_of_it(how: str, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    if how == "file":
        (tmp_path / automation.KILL_SWITCH).touch()
    monitor = watched()
    judge(monitor, "down")
    Page.objects.update(is_automation_off=how == "page")
    if how == "suspect":
        make.monitor(monitor.service, "http", target="http://www.example.com/")
        suspect_network("main", at=NOW)
    at = NOW + timedelta(minutes=WAIT)
    for before in range(25, -1, -1):
        with times.at(at - timedelta(seconds=30 * before)):
            automation.run()
    assert the_incident().state == IncidentState.DRAFT


def test_nothing_happens_in_the_ten_minutes_after_a_start_or_a_jump_of_the_clock() -> None:
    judge(watched(), "down")
    for minutes, is_published in ((60, False), (60.5, False), (70.1, False), (70.2, False)):
        with times.at(NOW + timedelta(minutes=minutes)):
            automation.run()
        assert (the_incident().state == IncidentState.PUBLIC) is is_published
    run(minutes=85)
    assert the_incident().state == IncidentState.PUBLIC
