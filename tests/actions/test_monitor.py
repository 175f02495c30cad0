"""From a judged failure to a draft, and back."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from incidents.actions import automation
from incidents.actions import service as service_actions
from incidents.actions import update as update_actions
from incidents.actions.detection import Judged
from incidents.actions.monitor import CHECKS_A_MINUTE, apply_judgement, fall_silent, set_monitor_enabled
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, Monitor, Service, Signal
from incidents.queries.monitor import lock_monitor
from incidents.queries.page import overview
from tests import make
from tests.at_once import run_at_once
from tests.make import jst

pytestmark = pytest.mark.django_db
ONSET = jst("2020-09-01 09:00")
SEEN = jst("2020-09-01 13:00")


def judge(
    monitor: Monitor, verdict: str, at: datetime = SEEN, *, onset: datetime = ONSET, ratio: float = 0.75
) -> None:
    with times.at(at), transaction.atomic():
        held = lock_monitor(monitor.pk)
        apply_judgement(held, Judged(verdict, at, onset, {"seen": at.isoformat()}, ratio))


def last_line(incident: Incident) -> str:
    entry = incident.log.last()
    assert entry is not None
    return entry.text


def watched(**values: object) -> tuple[Service, Monitor]:
    service = make.service(make.page(), name="Email Archive", **values)
    return service, make.monitor(service, name="受信通数", status_when_failing="degraded")


def test_a_judged_failure_colours_the_service_and_opens_one_draft_with_its_onset() -> None:
    service, monitor = watched()
    judge(monitor, "low")
    incident = Incident.objects.get()
    assert (incident.state, incident.origin, incident.started_at, incident.detected_at) == (
        "draft",
        "monitor",
        ONSET,
        SEEN,
    )
    assert incident.title == "Email Archive 処理量の低下"
    assert [(i.service, i.status, i.from_at) for i in incident.impacts.all()] == [
        (service, "degraded", ONSET)
    ]
    line = incident.log.get()
    assert (line.kind, line.source, line.happened_at) == ("detection", "monitor", SEEN)
    assert "2020年9月1日 09:00" in line.text
    assert "約75%" in line.text
    with times.at(SEEN):
        shown = overview(service.page)
    assert (shown.status, shown.open_incidents) == ("degraded", ())


def test_the_same_verdict_again_changes_nothing() -> None:
    _, monitor = watched()
    judge(monitor, "low")
    judge(monitor, "low", SEEN + timedelta(hours=1))
    assert Incident.objects.get().log.count() == 1


def test_all_signals_of_a_service_fold_into_one_draft_with_the_earliest_onset() -> None:
    service, first = watched()
    second = make.monitor(service, kind="http", name="検索画面", target="https://example.com/")
    judge(first, "low")
    judge(second, "down", SEEN + timedelta(minutes=1), onset=ONSET - timedelta(hours=1))
    incident = Incident.objects.get()
    assert incident.started_at == ONSET - timedelta(hours=1)
    assert incident.signals.count() == 2


def test_recovery_before_publication_closes_the_draft_quietly_on_the_record() -> None:
    service, monitor = watched()
    judge(monitor, "low")
    judge(monitor, "up", SEEN + timedelta(hours=2))
    incident = Incident.objects.get()
    assert (incident.state, incident.dismissed_at) == ("dismissed", SEEN + timedelta(hours=2))
    assert [entry.kind for entry in incident.log.all()] == ["detection", "detection", "action"]
    with times.at(SEEN + timedelta(hours=2)):
        assert overview(service.page).status == "operational"


def test_a_draft_stays_while_another_signal_of_it_lasts() -> None:
    service, first = watched()
    second = make.monitor(service, kind="http", name="検索画面", target="https://example.com/")
    judge(first, "low")
    judge(second, "down")
    judge(first, "up", SEEN + timedelta(hours=2))
    assert Incident.objects.get().state == "draft"


def test_a_published_incident_is_never_resolved_by_a_monitor() -> None:
    _, monitor = watched()
    judge(monitor, "low")
    with times.at(SEEN):
        update_actions.publish_draft(Incident.objects.get())
    judge(monitor, "up", SEEN + timedelta(hours=2))
    incident = Incident.objects.get()
    assert (incident.state, incident.is_open) == ("public", True)
    assert "正常な状態に戻った" in last_line(incident)


def test_a_surge_is_logged_as_recovery_in_the_open_incident_and_opens_no_second() -> None:
    _, monitor = watched()
    judge(monitor, "low")
    judge(monitor, "high", SEEN + timedelta(days=5), ratio=1.5)
    incident = Incident.objects.get()
    assert "回復傾向" in last_line(incident)
    assert not Signal.objects.filter(ended_at=None).exists()


def test_a_surge_without_an_incident_is_a_failure_like_any_other() -> None:
    _, monitor = watched()
    judge(monitor, "high", ratio=1.8)
    assert Incident.objects.get().title == "Email Archive 処理量の増加"


def test_recovery_after_a_surge_closes_a_draft_that_nobody_published() -> None:
    _, monitor = watched(policy="publish")
    judge(monitor, "low")
    judge(monitor, "high", SEEN + timedelta(minutes=5), ratio=1.5)
    with times.at(SEEN + timedelta(minutes=15)):
        assert automation.publish_due() == 0
    judge(monitor, "up", SEEN + timedelta(hours=2))
    assert Incident.objects.get().state == "dismissed"


def test_a_surge_that_is_the_trouble_itself_is_no_recovery_however_often_it_is_seen() -> None:
    service, monitor = watched()
    judge(monitor, "high", ratio=1.8)
    with times.at(SEEN + timedelta(hours=4)):
        fall_silent(lock_monitor(monitor.pk), state={})
    judge(monitor, "high", SEEN + timedelta(hours=5), ratio=1.8)
    judge(make.monitor(service, name="送信通数"), "high", SEEN + timedelta(hours=6), ratio=1.8)
    incident = Incident.objects.get()
    assert incident.signals.filter(ended_at=None).count() == 2
    assert [entry.text for entry in incident.log.all() if "回復傾向" in entry.text] == []


def test_a_failure_seen_again_after_silence_is_the_same_failure() -> None:
    _, monitor = watched()
    judge(monitor, "down")
    with times.at(SEEN + timedelta(hours=4)):
        fall_silent(lock_monitor(monitor.pk), state={})
    judge(monitor, "down", SEEN + timedelta(hours=5))
    assert Incident.objects.get().log.count() == 1


def test_a_lesser_signal_does_not_lower_what_the_draft_proposes() -> None:
    service, counts = watched()
    asks = make.monitor(service, kind="http", name="検索画面", target="https://example.com/")
    judge(asks, "down")
    judge(counts, "low", SEEN + timedelta(minutes=1))
    incident = Incident.objects.get()
    assert (incident.impacts.get().status, incident.severity) == ("major_outage", "critical")


def test_a_graver_signal_raises_what_the_draft_proposes() -> None:
    service, counts = watched()
    asks = make.monitor(service, kind="http", name="検索画面", target="https://example.com/")
    judge(counts, "low")
    judge(asks, "down", SEEN + timedelta(minutes=1))
    incident = Incident.objects.get()
    assert (incident.impacts.get().status, incident.severity) == ("major_outage", "critical")


@pytest.mark.django_db(transaction=True)
def test_two_monitors_of_a_service_that_fail_at_once_open_one_draft() -> None:
    service, first = watched()
    second = make.monitor(service, kind="http", name="検索画面", target="https://example.com/")
    assert run_at_once(lambda: judge(first, "low"), lambda: judge(second, "down")) is None
    assert Incident.objects.get().signals.count() == 2


def test_an_observed_service_has_signals_but_no_draft_and_no_colour() -> None:
    service, monitor = watched(policy="observe")
    judge(monitor, "down")
    assert Signal.objects.count() == 1
    assert not Incident.objects.exists()
    with times.at(SEEN):
        assert overview(service.page).status == "operational"


def test_a_policy_publishes_by_itself_after_its_minutes_and_not_before() -> None:
    _, monitor = watched(policy="publish")
    judge(monitor, "down")
    with times.at(SEEN + timedelta(minutes=9)):
        assert automation.publish_due() == 0
    with times.at(SEEN + timedelta(minutes=10)):
        assert automation.publish_due() == 1
        assert automation.publish_due() == 0
    incident = Incident.objects.get()
    assert incident.state == "public"
    assert "受信通数" not in incident.updates.get().body


def test_a_draft_that_a_person_published_is_not_published_again_by_the_policy() -> None:
    _, monitor = watched(policy="publish")
    judge(monitor, "down")
    with times.at(SEEN + timedelta(minutes=2)):
        update_actions.publish_draft(Incident.objects.get())
    with times.at(SEEN + timedelta(minutes=20)):
        assert automation.publish_due() == 0


def test_a_draft_whose_monitor_was_paused_is_not_published_by_the_policy() -> None:
    _, monitor = watched(policy="publish")
    judge(monitor, "down")
    with times.at(SEEN + timedelta(minutes=2)):
        set_monitor_enabled(monitor, False)
    with times.at(SEEN + timedelta(minutes=20)):
        assert automation.publish_due() == 0


def test_a_draft_that_cannot_be_published_keeps_no_other_waiting() -> None:
    for _ in range(2):
        judge(watched(policy="publish")[1], "down")
    first = Incident.objects.earliest("pk")
    Incident.objects.filter(pk=first.pk).update(started_at=SEEN + timedelta(days=1))
    with times.at(SEEN + timedelta(minutes=20)):
        assert automation.publish_due() == 1
    assert Incident.objects.get(state="draft").pk == first.pk


def test_a_paused_monitor_colours_nothing() -> None:
    service, monitor = watched()
    judge(monitor, "down")
    with times.at(SEEN):
        set_monitor_enabled(monitor, False)
        assert overview(service.page).status == "operational"


def test_a_monitored_service_without_a_fresh_result_is_grey_never_green() -> None:
    service, monitor = watched()
    judge(monitor, "up")
    with times.at(SEEN + timedelta(hours=3)):
        assert overview(service.page).status == "operational"
    with times.at(SEEN + timedelta(hours=3, seconds=1)):
        assert overview(service.page).status == "unknown"


def test_a_status_set_by_hand_shows_as_such_with_its_instant() -> None:
    page = make.page()
    service = make.service(page)
    with times.at(SEEN):
        service_actions.set_status(service, "maintenance")
        view = overview(page).groups[0].services[0]
    assert (view.status, view.is_set_by_hand, view.since) == ("maintenance", True, SEEN)


@pytest.mark.parametrize(
    ("status", "severity"),
    [("degraded", "minor"), ("partial_outage", "major"), ("major_outage", "critical")],
)
def test_a_draft_proposes_its_severity_by_how_the_service_suffers(status: str, severity: str) -> None:
    service = make.service(make.page())
    judge(
        make.monitor(service, kind="http", target="https://example.com/", status_when_failing=status), "down"
    )
    assert Incident.objects.get().severity == severity


def test_nobody_makes_a_port_scanner_of_monitors(db: None) -> None:
    service, one, other = (
        make.service(make.page()),
        make.staff("one@example.com"),
        make.staff("two@example.com"),
    )
    monitor = make.monitor(service, kind="tcp", target="192.0.2.1:1")
    with times.at(jst("2026-11-01 12:00")):
        for _ in range(CHECKS_A_MINUTE):
            set_monitor_enabled(monitor, True, actor=one)
        with pytest.raises(Refused, match="too often"):
            set_monitor_enabled(monitor, True, actor=one)
        set_monitor_enabled(monitor, False, actor=one)
        set_monitor_enabled(monitor, True, actor=other)
    with times.at(jst("2026-11-01 12:01") + timedelta(seconds=1)):
        set_monitor_enabled(monitor, True, actor=one)
