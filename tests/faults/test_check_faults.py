"""Workers that are killed while they check: no verdict is lost, none is made twice, nobody else is held up."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from django.db.models import Max

from incidents.actions.staff_alert import Step, add_contact, set_steps
from incidents.models import CheckResult, Monitor, Signal, Watch
from incidents.monitors.judge import State, judge
from incidents.monitors.results import Result, Verdict
from tests import make
from tests.broker import Broker, broker
from tests.faults.scene import BEAT, CHECKER, PYTHON, SENDER, Scene, staged
from tests.servers import Server, serving
from tests.smtp import running_sink
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

MONITORS = 200
INTERVAL_SECONDS = 10
KILLS = 10
POISONED = (PYTHON, "-m", "tests.faults.poisoned_worker")


@pytest.fixture
def site() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def redis() -> Iterator[Broker]:
    with broker() as made:
        yield made


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    with running_sink() as sink, staged(sink, tmp_path / "data") as made:
        made.environment["OUTBOUND_ALLOW"] = "127.0.0.0/8"
        yield made


def watch(scene: Scene, site: Server, path: str) -> Monitor:
    target = f"http://127.0.0.1:{site.port}/{path}"
    return make.monitor(scene.service, kind="http", target=target, interval_seconds=INTERVAL_SECONDS)


def all_checked(times: int, *, after_id: int = 0) -> bool:
    return CheckResult.objects.filter(pk__gt=after_id).count() >= times * MONITORS


def newest_id() -> int:
    return CheckResult.objects.aggregate(newest=Max("pk"))["newest"] or 0


def test_ten_kills_lose_no_verdict_and_each_monitor_goes_on_on_its_beat(
    scene: Scene, site: Server, redis: Broker
) -> None:
    monitors = [watch(scene, site, f"text/{n}") for n in range(MONITORS)]
    scene.start(BEAT, REDIS_URL=redis.redis_url)
    workers = [scene.start(CHECKER, REDIS_URL=redis.redis_url) for _ in range(2)]
    wait_until(partial(all_checked, 1), seconds=60, waiting_for="first round of checks")
    chance = random.Random(20200904)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.5, 4))
        victim = chance.randrange(len(workers))
        scene.kill(workers[victim])
        workers[victim] = scene.start(CHECKER, REDIS_URL=redis.redis_url)
    reached = newest_id()
    Monitor.objects.update(target=f"http://127.0.0.1:{site.port}/status/503")
    failed = partial(all_checked, 3, after_id=reached)
    for _ in range(3):
        time.sleep(chance.uniform(2, 6))
        scene.kill(workers[0])
        workers[0] = scene.start(CHECKER, REDIS_URL=redis.redis_url)
    wait_until(failed, seconds=90, waiting_for="three failures each")
    wait_until(
        lambda: Monitor.objects.filter(verdict="down").count() == MONITORS,
        seconds=60,
        waiting_for="all to be down",
    )
    scene.end_all()
    assert not Monitor.objects.exclude(parked_reason="").exists()
    assert Signal.objects.filter(ended_at=None).count() == MONITORS
    for monitor in monitors:
        assert_on_its_beat(monitor)
        assert_judged_by_what_is_stored(monitor)


def assert_on_its_beat(monitor: Monitor) -> None:
    """Never twice within half an interval, never more than two beats left out."""
    instants = list(monitor.results.order_by("at").values_list("at", flat=True))
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert min(gaps) > timedelta(seconds=INTERVAL_SECONDS / 2 - 1), gaps
    assert max(gaps) < timedelta(seconds=3 * INTERVAL_SECONDS), gaps


def assert_judged_by_what_is_stored(monitor: Monitor) -> None:
    """The judge's state is what the stored results make of it: each was judged, once, with its storing."""
    state = State()
    for at, ok in monitor.results.order_by("at").values_list("at", "ok"):
        state = judge(state, Result(at, ok=ok)).state
    assert State.from_json(monitor.watches.get().state["judge"]) == state
    assert state.verdict == Verdict.DOWN


def test_a_poison_monitor_is_parked_with_a_word_to_staff_and_the_others_go_on(
    scene: Scene, site: Server, redis: Broker
) -> None:
    duty = add_contact(scene.page, name="duty", channel="email", place="duty@example.com", language="en")
    set_steps(scene.page, [Step(0, (duty.pk,))])
    good = [watch(scene, site, f"text/{n}") for n in range(60)]
    poison = watch(scene, site, "poison")
    scene.start(BEAT, REDIS_URL=redis.redis_url)
    scene.start(POISONED, REDIS_URL=redis.redis_url)
    scene.start((*SENDER, "--lane", "staff"), REDIS_URL=redis.redis_url)
    wait_until(
        lambda: Monitor.objects.exclude(parked_reason="").exists(),
        seconds=120,
        waiting_for="poison to be parked",
    )
    poison.refresh_from_db()
    assert poison.parked_reason == "its check ended 3 times the process that made it"
    assert Monitor.objects.filter(enabled=True).count() == len(good)
    reached = newest_id()
    wait_until(
        lambda: checked_since(reached) == len(good), seconds=40, waiting_for="all others to be checked again"
    )
    assert not Watch.objects.filter(monitor__enabled=True, tries__gt=1).exists()
    wait_until(lambda: bool(scene.sink.received), seconds=40, waiting_for="word to staff")
    told = [str(mail.message["Subject"]) for mail in scene.sink.received]
    assert told == [f"[Action needed] Monitor “{poison.name}” has stopped"]


def checked_since(result_id: int) -> int:
    return CheckResult.objects.filter(pk__gt=result_id).values("monitor").distinct().count()
