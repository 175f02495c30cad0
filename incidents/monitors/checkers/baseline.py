"""Is a count lower or higher than this hour of the week usually brings?

Two questions must both be answered yes. The CUSUM: has enough evidence gathered, beyond what noise
gathers? The run: are the newest values, one after the other, all on that side? The first alone would be
tripped by one wild value and stay tripped; the second alone by a small streak of bad luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from incidents.monitors import usual as past
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series, Sum
from incidents.monitors.usual import Entry, Forecast, Hour, Usual, hour_of, log_count


@dataclass(frozen=True)
class Policy:
    """Deviations are counted in spreads: standard deviations of what the past expects of the hour."""

    days_to_learn: int = 14
    weeks_kept: int = 8
    values_to_judge: int = 3
    values_to_up: int = 6
    run_beyond: float = 1.0
    up_within: float = 2.0
    up_mean_within: float = 0.5
    slack: float = 1.0
    threshold: float = 5.0
    most_counted: float = 5.0
    adopt_after_days: int = 21
    interval_seconds: int = 3600


DEFAULT_POLICY = Policy()


@dataclass(frozen=True)
class SeriesJudgement:
    """`ratio`: what came since the onset (else: now) over what was usual. `band`: what passes as usual."""

    state: Series
    verdict: Verdict
    changed: bool
    onset_at: datetime | None = None
    usual: float | None = None
    ratio: float | None = None
    band: tuple[float, float] | None = None


def judge_value(
    series: Series, at: datetime, value: float, *, zone: str, policy: Policy = DEFAULT_POLICY
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
        learnt = past.learn(series.usual, [(hour, log_count(value))], weeks_kept=policy.weeks_kept)
        series = replace(series, usual=learnt, newest_at=at)
        return SeriesJudgement(series, series.verdict, changed=False, onset_at=series.onset_at)
    summed = _summed(series, at, value, expected=expected, policy=policy)
    judged = _settled(summed, at, (hour, log_count(value)), policy=policy, zone=place)
    judged = replace(judged, newest_at=at)
    return SeriesJudgement(
        state=judged,
        verdict=judged.verdict,
        changed=judged.verdict != series.verdict,
        onset_at=judged.onset_at,
        usual=expected.count,
        ratio=_ratio(judged, value, expected),
        band=expected.band(policy.up_within),
    )


def judge_series(
    points: Sequence[tuple[datetime, float]], *, zone: str, policy: Policy = DEFAULT_POLICY
) -> SeriesJudgement:
    """The newest point judged given all before; about 0.1 ms a point, in the order of their instants."""
    judgement = SeriesJudgement(Series(), Verdict.UNKNOWN, changed=False)
    for at, value in points:
        judgement = judge_value(judgement.state, at, value, zone=zone, policy=policy)
    return judgement


def _refreshed(series: Series, hour: Hour) -> Series:
    if hour.day <= series.usual.refreshed_on:
        return series
    return replace(series, usual=past.refresh(series.usual, day=hour.day))


def _forecast_when_learnt(series: Series, at: datetime, hour: Hour, policy: Policy) -> Forecast | None:
    if series.first_at is None or at - series.first_at < timedelta(days=policy.days_to_learn):
        return None
    return past.forecast(series.usual, hour)


def _summed(series: Series, at: datetime, value: float, *, expected: Forecast, policy: Policy) -> Series:
    deviation = expected.deviation(value)
    began = _beginning(series, at, policy)

    def add(side: Sum, excess: float) -> Sum:
        evidence = max(0.0, side.evidence + min(excess, policy.most_counted) - policy.slack)
        run = side.run + 1 if excess >= policy.run_beyond else 0
        if evidence == 0.0:
            return Sum(run=run)
        return Sum(evidence, side.since or began, run, side.came + value, side.expected + expected.count)

    newest = (*series.deviations, deviation)[-policy.values_to_up :]
    return replace(
        series, low=add(series.low, -deviation), high=add(series.high, deviation), deviations=newest
    )


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
    learnt = past.learn(series.usual, [entry], weeks_kept=policy.weeks_kept)
    within = abs(series.deviations[-1]) <= policy.up_within
    verdict = Verdict.UP if within or series.settled == Verdict.UP else Verdict.UNKNOWN
    return replace(series, usual=learnt, verdict=verdict, settled=verdict)


def _turned_unusual(
    series: Series, at: datetime, entry: Entry, *, verdict: Verdict, zone: ZoneInfo
) -> Series:
    """What was learnt since the onset is unlearnt and laid aside: it must not become the usual."""
    side = series.low if verdict == Verdict.LOW else series.high
    onset_at = side.since or at
    hours = int((at - onset_at) / timedelta(hours=1))
    since = [hour_of(onset_at + timedelta(hours=number), zone) for number in range(1, hours)]
    usual, forgotten = past.forget(series.usual, since)
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
    if _is_back(series.deviations, policy):
        learnt = past.learn(series.usual, aside[-policy.values_to_up :], weeks_kept=policy.weeks_kept)
        return _back_to_usual(series, learnt)
    if series.onset_at and at - series.onset_at >= timedelta(days=policy.adopt_after_days):
        learnt = past.learn(Usual(), aside, weeks_kept=policy.weeks_kept)
        return replace(_back_to_usual(series, learnt), first_at=series.onset_at)
    return replace(series, aside=aside, verdict=series.settled)


def _is_back(deviations: tuple[float, ...], policy: Policy) -> bool:
    """All in the band and their mean near its middle: a half-mended series hops in and out of the band."""
    if len(deviations) < policy.values_to_up:
        return False
    within = all(abs(deviation) <= policy.up_within for deviation in deviations)
    return within and abs(fmean(deviations)) <= policy.up_mean_within


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
