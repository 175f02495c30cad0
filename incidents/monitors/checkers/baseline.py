"""Is a count lower or higher than this hour of the week usually brings?

Two questions must both be answered yes. The CUSUM: has enough evidence gathered, beyond what noise
gathers? The run: are the newest values, one after the other, all on that side? The first alone would be
tripped by one wild value and stay tripped; the second alone by a small streak of bad luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from incidents.monitors.results import Verdict
from incidents.monitors.usual import Entry, Forecast, Hour, Usual, forecast, forget, hour_of, learn, log_count, refresh


@dataclass(frozen=True)
class Policy:
    """Deviations are counted in spreads: standard deviations of what the past expects of the hour."""

    days_to_learn: int = 14
    weeks_kept: int = 8
    values_to_judge: int = 3
    values_to_up: int = 3
    run_beyond: float = 1.0
    up_within: float = 1.5
    slack: float = 0.75
    threshold: float = 5.5
    most_counted: float = 5.0
    adopt_after_days: int = 21
    interval_seconds: int = 3600


@dataclass(frozen=True)
class Sum:
    """A one-sided CUSUM: the evidence, since when, the newest run, and what came against what was usual."""

    evidence: float = 0.0
    since: datetime | None = None
    run: int = 0
    came: float = 0.0
    expected: float = 0.0

    def to_json(self) -> list[Any]:
        since = self.since and self.since.isoformat()
        return [round(self.evidence, 4), since, self.run, round(self.came, 2), round(self.expected, 2)]

    @classmethod
    def from_json(cls, stored: list[Any]) -> "Sum":
        evidence, since, run, came, expected = stored
        return cls(evidence, since and datetime.fromisoformat(since), run, came, expected)


@dataclass(frozen=True)
class Series:
    """All that is kept of a series between two values; about 15 kB as JSON when eight weeks are learnt."""

    usual: Usual = field(default_factory=Usual)
    first_at: datetime | None = None
    newest_at: datetime | None = None
    verdict: Verdict = Verdict.UNKNOWN
    settled: Verdict = Verdict.UNKNOWN
    onset_at: datetime | None = None
    low: Sum = Sum()
    high: Sum = Sum()
    calm: int = 0
    aside: tuple[Entry, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "usual": self.usual.to_json(),
            "first_at": self.first_at and self.first_at.isoformat(),
            "newest_at": self.newest_at and self.newest_at.isoformat(),
            "verdict": self.verdict.value,
            "settled": self.settled.value,
            "onset_at": self.onset_at and self.onset_at.isoformat(),
            "low": self.low.to_json(),
            "high": self.high.to_json(),
            "calm": self.calm,
            "aside": [[hour.slot, hour.day, round(logged, 4)] for hour, logged in self.aside],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Series":
        """The series as stored; an empty object is a new one."""
        if not stored:
            return cls()
        instants = {
            name: stored[name] and datetime.fromisoformat(stored[name])
            for name in ("first_at", "newest_at", "onset_at")
        }
        return cls(
            usual=Usual.from_json(stored["usual"]),
            verdict=Verdict(stored["verdict"]),
            settled=Verdict(stored["settled"]),
            low=Sum.from_json(stored["low"]),
            high=Sum.from_json(stored["high"]),
            calm=stored["calm"],
            aside=tuple((Hour(slot, day), logged) for slot, day, logged in stored["aside"]),
            **instants,
        )


@dataclass(frozen=True)
class SeriesJudgement:
    """`ratio` is what came since the onset (else: now) over what was usual; `band` what would pass as usual."""

    series: Series
    verdict: Verdict
    changed: bool
    onset_at: datetime | None = None
    usual: float | None = None
    ratio: float | None = None
    band: tuple[float, float] | None = None


def judge_value(
    series: Series, at: datetime, value: float, *, zone: str, policy: Policy = Policy()
) -> SeriesJudgement:
    """Judges `value`, stamped with the end of its hour, against all before it, and learns it.

    A value not newer than the newest changes nothing: rebuild with `judge_series` where old ones arrive.
    """
    if series.newest_at is not None and at <= series.newest_at:
        return SeriesJudgement(series, series.verdict, changed=False, onset_at=series.onset_at)
    place = ZoneInfo(zone)
    hour = hour_of(at, place)
    series = _refreshed(replace(series, first_at=series.first_at or at), hour)
    expected = _forecast_when_learnt(series, at, hour, policy)
    if expected is None:
        learnt = learn(series.usual, [(hour, log_count(value))], weeks_kept=policy.weeks_kept)
        series = replace(series, usual=learnt, newest_at=at)
        return SeriesJudgement(series, series.verdict, changed=False, onset_at=series.onset_at)
    summed = _summed(series, at, value, expected=expected, policy=policy)
    judged = _settled(summed, at, (hour, log_count(value)), policy=policy, zone=place)
    judged = replace(judged, newest_at=at)
    return SeriesJudgement(
        series=judged,
        verdict=judged.verdict,
        changed=judged.verdict != series.verdict,
        onset_at=judged.onset_at,
        usual=expected.count,
        ratio=_ratio(judged, value, expected),
        band=expected.band(policy.up_within),
    )


def judge_series(
    points: Sequence[tuple[datetime, float]], *, zone: str, policy: Policy = Policy()
) -> SeriesJudgement:
    """The newest point judged given all before; about 0.1 ms a point. Points in the order of their instants."""
    judgement = SeriesJudgement(Series(), Verdict.UNKNOWN, changed=False)
    for at, value in points:
        judgement = judge_value(judgement.series, at, value, zone=zone, policy=policy)
    return judgement


def _refreshed(series: Series, hour: Hour) -> Series:
    if hour.day <= series.usual.refreshed_on:
        return series
    return replace(series, usual=refresh(series.usual, day=hour.day))


def _forecast_when_learnt(series: Series, at: datetime, hour: Hour, policy: Policy) -> Forecast | None:
    if series.first_at is None or at - series.first_at < timedelta(days=policy.days_to_learn):
        return None
    return forecast(series.usual, hour)


def _summed(series: Series, at: datetime, value: float, *, expected: Forecast, policy: Policy) -> Series:
    deviation = expected.deviation(value)
    began = _beginning(series, at, policy)

    def add(side: Sum, excess: float) -> Sum:
        evidence = max(0.0, side.evidence + min(excess, policy.most_counted) - policy.slack)
        run = side.run + 1 if excess >= policy.run_beyond else 0
        if evidence == 0.0:
            return Sum(run=run)
        return Sum(
            evidence, side.since or began, run, side.came + value, side.expected + expected.count
        )

    calm = series.calm + 1 if abs(deviation) <= policy.up_within else 0
    return replace(series, low=add(series.low, -deviation), high=add(series.high, deviation), calm=calm)


def _beginning(series: Series, at: datetime, policy: Policy) -> datetime:
    """The start of the value's hour; where the one before is missing, not before a full interval."""
    earliest = at - timedelta(seconds=policy.interval_seconds)
    return max(earliest, series.newest_at) if series.newest_at else earliest


def _settled(series: Series, at: datetime, entry: Entry, *, policy: Policy, zone: ZoneInfo) -> Series:
    for verdict, side in ((Verdict.LOW, series.low), (Verdict.HIGH, series.high)):
        convinced = side.run >= policy.values_to_judge and side.evidence >= policy.threshold
        if convinced and series.settled != verdict:
            return _turned_unusual(series, at, entry, verdict=verdict, zone=zone)
    if series.settled in (Verdict.LOW, Verdict.HIGH):
        return _still_unusual(series, at, entry, policy=policy)
    learnt = learn(series.usual, [entry], weeks_kept=policy.weeks_kept)
    verdict = Verdict.UP if series.calm or series.settled == Verdict.UP else Verdict.UNKNOWN
    return replace(series, usual=learnt, verdict=verdict, settled=verdict)


def _turned_unusual(series: Series, at: datetime, entry: Entry, *, verdict: Verdict, zone: ZoneInfo) -> Series:
    """What was learnt since the onset is unlearnt and laid aside: it must not become the usual."""
    side = series.low if verdict == Verdict.LOW else series.high
    onset_at = side.since or at
    hours = int((at - onset_at) / timedelta(hours=1))
    since = [hour_of(onset_at + timedelta(hours=number), zone) for number in range(1, hours)]
    usual, forgotten = forget(series.usual, since)
    return replace(
        series,
        usual=usual,
        aside=(*series.aside, *forgotten, entry),
        verdict=verdict,
        settled=verdict,
        onset_at=onset_at,
        low=side if verdict == Verdict.LOW else Sum(),
        high=side if verdict == Verdict.HIGH else Sum(),
    )


def _still_unusual(series: Series, at: datetime, entry: Entry, *, policy: Policy) -> Series:
    aside = (*series.aside, entry)
    if series.calm >= policy.values_to_up:
        learnt = learn(series.usual, aside[-policy.values_to_up :], weeks_kept=policy.weeks_kept)
        return _back_to_usual(series, learnt)
    if series.onset_at and at - series.onset_at >= timedelta(days=policy.adopt_after_days):
        learnt = learn(Usual(), aside, weeks_kept=policy.weeks_kept)
        return replace(_back_to_usual(series, learnt), first_at=series.onset_at)
    return replace(series, aside=aside, verdict=series.settled)


def _back_to_usual(series: Series, usual: Usual) -> Series:
    return replace(
        series,
        usual=usual,
        verdict=Verdict.UP,
        settled=Verdict.UP,
        onset_at=None,
        low=Sum(),
        high=Sum(),
        aside=(),
    )


def _ratio(series: Series, value: float, expected: Forecast) -> float | None:
    """Over the whole of an anomaly, which noise of one hour does not shake; else of this hour alone."""
    side = {Verdict.LOW: series.low, Verdict.HIGH: series.high}.get(series.verdict)
    if side and side.expected > 0:
        return side.came / side.expected
    return value / expected.count if expected.count > 0 else None
