"""What a monitor's locations say together: N of M. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.monitors.results import Verdict

FAILING = (Verdict.DOWN, Verdict.UNSTABLE)


@dataclass(frozen=True)
class View:
    """What one location says. One that has fallen silent says unknown."""

    verdict: Verdict
    onset_at: datetime | None = None


@dataclass(frozen=True)
class Agreed:
    verdict: Verdict
    onset_at: datetime | None = None


def majority(locations: int) -> int:
    return locations // 2 + 1


def agree(views: Sequence[View], *, to_down: int | None = None) -> Agreed:
    """Down where `to_down` of the locations say so, by default most of them; it began when the last of those found
    out. Up where most say so and none fails. A location that fails without the others makes it unstable at most,
    and one that says nothing counts for nothing."""
    down = sorted((view for view in views if view.verdict == Verdict.DOWN), key=_onset)
    needed = min(to_down or majority(len(views)), len(views))
    if needed and len(down) >= needed:
        return Agreed(Verdict.DOWN, down[needed - 1].onset_at)
    failing = [view.onset_at for view in views if view.verdict in FAILING]
    if failing:
        return Agreed(Verdict.UNSTABLE, min(filter(None, failing), default=None))
    up = sum(view.verdict == Verdict.UP for view in views)
    return Agreed(Verdict.UP if up >= majority(len(views)) else Verdict.UNKNOWN)


def _onset(view: View) -> float:
    return view.onset_at.timestamp() if view.onset_at else 0.0
