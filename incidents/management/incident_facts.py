"""What an incident file says, as values; instants are aware. The file's form: docs/incident-files.md."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class PageFacts:
    organisation: str
    time_zone: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class ServiceFacts:
    slug: str
    name: str
    code: str
    group: str
    description: str


@dataclass(frozen=True)
class MonitorFacts:
    slug: str
    name: str
    kind: str
    service: str
    target: str
    interval_seconds: int
    status_when_failing: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class SeriesFacts:
    """`points`: each value with the instant that ends the time it counts, in order."""

    monitor: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class SeenFacts:
    """An address that came `count` times from about `at`; the monitor hears of it at `told_at`."""

    told_at: datetime
    at: datetime
    address: str
    outcome: str
    count: int


@dataclass(frozen=True)
class SourceFacts:
    """`seen`: source addresses, in the order in which the monitor hears of them."""

    monitor: str
    seen: tuple[SeenFacts, ...]


@dataclass(frozen=True)
class AnswerFacts:
    """What DNS says of a name: a resolver that is given these knows of no others."""

    name: str
    kind: str
    records: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class PublishedFacts:
    """What a monitor's domain publishes from `at` on."""

    monitor: str
    at: datetime
    answers: tuple[AnswerFacts, ...]


@dataclass(frozen=True)
class StaffFacts:
    """`monitor` and `networks` are those of `know_networks`."""

    at: datetime
    action: str
    monitor: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogFacts:
    """`at` is when it happened, `recorded_at` when staff wrote it down."""

    at: datetime
    recorded_at: datetime
    kind: str
    text: str


@dataclass(frozen=True)
class UpdateFacts:
    """None keeps what the update before it told; `texts` are those in other languages; `joined`: stands on the
    line of the log entry before it."""

    at: datetime
    stage: str
    body: str
    services: dict[str, str] | None
    severity: str | None
    concerned: str | None
    workaround: str | None
    next_update_at: datetime | None
    recovered_at: datetime | None
    estimate_from: datetime | None
    estimate_until: datetime | None
    estimate_undecided: bool
    texts: dict[str, dict[str, str]]
    joined: bool


@dataclass(frozen=True)
class ReportFacts:
    """`leave_out`: sources whose log lines the report does without; public updates always stay."""

    subject: str
    period_from: datetime
    period_until: datetime | None
    from_is_approximate: bool
    until_is_approximate: bool
    what_happened: str
    scope: str
    cause: str
    measures: str
    leave_out: tuple[str, ...]


@dataclass(frozen=True)
class IncidentFile:
    """One incident: its surroundings, what the monitors saw and what people did, each list in its order."""

    title: str
    titles: dict[str, str]
    page: PageFacts
    services: tuple[ServiceFacts, ...]
    monitors: tuple[MonitorFacts, ...]
    series: tuple[SeriesFacts, ...]
    published: tuple[PublishedFacts, ...]
    sources: tuple[SourceFacts, ...]
    staff: tuple[StaffFacts, ...]
    log: tuple[LogFacts, ...]
    updates: tuple[UpdateFacts, ...]
    report: ReportFacts | None
