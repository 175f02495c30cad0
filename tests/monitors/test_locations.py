"""Checks from several places, end to end: each place has a round of its own on one database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import CheckResult, Location, Monitor, Watch
from incidents.monitors import run
from incidents.monitors.silence import judge_silent
from incidents.queries.page import overview
from tests import make
from tests.servers import Server, serving
from tests.waiting import free_port

pytestmark = pytest.mark.django_db
CLOSED = f"http://127.0.0.1:{free_port()}/"


@pytest.fixture
def site() -> Iterator[Server]:
    with serving() as made:
        yield made


class Places:
    """Locations that share a database. What each sees is set by where it is sent: one that cannot reach a target
    asks a closed port."""

    def __init__(self, settings: Settings, monitor: Monitor, target: str) -> None:
        self._settings, self._monitor, self._target = settings, monitor, target
        self._minutes = 0.0

    def check(self, **reached: bool) -> str:
        """A minute later each of them checks; answers the monitor's verdict."""
        self._minutes += 1
        for place, is_reached in reached.items():
            self._settings.LOCATION = place
            Monitor.objects.update(target=self._target if is_reached else CLOSED)
            Watch.objects.filter(location=place).update(next_check_at=timezone.now())
            with times.at(timezone.now() + timedelta(minutes=self._minutes)):
                run.check_due()
        return self.verdict

    def wait(self, minutes: int) -> str:
        self._minutes += minutes
        with times.at(timezone.now() + timedelta(minutes=self._minutes)):
            judge_silent()
        return self.verdict

    @property
    def verdict(self) -> str:
        self._monitor.refresh_from_db()
        return self._monitor.verdict

    def status(self) -> str:
        with times.at(timezone.now() + timedelta(minutes=self._minutes, seconds=1)):
            return overview(self._monitor.service.page).status


def places(settings: Settings, site: Server, *names: str, to_down: int | None = None) -> Places:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    target = f"http://127.0.0.1:{site.port}/text/x"
    monitor = make.monitor(
        make.service(make.page()),
        kind="http",
        target=target,
        locations=names,
        locations_to_down=to_down,
        settings={"failures_to_down": 1, "passes_to_up": 1},
    )
    return Places(settings, monitor, target)


def test_one_of_three_that_fails_alone_is_unstable_and_two_are_down(settings: Settings, site: Server) -> None:
    three = places(settings, site, "main", "osaka", "nagoya")
    assert three.check(main=True, osaka=True, nagoya=True) == "up"
    assert three.check(main=True, osaka=False, nagoya=True) == "unstable"
    assert three.status() == "degraded"
    assert three.check(main=False, osaka=False, nagoya=True) == "down"
    assert three.status() == "major_outage"
    assert three.check(main=True, osaka=True, nagoya=True) == "down"
    assert three.check(main=True, osaka=True, nagoya=True) == "up"
    assert CheckResult.objects.values("location").distinct().count() == 3


def test_a_place_alone_says_nothing_before_most_have_spoken(settings: Settings, site: Server) -> None:
    three = places(settings, site, "main", "osaka", "nagoya")
    assert three.check(main=True) == "unknown"
    assert three.status() == "unknown"
    assert three.check(main=True, osaka=True) == "up"


def test_a_silent_place_does_not_count_as_green(settings: Settings, site: Server) -> None:
    two = places(settings, site, "main", "osaka")
    assert two.check(main=True, osaka=True) == "up"
    for _ in range(4):
        two.check(main=True)
    assert two.wait(0) == "unknown"
    assert two.status() == "unknown"


def test_a_silent_place_of_three_leaves_the_other_two_to_decide(settings: Settings, site: Server) -> None:
    three = places(settings, site, "main", "osaka", "nagoya")
    three.check(main=True, osaka=True, nagoya=True)
    for _ in range(4):
        three.check(main=True, osaka=True)
    assert three.wait(0) == "up"
    assert Watch.objects.get(location="nagoya").verdict == "unknown"
    assert three.check(main=False, osaka=False) == "down"


def test_how_many_must_agree_is_the_monitor_s(settings: Settings, site: Server) -> None:
    any_one = places(settings, site, "main", "osaka", to_down=1)
    any_one.check(main=True, osaka=True)
    assert any_one.check(osaka=False) == "down"


def test_a_place_is_known_from_its_first_round_on(settings: Settings, site: Server) -> None:
    places(settings, site, "main", "osaka").check(osaka=True)
    assert [(place.name, place.seen_at is not None) for place in Location.objects.all()] == [("osaka", True)]


@pytest.mark.parametrize(
    ("names", "to_down", "field"),
    [([], None, "locations"), (["main", "main"], None, "locations"), (["main"], 2, "locations_to_down")],
)
def test_locations_that_make_no_sense_are_refused(names: list[str], to_down: int | None, field: str) -> None:
    with pytest.raises(Refused) as refused:
        make.monitor(
            make.service(make.page()), kind="http", target=CLOSED, locations=names, locations_to_down=to_down
        )
    assert refused.value.field == field
