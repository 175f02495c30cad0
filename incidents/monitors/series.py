"""What is kept of a count series from one value to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incidents.monitors.results import Verdict
from incidents.monitors.usual import Entry, Hour, Usual


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
        return [self.evidence, since, self.run, self.came, self.expected]

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
    deviations: tuple[float, ...] = ()
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
            "deviations": list(self.deviations),
            "aside": [[hour.slot, hour.day, logged] for hour, logged in self.aside],
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
            deviations=tuple(stored["deviations"]),
            aside=tuple((Hour(slot, day), logged) for slot, day, logged in stored["aside"]),
            **instants,
        )
