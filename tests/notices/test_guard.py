"""Old news is not told as new."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.models import Delivery, DeliveryState, Incident, Notice, OutboxWatch
from incidents.notices import expansion, fanout, guard, outbox
from tests.make_notices import make_incident, make_page, make_subscriber, make_subscribers, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def publish(incident: Incident, number: int = 1, *, hours_ago: float = 0) -> Notice:
    at = timezone.now() - hours_ago * HOUR
    notice = fanout.queue_update(make_update(incident, number), hold_until=at)
    Notice.objects.filter(pk=notice.pk).update(created_at=at)
    return notice


def seen(hours_ago: float) -> None:
    at = timezone.now() - hours_ago * HOUR
    OutboxWatch.objects.create(pk=1, heartbeat_at=at, swept_at=at)


def states(notice: Notice) -> set[str]:
    return set(notice.deliveries.values_list("state", flat=True))


@pytest.fixture
def incident() -> Incident:
    page = make_page()
    make_subscribers(page, 2)
    return make_incident(page)


def test_after_a_silence_of_hours_what_waited_is_held(incident: Incident, sink: Sink) -> None:
    notice = publish(incident, hours_ago=2)
    seen(7)
    assert outbox.deliver_due() == 0
    assert states(notice) == {DeliveryState.HELD}
    assert not sink.received


def test_after_a_short_silence_it_is_sent(incident: Incident, sink: Sink) -> None:
    publish(incident, hours_ago=2)
    seen(5)
    assert outbox.deliver_due() == 2


def test_the_first_sender_ever_holds_nothing(incident: Incident, sink: Sink) -> None:
    publish(incident, hours_ago=2)
    assert outbox.deliver_due() == 2


def test_what_was_published_just_now_goes_out_after_a_silence_too(incident: Incident, sink: Sink) -> None:
    old = publish(incident, hours_ago=8)
    newer = make_incident(incident.page, reference="INC-20200904-02")
    fresh = publish(newer)
    seen(8)
    assert outbox.deliver_due() == 2
    assert (states(old), states(fresh)) == ({DeliveryState.HELD}, {DeliveryState.SENT})


def test_what_was_due_for_hours_is_held_although_senders_were_at_work(incident: Incident, sink: Sink) -> None:
    old = publish(incident, hours_ago=7)
    seen(0.1)
    assert outbox.deliver_due() == 0
    assert states(old) == {DeliveryState.HELD}


def test_an_update_on_an_incident_waits_for_what_is_held_of_it(incident: Incident, sink: Sink) -> None:
    publish(incident, hours_ago=7)
    queued_before = publish(incident, 2)
    seen(0.1)
    assert outbox.deliver_due() == 0
    published_after = publish(incident, 3)
    assert outbox.deliver_due() == 0
    assert states(queued_before) == states(published_after) == {DeliveryState.HELD}


def test_a_large_audience_that_is_expanded_late_is_held(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "PART", 1)
    notice = publish(incident, hours_ago=7)
    assert states(notice) == set()
    while expansion.expand_next(now=timezone.now()):
        pass
    assert states(notice) == {DeliveryState.HELD}


@pytest.mark.parametrize("where", ["heartbeat", "sent mail"])
def test_a_clock_put_back_holds_what_waits_once(incident: Incident, sink: Sink, where: str) -> None:
    ahead = timezone.now() + 3 * HOUR
    seen(0.1)
    if where == "heartbeat":
        OutboxWatch.objects.update(heartbeat_at=ahead)
    else:
        make_subscriber(incident.page, "early@example.com")
        told = publish(make_incident(incident.page, reference="INC-20200904-09"))
        told.deliveries.update(state=DeliveryState.SENT, sent_at=ahead)
    notice = publish(incident)
    assert outbox.deliver_due() == 0
    assert states(notice) == {DeliveryState.HELD}
    Delivery.objects.filter(state=DeliveryState.HELD).update(state=DeliveryState.QUEUED)
    OutboxWatch.objects.update(heartbeat_at=timezone.now() - HOUR)
    assert outbox.deliver_due() == notice.audience


def test_a_few_seconds_of_difference_are_no_jump(incident: Incident, sink: Sink) -> None:
    seen(0.1)
    OutboxWatch.objects.update(heartbeat_at=timezone.now() + timedelta(seconds=5))
    publish(incident)
    assert outbox.deliver_due() == 2


def test_a_sender_notes_that_it_is_at_work_a_few_times_a_minute() -> None:
    now = timezone.now()
    guard.keep_watch(now=now)
    guard.keep_watch(now=now + timedelta(seconds=14))
    assert OutboxWatch.objects.get().heartbeat_at == now
    guard.keep_watch(now=now + timedelta(seconds=16))
    assert OutboxWatch.objects.get().heartbeat_at == now + timedelta(seconds=16)


def test_one_sender_a_minute_sweeps() -> None:
    now = timezone.now()
    guard.keep_watch(now=now)
    later = now + timedelta(seconds=61)
    assert [guard.is_time_to_sweep(now=at) for at in (now, later, later)] == [False, True, False]
