"""Who calls staff is killed, and Redis is gone: nobody stays untold, and nobody is told more often than that."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from incidents.actions.detection import Judged
from incidents.actions.location import note_seen
from incidents.actions.monitor import apply_judgement
from incidents.actions.staff_alert import Step, add_contact, set_steps
from incidents.lib import times
from incidents.models import Delivery, DeliveryState, Incident, Monitor, StaffAlert, StaffContact
from incidents.queries.monitor import lock_monitor
from tests import make
from tests.endpoints import Endpoints, Reply, endpoints
from tests.faults.scene import PYTHON, Scene
from tests.waiting import wait_until

__all__ = ["endpoints"]

pytestmark = pytest.mark.faults

CALLER = (PYTHON, "-m", "tests.faults.endpoint_sender", "--lane", "staff", "--lane", "staff:endpoints")
EACH = 20
KILLS = 6


@pytest.fixture
def no_redis(tmp_path: Path) -> Iterator[str]:
    """Where nobody listens."""
    yield f"unix://{tmp_path / 'nobody'}?db=0"


def contacts(scene: Scene, endpoints: Endpoints, stem: str) -> list[StaffContact]:
    """Of each channel so many, whose servers take their time over each."""
    made = []
    for number in range(EACH):
        name = f"{stem}{number}"
        places = {
            "email": f"{name}@example.com",
            "webhook": endpoints.url(f"/hook/{name}"),
            "slack": endpoints.url(f"/services/{name}"),
        }
        for channel, place in places.items():
            made.append(
                add_contact(scene.page, name=f"{name} {channel}", channel=channel, place=place, language="ja")
            )
            if channel != "email":
                endpoints.replies["/" + place.split("/", 3)[3]] = [Reply(seconds=0.03)]
    return made


def fail(monitor: Monitor) -> None:
    at = times.now()
    with transaction.atomic():
        apply_judgement(lock_monitor(monitor.pk), Judged("down", at, at, {}))


def let_pass(alert: StaffAlert, minutes: int) -> None:
    """As if it had begun so much earlier."""
    began = alert.starts_at - timedelta(minutes=minutes)
    StaffAlert.objects.filter(pk=alert.pk).update(starts_at=began, next_at=timezone.now())


def copies(scene: Scene, endpoints: Endpoints) -> Counter[str]:
    return scene.sink.copies + Counter(one.path for one in endpoints.posted)


def told_at_least(scene: Scene, endpoints: Endpoints, count: int) -> bool:
    return copies(scene, endpoints).total() >= count


def all_sent(count: int) -> bool:
    return Delivery.objects.filter(state=DeliveryState.SENT).count() == count


def kill_in_between(scene: Scene, endpoints: Endpoints, after: Iterable[int], redis_url: str) -> None:
    caller = scene.start(CALLER, REDIS_URL=redis_url)
    for count in after:
        reached = partial(told_at_least, scene, endpoints, count)
        wait_until(reached, seconds=60, waiting_for=f"call {count}")
        scene.kill(caller)
        caller = scene.start(CALLER, REDIS_URL=redis_url)


def test_a_killed_caller_leaves_nobody_untold_at_any_step_without_redis(
    scene: Scene, endpoints: Endpoints, no_redis: str
) -> None:
    scene.sink.seconds_a_mail = 0.03
    first, second = contacts(scene, endpoints, "first"), contacts(scene, endpoints, "second")
    steps = [Step(0, tuple(one.pk for one in first)), Step(10, tuple(one.pk for one in second))]
    set_steps(scene.page, steps)
    fail(make.monitor(scene.service))
    a_step = 3 * EACH

    kill_in_between(scene, endpoints, range(8, 8 + 8 * KILLS // 2, 8), no_redis)
    wait_until(partial(all_sent, a_step), seconds=60, waiting_for="all of the first step")
    assert not any("second" in told for told in copies(scene, endpoints))

    let_pass(StaffAlert.objects.get(), minutes=10)
    kill_in_between(scene, endpoints, range(a_step + 8, a_step + 8 + 8 * KILLS // 2, 8), no_redis)
    wait_until(partial(all_sent, 2 * a_step), seconds=60, waiting_for="all of the second step")
    scene.end_all()
    told = copies(scene, endpoints)
    assert len(told) == 2 * a_step
    assert told.total() - len(told) <= KILLS
    assert max(told.values()) <= 2
    assert StaffAlert.objects.get().steps_taken == 2
    assert Incident.objects.count() == 1


def test_without_redis_nothing_is_checked_and_staff_hear_of_it(
    scene: Scene, endpoints: Endpoints, no_redis: str
) -> None:
    one = add_contact(scene.page, name="duty", channel="email", place="duty@example.com", language="en")
    set_steps(scene.page, [Step(0, (one.pk,))])
    make.monitor(scene.service, "http", target="http://www.example.com/")
    note_seen("main", at=timezone.now() - timedelta(minutes=5))
    scene.start(CALLER, REDIS_URL=no_redis)
    wait_until(StaffAlert.objects.exists, seconds=60, waiting_for="an alert of the silent location")
    assert not scene.sink.received
    let_pass(StaffAlert.objects.get(), minutes=2)
    wait_until(lambda: bool(scene.sink.received), seconds=30, waiting_for="call")
    assert "Nothing is checked" in str(scene.sink.received[0].message["Subject"])
