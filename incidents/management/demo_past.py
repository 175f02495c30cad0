"""What monitors saw of the demo's services in its 90 days: passes, a few failures, one silence, a count."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from incidents.actions.monitor import create_monitor, record_results
from incidents.fixtures.make_hea2020100801 import NOISE, PEAK_AN_HOUR, TOKYO, WEEKDAY_SHARE, WORKDAY
from incidents.lib import times
from incidents.models import CheckResult
from incidents.monitors.intake import take_observations
from incidents.monitors.results import Result
from incidents.monitors.rollup import roll_up_due
from incidents.monitors.settling import take_result
from incidents.queries.monitor import lock_monitor

# Rows of the record, handed from one action to the next.
Handle = Any

MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INTERVAL = 10 * MINUTES
COUNTED = 60 * DAYS
TARGETS = {
    "mail": ("メールの送受信", 180.0),
    "sso": ("ログイン画面の応答", 90.0),
    "files": ("ファイル一覧の応答", 240.0),
    "api": ("管理APIの応答", 60.0),
}


@dataclass(frozen=True)
class Stretch:
    begins_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.begins_at <= at < self.ends_at


class DemoPast:
    """Monitors of some services, from `began_at` to `now`; what they see is told step by step, then kept."""

    def __init__(self, services: Mapping[str, Handle], *, began_at: datetime, now: datetime) -> None:
        self._services = services
        self._began_at = began_at
        self._now = now
        self._failures: dict[str, list[Stretch]] = {slug: [] for slug in TARGETS}
        self._silences = {"files": [Stretch(now - 52 * DAYS, now - 50 * DAYS)]}
        with times.at(began_at):
            self._monitors = {slug: self._create(slug, name) for slug, (name, _) in TARGETS.items()}

    def _create(self, slug: str, name: str) -> Handle:
        monitor, _ = create_monitor(
            self._services[slug],
            kind="http",
            name=name,
            target=f"{settings.SITE_URL}/healthz",
            settings={"failures_to_down": 1, "passes_to_up": 1},
            interval_seconds=int(INTERVAL.total_seconds()),
            status_when_failing="partial_outage",
            is_charted=True,
        )
        return monitor

    def fail(self, slug: str, begins_at: datetime) -> None:
        """From here on the service's monitor fails, if it has one."""
        if slug in TARGETS:
            self._failures[slug].append(Stretch(begins_at, self._now))
            self._judge(slug, begins_at, ok=False)

    def recover(self, slug: str, ends_at: datetime) -> None:
        if slug in TARGETS:
            self._failures[slug].append(Stretch(self._failures[slug].pop().begins_at, ends_at))
            for at in (ends_at, ends_at + INTERVAL):
                self._judge(slug, at, ok=True)

    def _judge(self, slug: str, at: datetime, *, ok: bool) -> None:
        with times.at(at):
            take_result(self._monitors[slug].pk, Result(at, ok=ok, detail="" if ok else "answered 503"))

    def keep(self) -> None:
        """All results between, a count of the last weeks, and the roll-ups of both."""
        chance = random.Random(1)  # noqa: S311 - noise, not a secret
        for slug in TARGETS:
            self._keep_results(slug, chance)
            self._judge(slug, self._now, ok=True)
        self._keep_count(chance)
        with times.at(self._now):
            roll_up_due(seconds=math.inf)

    @transaction.atomic
    def _keep_results(self, slug: str, chance: random.Random) -> None:
        monitor = lock_monitor(self._monitors[slug].pk)
        instants = (self._began_at + INTERVAL * n for n in range((self._now - self._began_at) // INTERVAL))
        silences = self._silences.get(slug, [])
        seen = [at for at in instants if not any(silence.holds(at) for silence in silences)]
        record_results(monitor, [self._result(monitor, slug, at, chance) for at in seen])

    def _result(self, monitor: Handle, slug: str, at: datetime, chance: random.Random) -> CheckResult:
        if any(failure.holds(at) for failure in self._failures[slug]):
            return CheckResult(monitor=monitor, at=at, ok=False, detail="answered 503")
        usual = TARGETS[slug][1] * (1 + 0.5 * WORKDAY[at.astimezone(TOKYO).hour])
        latency_ms = usual * math.exp(chance.gauss(0, 0.25))
        return CheckResult(monitor=monitor, at=at, ok=True, latency_ms=latency_ms, detail="200")

    def _keep_count(self, chance: random.Random) -> None:
        """Not enabled: nobody feeds it from here on, and that must not be taken for silence."""
        begins_at = (self._now - COUNTED).replace(minute=0, second=0, microsecond=0)
        hours = (self._now - begins_at) // HOURS
        points = [(begins_at + n * HOURS, _mails(begins_at + n * HOURS, chance)) for n in range(1, hours + 1)]
        with times.at(begins_at):
            monitor, _ = create_monitor(
                self._services["mail"],
                kind="baseline",
                name="受信メール数（1時間あたり）",
                interval_seconds=3600,
                enabled=False,
                is_charted=True,
            )
        with times.at(self._now):
            take_observations(monitor, points)


def _mails(ends_at: datetime, chance: random.Random) -> float:
    """A working week's shape with the noise of the reference incident's counts."""
    hour = (ends_at - 30 * MINUTES).astimezone(TOKYO)
    usual = PEAK_AN_HOUR * WORKDAY[hour.hour] * WEEKDAY_SHARE[hour.weekday()]
    return float(max(0, round(usual * math.exp(chance.gauss(0, NOISE)))))
