"""Several locations, each a worker of its own that takes its own queue: what they say together."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.models import CheckResult, Incident, Location, Monitor, Watch
from tests import make
from tests.broker import Broker, broker
from tests.faults.scene import BEAT, PYTHON, Scene, staged
from tests.servers import Server, serving
from tests.smtp import running_sink
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

PLACES = ("main", "osaka", "nagoya")
ALONE = ("-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat")


@pytest.fixture
def redis() -> Iterator[Broker]:
    with broker() as made:
        yield made


@pytest.fixture
def site() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    with running_sink() as sink, staged(sink, tmp_path / "data") as made:
        made.environment["LOCATIONS"] = ",".join(PLACES)
        yield made


class Places:
    """A worker for each. One that is `blind` is not let to the target."""

    def __init__(self, scene: Scene, redis: Broker) -> None:
        self._scene, self._redis = scene, redis
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        scene.start(BEAT, REDIS_URL=redis.redis_url)

    def start(self, place: str, *, blind: bool = False) -> None:
        command = (PYTHON, "-m", "celery", "-A", "statuspage.celery", "--quiet", "worker")
        self._workers[place] = self._scene.start(
            (*command, "-Q", f"checks.{place}", "-n", f"checks@{place}", *ALONE),
            REDIS_URL=self._redis.redis_url,
            LOCATION=place,
            OUTBOUND_ALLOW="" if blind else "127.0.0.0/8",
        )

    def restart(self, place: str, *, blind: bool) -> None:
        self._scene.kill(self._workers[place])
        self.start(place, blind=blind)


def wait_for(verdict: str, monitor: Monitor) -> None:
    def is_so() -> bool:
        return Monitor.objects.get(pk=monitor.pk).verdict == verdict

    wait_until(is_so, seconds=60, waiting_for=f"verdict {verdict}")


def test_two_of_three_workers_must_say_so_and_each_looks_for_itself(
    scene: Scene, site: Server, redis: Broker
) -> None:
    monitor = make.monitor(
        scene.service,
        "http",
        target=f"http://127.0.0.1:{site.port}/text/x",
        interval_seconds=10,
        locations=PLACES,
        settings={"failures_to_down": 1, "passes_to_up": 1},
    )
    places = Places(scene, redis)
    for place in PLACES:
        places.start(place)
    wait_for("up", monitor)
    places.restart("osaka", blind=True)
    wait_for("unstable", monitor)
    places.restart("nagoya", blind=True)
    wait_for("down", monitor)
    scene.end_all()
    assert Incident.objects.count() == 1
    by_place = dict(Watch.objects.values_list("location", "verdict"))
    assert by_place == {"main": "up", "osaka": "down", "nagoya": "down"}
    assert set(Location.objects.values_list("name", flat=True)) == set(PLACES)
    for place in PLACES:
        assert CheckResult.objects.filter(location=place).exists()
