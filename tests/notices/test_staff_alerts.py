"""Staff are told step by step until somebody acknowledges it, by the real outbox and a server on loopback."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from incidents.actions import incident as incident_actions
from incidents.actions import log, staff_alert, staff_watch
from incidents.actions.detection import Judged
from incidents.actions.location import (
    note_seen,
    suspect_canary,
    suspect_network,
    trust_canary,
    trust_network,
)
from incidents.actions.monitor import apply_judgement, park_monitor
from incidents.actions.staff_alert import Step
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    Delivery,
    DeliveryState,
    Incident,
    Lane,
    Monitor,
    NoticeKind,
    Page,
    Service,
    StaffAlert,
    StaffContact,
    Subscriber,
)
from incidents.monitors.judge import Policy, State
from incidents.monitors.judge import judge as judge_result
from incidents.monitors.results import Result
from incidents.notices import fanout, guard, outbox
from incidents.notices.staff_alerts import step_offset
from incidents.queries import board
from incidents.queries.monitor import lock_monitor
from incidents.queries.staff_alerts import acknowledge_token
from tests import make
from tests.endpoints import Endpoints, Reply
from tests.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)
NOW = make.jst("2026-06-01 09:00")


def contact(page: Page, name: str, **values: Any) -> StaffContact:
    given = {"channel": "email", "place": f"{name}@example.com", "language": "en"}
    return staff_alert.add_contact(page, name=name, **{**given, **values})


def on_duty(page: Page, *, repeat_minutes: int = 0, second_after: int = 10) -> None:
    first, second = contact(page, "first"), contact(page, "second")
    steps = [Step(0, (first.pk,)), Step(second_after, (second.pk,))]
    staff_alert.set_steps(page, steps, repeat_minutes=repeat_minutes)


def judge(monitor: Monitor, verdict: str, *, minutes: float = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    with times.at(at), transaction.atomic():
        apply_judgement(lock_monitor(monitor.pk), Judged(verdict, at, at, {"seen": at.isoformat()}))


def pass_time(*, minutes: float) -> None:
    with times.at(NOW + timedelta(minutes=minutes)):
        staff_watch.run()
        outbox.deliver_due(seconds=5)


def told(sink: Sink) -> list[str]:
    return [mail.recipient.partition("@")[0] for mail in sink.received]


@pytest.fixture
def monitor(sink: Sink) -> Monitor:
    page = make.page(host="status.example")
    on_duty(page)
    return make.monitor(make.service(page, name="Mail archive"))


def test_who_is_next_is_told_after_its_minutes_when_nobody_acknowledges(monitor: Monitor, sink: Sink) -> None:
    judge(monitor, "down")
    pass_time(minutes=0)
    assert told(sink) == ["first"]
    pass_time(minutes=9)
    assert told(sink) == ["first"]
    pass_time(minutes=10)
    assert told(sink) == ["first", "second"]
    pass_time(minutes=600)
    assert told(sink) == ["first", "second"]


def test_once_it_is_acknowledged_nobody_else_is_told(monitor: Monitor, sink: Sink) -> None:
    judge(monitor, "down")
    pass_time(minutes=0)
    incident_actions.acknowledge(Incident.objects.get(), actor=make.staff())
    pass_time(minutes=10)
    assert told(sink) == ["first"]
    assert StaffAlert.objects.get().ended_at is not None


def test_what_waits_when_it_is_acknowledged_is_not_sent(monitor: Monitor, sink: Sink) -> None:
    judge(monitor, "down")
    incident_actions.acknowledge(Incident.objects.get(), actor=make.staff())
    pass_time(minutes=1)
    assert told(sink) == []
    assert Delivery.objects.get().state == DeliveryState.CANCELLED


def test_a_line_of_the_log_by_staff_acknowledges(monitor: Monitor, sink: Sink) -> None:
    judge(monitor, "down")
    pass_time(minutes=0)
    log.add_entry(Incident.objects.get(), text="I look at the disks.", actor=make.staff())
    pass_time(minutes=10)
    assert told(sink) == ["first"]


def test_a_link_shows_and_only_its_button_acknowledges(monitor: Monitor) -> None:
    judge(monitor, "down")
    alert, first = StaffAlert.objects.get(), StaffContact.objects.get(name="first")
    path = f"/alerts/{acknowledge_token(alert, first)}"
    client = Client(HTTP_HOST="status.example")
    with times.at(NOW + timedelta(minutes=1)):
        shown = client.get(path)
        assert shown.status_code == 200
        assert "Mail archive" in shown.content.decode()
        assert Incident.objects.get().acknowledged_at is None
        assert client.post(path).status_code == 200
    assert Incident.objects.get().acknowledged_at == NOW + timedelta(minutes=1)
    alert.refresh_from_db()
    assert alert.acknowledged_name == "first"
    assert not client.cookies


def test_a_link_of_a_private_page_works_without_its_password(monitor: Monitor) -> None:
    judge(monitor, "down")
    Page.objects.update(visibility="private")
    alert, first = StaffAlert.objects.get(), StaffContact.objects.get(name="first")
    client = Client(HTTP_HOST="status.example")
    assert client.get(f"/alerts/{acknowledge_token(alert, first)}").status_code == 200
    assert client.get("/alerts/0123").status_code == 403


def test_the_link_of_somebody_who_left_does_nothing(monitor: Monitor) -> None:
    judge(monitor, "down")
    alert, first = StaffAlert.objects.get(), StaffContact.objects.get(name="first")
    path = f"/alerts/{acknowledge_token(alert, first)}"
    staff_alert.remove_contact(first)
    assert Client(HTTP_HOST="status.example").post(path).status_code == 404
    assert Incident.objects.get().acknowledged_at is None


def test_steps_begin_again_for_a_day_where_the_page_says_so() -> None:
    taken = [step_offset([0, 10], repeat_minutes=50, taken=n) for n in range(4)]
    assert taken == [timedelta(minutes=n) for n in (0, 10, 60, 70)]
    assert step_offset([0, 10], repeat_minutes=50, taken=60) is None
    assert step_offset([0, 10], repeat_minutes=0, taken=2) is None
    assert step_offset([], repeat_minutes=5, taken=0) is None


def test_a_repeat_calls_the_first_again(monitor: Monitor, sink: Sink) -> None:
    Page.objects.update(alert_repeat_minutes=20)
    judge(monitor, "down")
    for minutes in (0, 10, 29, 30):
        pass_time(minutes=minutes)
    assert told(sink) == ["first", "second", "first"]


def test_what_was_missed_meanwhile_is_one_alert(monitor: Monitor) -> None:
    judge(monitor, "down")
    with times.at(NOW + timedelta(minutes=30)):
        staff_watch.run()
    assert StaffAlert.objects.get().notices.count() == 2
    assert StaffAlert.objects.get().steps_taken == 2


def test_a_draft_that_becomes_worse_is_told_once_in_a_quarter_of_an_hour(
    monitor: Monitor, sink: Sink
) -> None:
    others = [make.monitor(monitor.service, name=f"other {n}") for n in range(3)]
    Monitor.objects.update(status_when_failing="degraded")
    Monitor.objects.filter(pk=others[-1].pk).update(status_when_failing="major_outage")
    judge(monitor, "down")
    pass_time(minutes=0)
    for minutes, other in enumerate(others, start=1):
        judge(other, "down", minutes=minutes)
        pass_time(minutes=minutes)
    assert told(sink) == ["first"]
    pass_time(minutes=10)
    assert told(sink) == ["first", "second"]
    pass_time(minutes=40)
    assert told(sink) == ["first", "second"]  # the second step told how bad it is by then


def test_what_became_worse_late_is_told_to_all_who_know_of_it(monitor: Monitor, sink: Sink) -> None:
    worse = make.monitor(monitor.service, name="worse")
    Monitor.objects.filter(pk=monitor.pk).update(status_when_failing="degraded")
    judge(monitor, "down")
    for minutes in (0, 10):
        pass_time(minutes=minutes)
    judge(worse, "down", minutes=12)
    pass_time(minutes=12)
    assert told(sink) == ["first", "second"]
    pass_time(minutes=25)
    assert sorted(told(sink)) == ["first", "first", "second", "second"]


def test_a_service_that_comes_and_goes_is_no_storm(monitor: Monitor, sink: Sink) -> None:
    for minutes in range(0, 14, 2):
        judge(monitor, "down", minutes=minutes)
        pass_time(minutes=minutes)
        judge(monitor, "up", minutes=minutes + 1)
        pass_time(minutes=minutes + 1)
    assert told(sink) == ["first"]
    judge(monitor, "down", minutes=14)
    pass_time(minutes=15)
    assert told(sink) == ["first", "first"]


def test_slack_and_webhook_tell_it_too(sink: Sink, endpoints: Endpoints) -> None:
    page = make.page(host="status.example")
    chat = contact(page, "chat", channel="slack", place=endpoints.url("/services/x"))
    hook = contact(page, "hook", channel="webhook", place=endpoints.url("/hook"))
    staff_alert.set_steps(page, [Step(0, (chat.pk, hook.pk))])
    judge(make.monitor(make.service(page, name="Mail archive")), "down")
    pass_time(minutes=0)
    (slack,) = endpoints.to("/services/x")
    (posted,) = endpoints.to("/hook")
    assert "/alerts/" in str(slack.json)
    assert posted.json["type"] == "staff_alert"
    assert posted.json["incident"] == Incident.objects.get().reference
    assert posted.headers["webhook-signature"].startswith("v1,")


def test_a_channel_that_fails_keeps_no_other_waiting_and_is_tried_again_soon(
    sink: Sink, endpoints: Endpoints
) -> None:
    page = make.page(host="status.example")
    endpoints.replies["/bad"] = [Reply(500)] * 3
    both = [
        contact(page, name, channel="webhook", place=endpoints.url(f"/{name}")) for name in ("bad", "good")
    ]
    staff_alert.set_steps(page, [Step(0, tuple(one.pk for one in both))])
    judge(make.monitor(make.service(page)), "down")
    pass_time(minutes=0)
    assert Delivery.objects.get(contact=both[1]).state == DeliveryState.SENT
    waiting = Delivery.objects.get(contact=both[0])
    assert waiting.state == DeliveryState.QUEUED
    assert waiting.next_attempt_at - timezone.now() < timedelta(seconds=15)


def test_the_mail_tells_service_and_link_in_the_contacts_language(sink: Sink) -> None:
    page = make.page(host="status.example")
    one = contact(page, "duty", language="ja")
    staff_alert.set_steps(page, [Step(0, (one.pk,))])
    judge(make.monitor(make.service(page, name="メールアーカイブ")), "down")
    pass_time(minutes=0)
    (mail,) = sink.received
    body = mail.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert str(mail.message["Subject"]).startswith("【要対応】")
    assert "メールアーカイブ：重大な障害" in text
    assert "http://status.example/alerts/" in text
    assert "List-Unsubscribe" not in mail.message


@pytest.mark.parametrize("kind", ["monitor", "outbox", "held", "paused"])
def test_staff_are_told_of_what_is_wrong_with_ourselves_and_it_ends_by_itself(
    kind: str, monitor: Monitor, sink: Sink
) -> None:
    page = monitor.service.page
    spoil(kind, monitor)
    with times.at(NOW):
        staff_watch.run()
        staff_watch.run()
        outbox.deliver_due(seconds=5, lanes=[Lane.STAFF])
    assert told(sink) == ["first"]
    assert StaffAlert.objects.get().kind == kind
    Monitor.objects.update(parked_reason="", enabled=True)
    Delivery.objects.filter(contact=None).delete()
    Page.objects.filter(pk=page.pk).update(mail_paused_at=None)
    with times.at(NOW + timedelta(minutes=10)):
        staff_watch.run()
    assert StaffAlert.objects.get().ended_at is not None
    assert told(sink) == ["first"]


def spoil(kind: str, monitor: Monitor) -> None:
    page = monitor.service.page
    if kind == "monitor":
        park_monitor(monitor, reason="url: broken")
    if kind == "paused":
        Page.objects.filter(pk=page.pk).update(mail_paused_at=NOW)
    if kind in ("outbox", "held"):
        fanout.queue_personal(NoticeKind.ALREADY, make.subscriber(page, "reader@example.com"))
        old = timezone.now() - timedelta(minutes=6)
        Delivery.objects.update(next_attempt_at=old, state="held" if kind == "held" else "queued")


def watched_from(location: str, page: Page) -> Monitor:
    return make.monitor(make.service(page), "http", target="http://www.example.com/", locations=[location])


def spoil_location(trouble: str) -> None:
    note_seen("osaka", at=timezone.now() - timedelta(minutes=2 if trouble == "silent" else 0))
    if trouble == "network":
        suspect_network("osaka", at=NOW)
    if trouble == "canary":
        suspect_canary("osaka", why="the check that must pass failed", at=NOW)


def mend_location() -> None:
    note_seen("osaka", at=timezone.now())
    trust_network("osaka")
    trust_canary("osaka")


@pytest.mark.parametrize(("trouble", "patience"), [("network", 0), ("canary", 1), ("silent", 2)])
def test_staff_are_told_of_a_location_that_cannot_be_believed_once_it_lasts(
    trouble: str, patience: int, monitor: Monitor, sink: Sink
) -> None:
    watched_from("osaka", monitor.service.page)
    spoil_location(trouble)
    for minutes in range(patience):
        pass_time(minutes=minutes)
    assert told(sink) == []
    pass_time(minutes=patience)
    pass_time(minutes=patience + 1)
    assert told(sink) == ["first"]
    assert "osaka" in str(sink.received[0].message["Subject"])
    mend_location()
    pass_time(minutes=patience + 20)
    assert told(sink) == ["first"]
    assert StaffAlert.objects.get().ended_at is not None


def test_a_location_that_is_slow_to_begin_calls_nobody(monitor: Monitor, sink: Sink) -> None:
    watched_from("osaka", monitor.service.page)
    pass_time(minutes=0)
    note_seen("osaka", at=timezone.now())
    pass_time(minutes=1)
    pass_time(minutes=5)
    assert told(sink) == []


def test_a_location_that_checks_nothing_of_the_page_is_not_its_matter(monitor: Monitor, sink: Sink) -> None:
    watched_from("osaka", make.page())
    spoil_location("network")
    pass_time(minutes=0)
    assert told(sink) == []


def test_a_network_that_comes_and_goes_is_no_storm(monitor: Monitor, sink: Sink) -> None:
    watched_from("osaka", monitor.service.page)
    for minutes in range(0, 14, 2):
        spoil_location("network")
        pass_time(minutes=minutes)
        mend_location()
        pass_time(minutes=minutes + 1)
    assert told(sink) == ["first"]
    spoil_location("network")
    pass_time(minutes=14)
    pass_time(minutes=15)
    assert told(sink) == ["first", "first"]


def test_a_monitor_that_flaps_is_unstable_once_and_told_once(monitor: Monitor, sink: Sink) -> None:
    """Fails, and after three passes again: the judge's own verdicts, of half an hour."""
    state, policy = State(), Policy(failures_to_down=1, passes_to_up=1, seconds_to_up=0)
    verdicts = []
    for minute in range(30):
        at = NOW + timedelta(minutes=minute)
        judgement = judge_result(state, Result(at, ok=minute % 4 != 1), policy)
        state = judgement.state
        verdicts.append(judgement.verdict.value)
        with times.at(at), transaction.atomic():
            judged = Judged(judgement.verdict, at, judgement.onset_at, {})
            apply_judgement(lock_monitor(monitor.pk), judged)
        pass_time(minutes=minute)
    assert "unstable" in verdicts
    assert "up" not in verdicts[verdicts.index("unstable") :]
    assert Incident.objects.exclude(state="dismissed").count() == 1
    assert told(sink).count("first") == 2
    assert told(sink).count("second") == 1


def test_what_was_acknowledged_is_not_raised_anew_while_it_lasts(monitor: Monitor, sink: Sink) -> None:
    park_monitor(monitor, reason="url: broken")
    pass_time(minutes=0)
    staff_alert.acknowledge(StaffAlert.objects.get(), actor=make.staff())
    pass_time(minutes=20)
    assert told(sink) == ["first"]
    assert StaffAlert.objects.count() == 1


def test_contacts_are_no_subscribers(monitor: Monitor) -> None:
    judge(monitor, "down")
    page: Page = monitor.service.page
    assert not Subscriber.objects.exists()
    assert not any(board.subscriber_counts(page).values())
    assert board.mail_health(page).waiting == 0
    assert board.recent_notices(page) == []


def test_a_senders_long_absence_holds_no_alert(monitor: Monitor) -> None:
    guard.keep_watch(now=timezone.now())
    judge(monitor, "down")
    guard.keep_watch(now=timezone.now() + timedelta(hours=7))
    assert Delivery.objects.get().state == DeliveryState.QUEUED


@pytest.mark.parametrize(
    ("minutes", "repeat"), [((5,), 0), ((0, 0), 0), ((0, 10, 5), 0), ((0, 2000), 0), ((0,), 2)]
)
def test_steps_that_make_no_sense_are_refused(minutes: tuple[int, ...], repeat: int) -> None:
    page = make.page()
    one = contact(page, "first")
    with pytest.raises(Refused):
        staff_alert.set_steps(page, [Step(n, (one.pk,)) for n in minutes], repeat_minutes=repeat)


def test_a_contact_of_another_page_is_refused() -> None:
    one = contact(make.page(), "first")
    with pytest.raises(Refused):
        staff_alert.set_steps(make.page(), [Step(0, (one.pk,))])


def test_without_steps_nobody_is_told() -> None:
    service: Service = make.service(make.page())
    judge(make.monitor(service), "down")
    assert not StaffAlert.objects.exists()
