"""Is a count lower or higher than this time of the week usually brings?

Evidence is summed for changes of several sizes (`sums`), against what is usual (`usual`, `special`). What an
anomaly brought is laid aside and not learnt; it ends as it began, by evidence.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from incidents.monitors import measuring, special, sums
from incidents.monitors import usual as past
from incidents.monitors.places import Place, Rhythm
from incidents.monitors.results import Verdict
from incidents.monitors.series import Parts, Series
from incidents.monitors.sums import NONE, NOTHING, Came, Sum
from incidents.monitors.usual import Forecast, Usual, log_count

LATEST = datetime.max.replace(tzinfo=UTC)
UNUSUAL = (Verdict.LOW, Verdict.HIGH)


@dataclass(frozen=True)
class Policy:
    """`proof`: the evidence, a logarithm of a likelihood, that makes a judgement of hourly values."""

    days_to_learn: int = 14
    weeks_kept: int = 13
    band_spreads: float = 2.0
    proof: float = 9.2
    more_proof_of_high: float = 2.0
    more_proof_when_young: float = 1.5
    young_days: int = 42
    most_by_one: float = 0.6
    proof_of_end: float = 5.0
    most_of_end_by_one: float = 1.5
    adopt_after_days: int = 21

    def proof_for(self, rhythm: Rhythm, *, known: timedelta) -> float:
        """Values that come more often have more chances to be wrong, and so has a short past."""
        young = self.more_proof_when_young if known < timedelta(days=self.young_days) else 0.0
        return self.proof + young + math.log(3600 / rhythm.step_seconds)


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
    series: Series, at: datetime, value: float, *, rhythm: Rhythm, policy: Policy = DEFAULT_POLICY
) -> SeriesJudgement:
    """Judges `value`, stamped with the end of its time, against all before it, and learns it.

    A value not newer than the newest changes nothing: rebuild with `judge_series` where old ones arrive.
    """
    if series.newest_at is not None and at <= series.newest_at:
        return _unchanged(series)
    series = replace(series, first_at=series.first_at or at, rhythm=rhythm.key)
    if rhythm.parts == 1:
        return _judge_step(series, at, value, rhythm=rhythm, policy=policy)
    parts = _with_part(series, at, value, rhythm)
    if parts.values < rhythm.parts:
        return _unchanged(replace(series, parts=parts, newest_at=at))
    series = replace(series, parts=Parts())
    return _judge_step(series, at, parts.total, rhythm=rhythm, policy=policy)


def judge_series(
    points: Sequence[tuple[datetime, float]],
    *,
    rhythm: Rhythm,
    policy: Policy = DEFAULT_POLICY,
    before: Series | None = None,
) -> SeriesJudgement:
    """The newest point judged given all before; about 0.2 ms a point, in the order of their instants.

    `before`: what was known already of earlier holidays and of levels that were accepted.
    """
    accepted = before.accepted if before else ()
    judgement = _unchanged(_known_from(before, points[0][0]) if before else Series())
    for (at, value), (following_at, _) in pairwise((*points, (LATEST, 0.0))):
        judgement = judge_value(judgement.state, at, value, rhythm=rhythm, policy=policy)
        if any(at <= instant < following_at for instant in accepted):
            judgement = _unchanged(accept(judgement.state, rhythm=rhythm, policy=policy))
    return judgement


def accept(series: Series, *, rhythm: Rhythm, policy: Policy = DEFAULT_POLICY) -> Series:
    """The level of an anomaly is from now on the usual one; a series that is usual stays as it is."""
    if series.settled not in UNUSUAL or series.newest_at is None:
        return series
    moved = past.shift(series.usual, math.log((series.anomaly.came + 0.5) / (series.anomaly.expected + 0.5)))
    learnt = past.learn(moved, _ordinary(series.aside, rhythm), weeks_kept=policy.weeks_kept)
    return replace(_back_to_usual(series, learnt), accepted=(*series.accepted, series.newest_at))


def _unchanged(series: Series) -> SeriesJudgement:
    return SeriesJudgement(series, series.verdict, changed=False, onset_at=series.onset_at)


def _known_from(before: Series, first_at: datetime) -> Series:
    known = [one for one in before.special.known if one[1] < first_at.toordinal()]
    return Series(special=special.Special(tuple(known)), accepted=())


def _with_part(series: Series, at: datetime, value: float, rhythm: Rhythm) -> Parts:
    """A step whose parts did not all come is no count: the next one begins anew."""
    assert series.first_at is not None
    number = (rhythm.number(at, series.first_at)) // rhythm.parts
    parts = series.parts if series.parts.number == number else Parts(number)
    return Parts(number, parts.values + 1, parts.total + value)


def _judge_step(
    series: Series, at: datetime, value: float, *, rhythm: Rhythm, policy: Policy
) -> SeriesJudgement:
    place = rhythm.place_of(at)
    if place.day > series.usual.refreshed_on:
        refreshed = measuring.refresh(series.usual, day=place.day, per_day=rhythm.per_day)
        series = replace(series, usual=refreshed)
    entry = (place, log_count(value))
    expected = _forecast_when_learnt(series, at, place, rhythm, policy)
    if expected is None:
        return _unchanged(replace(_learnt(series, entry, rhythm, policy), newest_at=at))
    came = Came(_beginning(series, at, rhythm), value, expected.count)
    proof = policy.proof_for(rhythm, known=at - (series.first_at or at))
    judged = _summed(series, came, expected, proof=proof, policy=policy)
    verdict = _proved(judged, proof, policy)
    if verdict is not None:
        judged = _turned_unusual(judged, at, entry, verdict=verdict, rhythm=rhythm)
    elif judged.settled in UNUSUAL:
        judged = _still_unusual(judged, at, entry, rhythm=rhythm, policy=policy)
    else:
        within = expected.strays(value) <= policy.band_spreads
        judged = _usual(judged, entry, within=within, rhythm=rhythm, policy=policy)
    judged = replace(judged, newest_at=at)
    return SeriesJudgement(
        state=judged,
        verdict=judged.verdict,
        changed=judged.verdict != series.verdict,
        onset_at=judged.onset_at,
        usual=expected.count,
        ratio=_ratio(judged.anomaly if judged.verdict in UNUSUAL else Sum(0.0, None, value, expected.count)),
        band=expected.band(policy.band_spreads),
    )


def _forecast_when_learnt(
    series: Series, at: datetime, place: Place, rhythm: Rhythm, policy: Policy
) -> Forecast | None:
    if series.first_at is None or at - series.first_at < timedelta(days=policy.days_to_learn):
        return None
    return special.forecast(series.usual, series.special, place, rhythm=rhythm)


def _beginning(series: Series, at: datetime, rhythm: Rhythm) -> datetime:
    """The start of the value's time; where the one before is missing, not before a full step."""
    earliest = at - rhythm.step
    return max(earliest, series.newest_at) if series.newest_at and rhythm.parts == 1 else earliest


def _summed(series: Series, came: Came, expected: Forecast, *, proof: float, policy: Policy) -> Series:
    most = policy.most_by_one * proof
    clustering = series.usual.clustering
    fallen = [expected.evidence_of_drop(came.value, size, most=most) / clustering for size in sums.SIZES]
    risen = [expected.evidence_of_rise(came.value, size, most=most) / clustering for size in sums.SIZES]
    summed = replace(
        series,
        low=NONE if series.settled == Verdict.LOW else sums.add(series.low, came, gains=fallen),
        high=NONE if series.settled == Verdict.HIGH else sums.add(series.high, came, gains=risen),
    )
    if series.settled not in UNUSUAL:
        return summed
    still = (fallen if series.settled == Verdict.LOW else risen)[0]
    usual_again = min(policy.most_of_end_by_one, -still)
    anomaly = replace(
        series.anomaly,
        came=series.anomaly.came + came.value,
        expected=series.anomaly.expected + came.expected,
    )
    return replace(summed, anomaly=anomaly, back=max(0.0, series.back + usual_again))


def _proved(series: Series, proof: float, policy: Policy) -> Verdict | None:
    """What there is evidence enough of; not the verdict that stands already: its sums rest."""
    if sums.strongest(series.low).evidence >= proof:
        return Verdict.LOW
    if sums.strongest(series.high).evidence >= proof + policy.more_proof_of_high:
        return Verdict.HIGH
    return None


def _usual(series: Series, entry: past.Entry, *, within: bool, rhythm: Rhythm, policy: Policy) -> Series:
    verdict = Verdict.UP if within or series.settled == Verdict.UP else Verdict.UNKNOWN
    return replace(_learnt(series, entry, rhythm, policy), verdict=verdict, settled=verdict)


def _learnt(series: Series, entry: past.Entry, rhythm: Rhythm, policy: Policy) -> Series:
    """Special days are no example for their weekday."""
    place, logged = entry
    told = special.learn(series.special, place, logged, usual=series.usual, rhythm=rhythm)
    if rhythm.calendar.is_special(place.day):
        return replace(series, special=told)
    learnt = past.learn(series.usual, [entry], weeks_kept=policy.weeks_kept)
    return replace(series, usual=learnt, special=told)


def _turned_unusual(
    series: Series, at: datetime, entry: past.Entry, *, verdict: Verdict, rhythm: Rhythm
) -> Series:
    """What was learnt since the onset is unlearnt and laid aside: it must not become the usual."""
    side = sums.strongest(series.low if verdict == Verdict.LOW else series.high)
    onset_at = side.since or at
    steps = int((at - onset_at) / rhythm.step)
    since = [rhythm.place_of(onset_at + number * rhythm.step) for number in range(1, steps)]
    usual, forgotten = past.forget(series.usual, since)
    return replace(
        series,
        usual=usual,
        special=special.forget_day(series.special),
        aside=(*series.aside, *forgotten, entry),
        verdict=verdict,
        settled=verdict,
        onset_at=onset_at,
        low=NONE,
        high=NONE,
        anomaly=side,
        back=0.0,
    )


def _still_unusual(
    series: Series, at: datetime, entry: past.Entry, *, rhythm: Rhythm, policy: Policy
) -> Series:
    aside = (*series.aside, entry)
    if series.back >= policy.proof_of_end:
        return _back_to_usual(series, series.usual)
    if series.onset_at and at - series.onset_at >= timedelta(days=policy.adopt_after_days):
        learnt = past.learn(Usual(), _ordinary(aside, rhythm), weeks_kept=policy.weeks_kept)
        return replace(_back_to_usual(series, learnt), first_at=series.onset_at)
    return replace(series, aside=aside, verdict=series.settled)


def _ordinary(entries: Iterable[past.Entry], rhythm: Rhythm) -> list[past.Entry]:
    return [entry for entry in entries if not rhythm.calendar.is_special(entry[0].day)]


def _back_to_usual(series: Series, usual: Usual) -> Series:
    return replace(
        series,
        usual=usual,
        verdict=Verdict.UP,
        settled=Verdict.UP,
        onset_at=None,
        low=NONE,
        high=NONE,
        anomaly=NOTHING,
        back=0.0,
        aside=(),
    )


def _ratio(over: Sum) -> float | None:
    """Over the whole of an anomaly, which noise of one hour does not shake; else of this hour alone."""
    return over.came / over.expected if over.expected > 0 else None
