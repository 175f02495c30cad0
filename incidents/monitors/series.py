"""What is kept of a count series from one value to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incidents.monitors.places import Place
from incidents.monitors.results import Verdict
from incidents.monitors.special import Special
from incidents.monitors.sums import NONE, NOTHING, Sum, Sums
from incidents.monitors.usual import Entry, Usual

FORM = 2
INSTANTS = ("first_at", "newest_at", "onset_at")


@dataclass(frozen=True)
class Parts:
    """Values whose sum makes a step, as far as they came; `number` is the step's."""

    number: int = 0
    values: int = 0
    total: float = 0.0


@dataclass(frozen=True)
class Series:
    """All that is kept of a series between two values; under 10 kB as JSON when eight weeks are learnt.

    While it is unusual, `anomaly` sums up what came, `back` is the evidence that it is usual again, and `aside`
    holds the values, of which nothing is learnt. `accepted`: when staff took a new level for the usual one.
    """

    usual: Usual = field(default_factory=Usual)
    special: Special = field(default_factory=Special)
    rhythm: str = ""
    first_at: datetime | None = None
    newest_at: datetime | None = None
    verdict: Verdict = Verdict.UNKNOWN
    settled: Verdict = Verdict.UNKNOWN
    onset_at: datetime | None = None
    low: Sums = NONE
    high: Sums = NONE
    anomaly: Sum = NOTHING
    back: float = 0.0
    aside: tuple[Entry, ...] = ()
    parts: Parts = Parts()
    accepted: tuple[datetime, ...] = ()

    @property
    def level(self) -> float:
        """What came since the anomaly began, as a share of what was usual."""
        return self.anomaly.came / self.anomaly.expected if self.anomaly.expected else 1.0

    def to_json(self) -> dict[str, Any]:
        instants = {name: getattr(self, name) for name in INSTANTS}
        return {
            "form": FORM,
            "rhythm": self.rhythm,
            "usual": self.usual.to_json(),
            "special": self.special.to_json(),
            **{name: at and at.isoformat() for name, at in instants.items()},
            "verdict": self.verdict.value,
            "settled": self.settled.value,
            "low": [one.to_json() for one in self.low],
            "high": [one.to_json() for one in self.high],
            "anomaly": self.anomaly.to_json(),
            "back": self.back,
            "aside": [[place.slot, place.day, logged] for place, logged in self.aside],
            "parts": [self.parts.number, self.parts.values, self.parts.total],
            "accepted": [at.isoformat() for at in self.accepted],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Series":
        """The series as stored; an empty object is a new one, and so is what an older judge kept."""
        if stored.get("form") != FORM:
            return cls()
        instants = {name: stored[name] and datetime.fromisoformat(stored[name]) for name in INSTANTS}
        return cls(
            rhythm=stored["rhythm"],
            usual=Usual.from_json(stored["usual"]),
            special=Special.from_json(stored["special"]),
            verdict=Verdict(stored["verdict"]),
            settled=Verdict(stored["settled"]),
            low=tuple(map(Sum.from_json, stored["low"])),
            high=tuple(map(Sum.from_json, stored["high"])),
            anomaly=Sum.from_json(stored["anomaly"]),
            back=stored["back"],
            aside=tuple((Place(slot, day), logged) for slot, day, logged in stored["aside"]),
            parts=Parts(*stored["parts"]),
            accepted=tuple(map(datetime.fromisoformat, stored["accepted"])),
            **instants,
        )
