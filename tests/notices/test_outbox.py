"""Sending what is due, to a real SMTP server."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.lib import owner
from incidents.lib.clock import DatabaseClock
from incidents.lib.owner import new_owner
from incidents.models import Delivery, DeliveryState, Notice, Subscriber, SubscriberState
from incidents.notices import fanout, lease, ledger, outbox, throttle
from incidents.notices.channel import Answer, Letter, Outcome
from incidents.notices.channels.email import Limits, SmtpSender
from incidents.notices.ledger import Ledger
from incidents.notices.throttle import FAILURES
from tests.make_notices import make_incident, make_page, make_subscriber, make_subscribers, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

READER = "reader@example.com"


def queue_one(email: str = READER, **fields: Any) -> Delivery:
    page = make_page()
    make_subscriber(page, email)
    notice = fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    notice.deliveries.update(**fields)
    return notice.deliveries.get()


def make_due(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())


def claim(owner: str, lane: str = "notices") -> list[Delivery]:
    return lease.claim(owner, lane, wanted=20, now=timezone.now())


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def test_every_subscriber_gets_one_mail_over_one_connection(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 30)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert outbox.deliver_due() == 30
    assert sink.copies == {f"reader{n:05}@example.com": 1 for n in range(30)}
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
    assert sink.connections == 1


def test_a_second_pass_sends_nothing_again(sink: Sink) -> None:
    queue_one()
    assert [outbox.deliver_due(), outbox.deliver_due()] == [1, 0]
    assert sink.copies == {READER: 1}


def test_nothing_is_sent_during_the_hold(sink: Sink) -> None:
    queue_one(next_attempt_at=timezone.now() + timedelta(seconds=30))
    assert outbox.deliver_due() == 0
    assert not sink.received


def test_a_subscriber_who_left_before_the_claim_is_not_told(sink: Sink) -> None:
    delivery = queue_one()
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED)
    outbox.deliver_due()
    assert fresh(delivery).state == DeliveryState.CANCELLED
    assert not sink.received


def test_a_subscriber_who_leaves_during_a_slow_batch_is_not_told(sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "RECHECK_SECONDS", 0.0)
    page = make_page()
    make_subscribers(page, 2)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())

    class LeavesMeanwhile(SmtpSender):
        def send(self, letter: Letter) -> Answer:
            Subscriber.objects.exclude(email=letter.recipient).update(state=SubscriberState.UNSUBSCRIBED)
            return super().send(letter)

    assert outbox.deliver_due(open_sender=LeavesMeanwhile) == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "sent"]


def test_what_expired_is_not_sent(sink: Sink) -> None:
    delivery = queue_one(expires_at=timezone.now() - timedelta(seconds=1))
    outbox.deliver_due()
    assert fresh(delivery).state == DeliveryState.EXPIRED
    assert not sink.received


def test_updates_of_an_incident_arrive_in_order_although_the_first_waits(sink: Sink) -> None:
    page = make_page()
    make_subscriber(page, READER)
    incident = make_incident(page)
    first, second = (
        fanout.queue_update(make_update(incident, number), hold_until=timezone.now()).deliveries.get()
        for number in (1, 2)
    )
    sink.at_rcpt[READER] = ["451 try later"]
    assert outbox.deliver_due() == 0
    assert fresh(second).state == DeliveryState.QUEUED
    make_due(first)
    make_due(second)
    assert outbox.deliver_due() == 2
    assert ["第1報" in str(sink.received[0].message["Subject"]), len(sink.received)] == [True, 2]


def test_a_parked_update_does_not_hold_up_the_next(sink: Sink) -> None:
    page = make_page()
    make_subscriber(page, READER)
    incident = make_incident(page)
    for number in (1, 2):
        fanout.queue_update(make_update(incident, number), hold_until=timezone.now())
    Delivery.objects.filter(sequence=1).update(state=DeliveryState.PARKED)
    assert outbox.deliver_due() == 1
    assert "第2報" in str(sink.received[0].message["Subject"])


def test_a_confirmation_goes_before_a_fan_out(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 3)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    newcomer = make_subscriber(page, "new@example.com", state=SubscriberState.PENDING, confirmed_at=None)
    fanout.queue_personal("already", newcomer)
    outbox.deliver_due()
    assert sink.received[0].recipient == "new@example.com"


def test_neither_confirmations_nor_a_fan_out_can_use_up_the_others_turn(sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "FIRST_BATCH", 2)
    monkeypatch.setattr(outbox, "LARGEST_BATCH", 2)
    page = make_page()
    make_subscribers(page, 5)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    for reader in make_subscribers(page, 5, stem="new", state=SubscriberState.PENDING, confirmed_at=None):
        fanout.queue_personal("already", reader)
    outbox.deliver_due()
    turns = "".join(received.recipient[0] for received in sink.received)
    assert turns == "nnrrnnrrnr"


@pytest.mark.parametrize(("lane", "recipient"), [("personal", "new@example.com"), ("notices", READER)])
def test_a_sender_of_one_lane_leaves_the_other_alone(sink: Sink, lane: str, recipient: str) -> None:
    page = make_page()
    make_subscriber(page, READER)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    newcomer = make_subscriber(page, "new@example.com", state=SubscriberState.PENDING, confirmed_at=None)
    fanout.queue_personal("already", newcomer)
    assert outbox.deliver_due(lanes=[lane]) == 1
    assert sink.copies == {recipient: 1}


def test_the_sender_of_notices_serves_the_lanes_of_domains(sink: Sink) -> None:
    throttle.open_lane("example.com")
    queue_one()
    assert outbox.deliver_due(lanes=["personal"]) == 0
    assert outbox.deliver_due(lanes=["notices"]) == 1


def test_a_sender_that_lingers_sends_what_comes_later_over_the_same_connection(sink: Sink) -> None:
    page = make_page()
    make_subscriber(page, READER)
    incident = make_incident(page)
    fanout.queue_update(make_update(incident), hold_until=timezone.now())
    fanout.queue_update(make_update(incident, 2), hold_until=timezone.now() + timedelta(seconds=0.3))
    accepted = outbox.deliver_due(lingers=True, seconds=20, should_stop=lambda: len(sink.received) == 2)
    assert (accepted, sink.connections) == (2, 1)


def test_rows_that_another_sender_took_over_are_not_sent(sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "RECHECK_SECONDS", 0.0)
    page = make_page()
    make_subscribers(page, 3)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())

    class LosesItsLease(SmtpSender):
        def send(self, letter: Letter) -> Answer:
            held = Delivery.objects.filter(state=DeliveryState.SENDING)
            held.exclude(subscriber__email=letter.recipient).update(lease_owner="elsewhere/1/1/aa")
            return super().send(letter)

    assert outbox.deliver_due(open_sender=LosesItsLease) == 1
    assert Delivery.objects.filter(lease_owner="elsewhere/1/1/aa").count() == 2


def test_a_living_sender_of_this_machine_keeps_a_lease_that_a_jump_of_the_clock_ended(
    sink: Sink, monkeypatch: Any
) -> None:
    queue_one()
    place, _pid, _start, nonce = new_owner().rsplit("/", 3)
    parent = os.getppid()
    claim(f"{place}/{parent}/{owner._start_of(parent)}/{nonce}")
    Delivery.objects.update(lease_until=timezone.now() - timedelta(hours=2))
    assert outbox.deliver_due() == 0
    monkeypatch.setattr(lease, "PATIENCE_SECONDS", 0.0)
    assert outbox.deliver_due() == 1


def test_what_is_told_later_of_the_same_thing_is_not_looked_at_while_the_first_waits(sink: Sink) -> None:
    page = make_page()
    make_subscriber(page, READER)
    incident = make_incident(page)
    for number in (1, 2):
        fanout.queue_update(make_update(incident, number), hold_until=timezone.now())
    sink.at_rcpt[READER] = ["451 try later"]
    outbox.deliver_due()
    first, second = Delivery.objects.order_by("sequence")
    assert second.next_attempt_at == first.next_attempt_at


@pytest.mark.parametrize(
    ("phase", "reply", "state", "code"),
    [
        ("at_rcpt", "450 4.2.1 greylisted", DeliveryState.QUEUED, "450"),
        ("at_rcpt", "421 4.3.2 closing", DeliveryState.QUEUED, "421"),
        ("at_rcpt", "550 5.1.1 no such user", DeliveryState.FAILED, "550"),
        ("at_rcpt", "550 5.7.1 policy", DeliveryState.QUEUED, "550"),
        ("at_rcpt", "552 5.2.2 full", DeliveryState.QUEUED, "552"),
        ("at_dot", "554 5.6.0 refused", DeliveryState.FAILED, "554"),
        ("at_dot", "451 4.3.0 later", DeliveryState.QUEUED, "451"),
    ],
)
def test_a_reply_decides_whether_a_mail_is_tried_again(
    sink: Sink, phase: str, reply: str, state: DeliveryState, code: str
) -> None:
    delivery = queue_one()
    getattr(sink, phase)[READER] = [reply]
    outbox.deliver_due()
    after = fresh(delivery)
    assert (after.state, after.last_code, after.last_reply) == (state, code, reply[4:])
    assert not sink.received
    if state == DeliveryState.QUEUED:
        make_due(delivery)
        assert outbox.deliver_due() == 1
        assert fresh(delivery).attempts == 2


def test_a_refused_reader_does_not_cost_the_others_their_connection(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 3)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    sink.at_rcpt["reader00001@example.com"] = ["550 5.1.1 no such user"]
    assert outbox.deliver_due() == 2
    assert sink.connections == 1


def test_a_server_that_hangs_after_the_dot_may_have_the_mail(sink: Sink) -> None:
    delivery = queue_one()
    sink.at_dot[READER] = ["hang"]
    outbox.deliver_due(open_sender=lambda: SmtpSender(Limits(after_dot=0.3)))
    after = fresh(delivery)
    assert (after.state, after.maybe_sent) == (DeliveryState.QUEUED, True)
    assert 100 < (after.next_attempt_at - timezone.now()).total_seconds() <= 120


def test_the_second_copy_has_the_message_id_of_the_first(sink: Sink) -> None:
    delivery = queue_one()
    sink.at_dot[READER] = ["drop"]
    outbox.deliver_due()
    make_due(delivery)
    assert outbox.deliver_due() == 1
    first, second = (received.message["Message-ID"] for received in sink.received)
    assert first == second == f"<{delivery.public_id}@status.example>"


def test_a_connection_lost_before_the_dot_is_a_plain_retry(sink: Sink) -> None:
    delivery = queue_one()
    sink.at_data[READER] = ["drop"]
    outbox.deliver_due()
    after = fresh(delivery)
    assert (after.state, after.maybe_sent, after.attempts) == (DeliveryState.QUEUED, False, 1)


def test_a_server_that_is_away_costs_no_attempts_and_opens_the_breaker(sink: Sink, settings: Any) -> None:
    delivery = queue_one()
    settings.EMAIL_PORT = 1  # nobody listens there
    assert outbox.deliver_due() == 0
    assert not throttle.admit(throttle.host_key(), now=timezone.now()).is_open
    after = fresh(delivery)
    assert (after.state, after.attempts) == (DeliveryState.QUEUED, 0)
    assert "connect" in after.last_reply


def test_addresses_that_the_server_always_refuses_stop_nobody_elses_mail(sink: Sink) -> None:
    page = make_page()
    for number in range(FAILURES + 1):
        address = f"a{number}@refused.example"
        sink.at_rcpt[address] = ["550 5.7.1 access denied"]
        fanout.queue_personal("already", make_subscriber(page, address, state=SubscriberState.PENDING))
    make_subscriber(page, READER)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert outbox.deliver_due() == 1
    assert sink.copies == {READER: 1}


def test_a_pass_ends_in_time_and_gives_the_rest_back(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 10)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert outbox.deliver_due(should_stop=lambda: bool(sink.received)) == 1
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED)
    assert waiting.count() == 9
    assert set(waiting.values_list("attempts", "lease_owner")) == {(0, "")}


def test_an_expired_lease_is_taken_over_and_counts_one_crash_for_the_row_under_way(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 3)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    stranger = "elsewhere/1/1/aa"
    assert len(claim(stranger)) == 3
    assert outbox.deliver_due() == 0
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.deliver_due() == 3
    assert sorted(Delivery.objects.values_list("crashes", "maybe_sent")) == [
        (0, False),
        (0, False),
        (1, True),
    ]


def test_what_a_dead_process_of_this_machine_held_is_taken_over_at_once(sink: Sink) -> None:
    queue_one()
    place, _pid, _start, nonce = new_owner().rsplit("/", 3)
    claim(f"{place}/4194303/1/{nonce}")
    assert outbox.deliver_due() == 1


def test_a_row_over_which_three_senders_died_is_parked(sink: Sink) -> None:
    delivery = queue_one(crashes=2)
    claim("elsewhere/1/1/aa")
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.deliver_due() == 0
    after = fresh(delivery)
    assert (after.state, after.crashes) == (DeliveryState.PARKED, 3)
    assert "died three times" in after.last_reply


def test_a_mail_that_cannot_be_rendered_is_parked_and_holds_nobody_up(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 2)
    incident = make_incident(page)
    notice = fanout.queue_update(make_update(incident), hold_until=timezone.now())
    broken = make_update(incident, 2)
    type(broken).objects.filter(pk=broken.pk).update(severity="odd")
    fanout.queue_update(broken, hold_until=timezone.now())
    assert outbox.deliver_due() == 2
    states = Delivery.objects.exclude(notice=notice).values_list("state", "last_reply")
    assert {state for state, _ in states} == {DeliveryState.PARKED}
    assert all("odd" in reply for _, reply in states)


def test_a_sender_that_breaks_counts_a_crash_for_the_message_under_way(sink: Sink) -> None:
    delivery = queue_one()

    class Breaks:
        def send(self, letter: Letter) -> Answer:
            raise RuntimeError("out of order")

        def close(self) -> None: ...

    with pytest.raises(RuntimeError):
        outbox.deliver_due(open_sender=Breaks)
    assert (fresh(delivery).state, fresh(delivery).crashes) == (DeliveryState.QUEUED, 1)


def test_an_address_that_could_break_a_header_is_never_written_to(sink: Sink) -> None:
    delivery = queue_one("a@example.com\r\nBcc: all@example.com")
    outbox.deliver_due()
    assert fresh(delivery).state == DeliveryState.FAILED
    assert not sink.received


def test_a_late_acceptance_is_recorded_although_the_lease_was_lost(sink: Sink) -> None:
    delivery = queue_one()
    claim("elsewhere/1/1/aa")
    Ledger("another", DatabaseClock()).mark_sent(delivery, Answer(Outcome.SENT, "250", "OK"))
    assert fresh(delivery).state == DeliveryState.SENT


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 120), (3, 600), (7, 14_400), (12, 14_400)])
def test_the_wait_grows_with_the_attempts_and_scatters_by_a_fifth(attempts: int, seconds: float) -> None:
    waits = [ledger.retry_seconds(attempts) for _ in range(50)]
    assert all(seconds * 0.8 <= wait <= seconds * 1.2 for wait in waits)
    assert len(set(waits)) > 1


def test_a_retry_that_would_come_too_late_ends_as_expired(sink: Sink) -> None:
    delivery = queue_one(expires_at=timezone.now() + timedelta(seconds=10))
    sink.at_rcpt[READER] = ["451 later"]
    outbox.deliver_due()
    assert fresh(delivery).state == DeliveryState.EXPIRED


def test_beyond_its_own_mark_a_mail_costs_no_query(sink: Sink) -> None:
    page = make_page()
    incident = make_incident(page)
    make_update(incident)
    assert outbox.deliver_due() == 0  # makes what later passes find
    costs = []
    for number, readers in ((2, 1), (3, 3)):
        make_subscribers(page, readers, stem=f"group{number}-")
        Subscriber.objects.exclude(email__startswith=f"group{number}-").update(
            state=SubscriberState.UNSUBSCRIBED
        )
        fanout.queue_update(make_update(incident, number), hold_until=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            assert outbox.deliver_due() == readers
        costs.append(sum("state = 'sent'" not in query["sql"] for query in queries))
    assert costs[0] == costs[1]


def test_mails_are_written_to_files_while_no_server_is_set_up(settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path / "mail"
    delivery = queue_one()
    assert outbox.deliver_due() == 1
    written = list((tmp_path / "mail").iterdir())
    assert [path.name for path in written] == [f"{delivery.public_id}.eml"]
    assert b"To: reader@example.com\r\n" in written[0].read_bytes()


def test_leases_live_on_the_real_clock(sink: Sink) -> None:
    queue_one()
    claim("elsewhere/1/1/aa")
    until = Delivery.objects.get().lease_until
    assert isinstance(until, datetime)
    assert 50 < (until - timezone.now()).total_seconds() <= 60
    assert Notice.objects.get().audience == 1
