"""What holds senders back, and for how long."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.lib.owner import new_owner
from incidents.models import Delivery, DeliveryState, Throttle
from incidents.notices import fanout, lease, outbox, throttle
from incidents.notices.channel import Answer, Letter, Outcome
from incidents.notices.throttle import FAILURES
from tests.make_notices import make_incident, make_page, make_subscriber, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

HOST = "smtp.example:25"
NOW = timezone.now()


def fail(times: int = 1, *, is_probe: bool = False, now: datetime = NOW) -> None:
    for _ in range(times):
        throttle.host_failed(HOST, "421 busy", now=now, is_probe=is_probe, at_once=False)


def pause_seconds(now: datetime = NOW) -> float:
    until = Throttle.objects.get(key=HOST).paused_until
    return (until - now).total_seconds() if until else 0


def publish(*domains: str, readers: int = 3) -> None:
    page = make_page()
    for domain in domains:
        for number in range(readers):
            make_subscriber(page, f"reader{number}@{domain}")
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())


def test_the_server_is_left_alone_after_five_failures_in_a_row_only() -> None:
    fail(FAILURES - 1)
    throttle.succeeded(HOST)
    fail(FAILURES - 1)
    assert throttle.admit(HOST, now=NOW).is_open
    fail()
    assert not throttle.admit(HOST, now=NOW).is_open


def test_a_refused_login_is_enough_at_once() -> None:
    throttle.host_failed(HOST, "535 wrong password", now=NOW, is_probe=False, at_once=True)
    assert not throttle.admit(HOST, now=NOW).is_open


def test_after_the_pause_one_sender_asks_with_one_message() -> None:
    fail(FAILURES)
    later = NOW + timedelta(seconds=31)
    first, second = throttle.admit(HOST, now=later), throttle.admit(HOST, now=later)
    assert (first.is_open, first.is_probe, second.is_open) == (True, True, False)


def test_a_sender_that_dies_while_it_asks_is_followed_by_another_after_a_minute() -> None:
    fail(FAILURES)
    throttle.admit(HOST, now=NOW + timedelta(seconds=31))
    assert throttle.admit(HOST, now=NOW + timedelta(seconds=92)).is_probe


def test_each_failed_question_doubles_the_pause_up_to_ten_minutes() -> None:
    fail(FAILURES)
    pauses = [pause_seconds()]
    for _ in range(6):
        fail(is_probe=True)
        pauses.append(pause_seconds())
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    throttle.succeeded(HOST)
    fail(FAILURES)
    assert pause_seconds() == 30


def test_failures_that_come_in_late_do_not_lengthen_the_pause() -> None:
    fail(FAILURES + 3)
    assert pause_seconds() == 30


def test_a_refused_domain_gets_a_lane_of_its_own_and_others_go_on(sink: Sink) -> None:
    publish("refused.example", "fine.example", readers=FAILURES + 2)
    for number in range(FAILURES + 2):
        sink.at_rcpt[f"reader{number}@refused.example"] = ["550 5.7.1 not from you"]
    assert outbox.deliver_due() == FAILURES + 2
    assert {address.partition("@")[2] for address in sink.copies} == {"fine.example"}
    lane = Throttle.objects.get(key="refused.example")
    assert lane.failures == FAILURES
    assert lane.paused_until
    assert (
        Delivery.objects.filter(lane="refused.example", state=DeliveryState.QUEUED, attempts=0).count() == 2
    )
    assert "5.7.1 not from you" in lane.last_reply


@pytest.mark.parametrize(
    ("reply", "waits"),
    [("451 4.7.0 too many messages", True), ("450 4.2.0 greylisted", False), ("451 4.7.1 Greylisted", False)],
)
def test_a_domain_that_asks_for_patience_is_left_alone_for_a_while(
    sink: Sink, reply: str, waits: bool
) -> None:
    publish("gmail.example", "fine.example")
    first = Delivery.objects.filter(domain="gmail.example").select_related("subscriber").earliest("pk")
    sink.at_rcpt[first.reader.email] = [reply]
    assert outbox.deliver_due() == (3 if waits else 5)
    lanes = set(Delivery.objects.filter(domain="gmail.example").values_list("lane", flat=True))
    assert ("gmail.example" in lanes) is waits
    if waits:
        Throttle.objects.update(paused_until=timezone.now())
        assert outbox.deliver_due() == 2


def test_what_is_published_later_goes_to_the_lane_at_once() -> None:
    throttle.open_lane("slow.example")
    publish("slow.example", "fine.example", readers=1)
    lanes = dict(Delivery.objects.values_list("domain", "lane"))
    assert lanes == {"slow.example": "slow.example", "fine.example": "notices"}


def test_a_domain_that_the_server_is_slow_about_gets_a_lane_of_its_own(sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr("incidents.notices.settlement.SLOW_SECONDS", 0.2)
    monkeypatch.setattr("incidents.notices.settlement.SWIFT_SECONDS", 0.2)
    publish("fine.example", "slow.example")
    sink.seconds_for["reader0@slow.example"] = 0.3
    assert outbox.deliver_due() == 6
    assert Throttle.objects.filter(is_lane=True, key="slow.example").exists()


def test_a_lane_serves_as_many_senders_as_it_has_connections() -> None:
    throttle.open_lane("slow.example")
    publish("slow.example")
    now = timezone.now()
    assert len(lease.claim("elsewhere/1/1/a", "slow.example", wanted=1, now=now)) == 1
    assert lease.claim("elsewhere/2/1/b", "slow.example", wanted=9, now=now) == []
    assert len(lease.claim("elsewhere/1/1/a", "slow.example", wanted=9, now=now)) == 3  # with what it holds


def test_a_rate_is_kept_over_all_senders_and_saves_up_a_second_at_most() -> None:
    throttle.open_lane("gmail.example", rate=2, connections=None)
    publish("gmail.example", readers=9)
    now = timezone.now()

    def claim(seconds: float) -> int:
        at = now + timedelta(seconds=seconds)
        return len(lease.claim(new_owner(), "gmail.example", wanted=20, now=at))

    claimed = [claim(seconds) for seconds in (0, 0, 0.4, 0.6, 60, 60)]
    assert claimed == [2, 0, 0, 1, 2, 0]


def test_a_clock_put_back_neither_takes_tokens_away_nor_gives_any() -> None:
    throttle.open_lane("gmail.example", rate=2, connections=None)
    publish("gmail.example", readers=9)
    now = timezone.now() + timedelta(minutes=1)
    taken = [
        len(lease.claim("a", "gmail.example", wanted=1, now=now)),
        len(lease.claim("b", "gmail.example", wanted=9, now=now - timedelta(seconds=30))),
    ]
    assert taken == [1, 1]


def test_unused_room_is_given_back() -> None:
    throttle.open_lane("gmail.example", rate=5, connections=None)
    publish("gmail.example", readers=1)
    now = timezone.now()
    assert len(lease.claim("a", "gmail.example", wanted=5, now=now)) == 1
    assert Throttle.objects.get(key="gmail.example").tokens == 4


def test_the_settings_rates_become_lanes_and_a_limit_for_the_server(settings: Any, sink: Sink) -> None:
    settings.MAIL_RATES = {"gmail.com": (20.0, 2), "*": (3.0, None), "free.example": (None, None)}
    publish("gmail.com", "fine.example")
    assert outbox.deliver_due() == 3
    rows = {(row.key, row.is_lane, row.rate, row.connections) for row in Throttle.objects.all()}
    assert rows == {("gmail.com", True, 20.0, 2), (throttle.host_key(), False, 3.0, None)}
    settings.MAIL_RATES = {}
    assert outbox.deliver_due() == 3
    assert not Throttle.objects.filter(rate__isnull=False).exists()


def test_a_lane_opened_for_a_trouble_long_over_is_forgotten_once_it_is_empty(settings: Any) -> None:
    settings.MAIL_RATES = {"gmail.com": (20.0, 2)}
    throttle.set_up()
    for domain in ("quiet.example", "busy.example"):
        throttle.open_lane(domain)
    publish("busy.example")
    assert throttle.forget_quiet(timezone.now() + timedelta(days=8)) == 1
    assert set(Throttle.objects.values_list("key", flat=True)) == {"gmail.com", "busy.example"}


def test_while_the_server_is_left_alone_nothing_is_attempted(sink: Sink) -> None:
    publish("fine.example")
    for _ in range(FAILURES):
        throttle.host_failed(throttle.host_key(), "421", now=timezone.now(), is_probe=False, at_once=False)
    assert outbox.deliver_due() == 0
    assert sink.connections == 0


def test_one_message_tells_that_the_server_is_back(sink: Sink) -> None:
    publish("fine.example", readers=9)
    for _ in range(FAILURES):
        throttle.host_failed(throttle.host_key(), "421", now=timezone.now(), is_probe=False, at_once=False)
    Throttle.objects.update(paused_until=timezone.now())
    sizes = []

    class Counting:
        def send(self, letter: Letter) -> Answer:
            sizes.append(Delivery.objects.filter(state=DeliveryState.SENDING).count())
            return Answer(Outcome.SENT, "250", "OK")

        def close(self) -> None: ...

    assert outbox.deliver_due(open_sender=Counting) == 9
    assert sizes[:2] == [1, 8]
    assert throttle.admit(throttle.host_key(), now=timezone.now()).is_open
