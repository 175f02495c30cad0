"""An incident's state as the fold of its updates: pure, so that every edit can fold again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from incidents.lib.languages import Texts
from incidents.models.estimate import UNSAID, RecoveryEstimate
from incidents.models.states import OVER, ServiceStatus, Stage


@dataclass(frozen=True)
class Told:
    """What one update told; `scope` maps a service's id to its status, `texts` a language to texts in it."""

    at: datetime
    stage: str
    severity: str
    scope: Mapping[int, str]
    concerned: str = ""
    workaround: str = ""
    next_update_at: datetime | None = None
    recovered_at: datetime | None = None
    recovery: RecoveryEstimate = UNSAID
    texts: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Stretch:
    service_id: int
    status: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True)
class Folded:
    stage: str
    severity: str
    concerned: str
    workaround: str
    next_update_at: datetime | None
    recovery: RecoveryEstimate
    texts: Texts
    published_at: datetime | None
    resolved_at: datetime | None
    impacts: tuple[Stretch, ...]


class Change(StrEnum):
    """What an update changed, seen from the one before it: decides the words of its line in a report."""

    FIRST = "first"
    SCOPE = "scope"
    RESOLVED = "resolved"
    OTHER = "other"


def fold(updates: Sequence[Told], *, started_at: datetime, ended_untold_at: datetime | None = None) -> Folded:
    """The state after `updates`: at least one, in the order they were told."""
    if ended_untold_at is not None and updates[-1].stage not in OVER:
        end = replace(
            updates[-1], at=max(ended_untold_at, updates[-1].at), stage=Stage.RESOLVED, next_update_at=None
        )
        updates = [*updates, replace(end, recovered_at=ended_untold_at)]
    last = updates[-1]
    return Folded(
        stage=last.stage,
        severity=last.severity,
        concerned=last.concerned,
        workaround=last.workaround,
        next_update_at=last.next_update_at,
        recovery=standing_estimates(updates)[-1],
        texts=last.texts,
        published_at=updates[0].at,
        resolved_at=_resolved_at(updates),
        impacts=tuple(_stretches(updates, started_at=started_at)),
    )


def standing_estimates(updates: Sequence[Told]) -> list[RecoveryEstimate]:
    """What is said of the recovery after each update: one that says nothing keeps it, the end takes it away."""
    standing, now = [], UNSAID
    for told in updates:
        now = UNSAID if told.stage in OVER else told.recovery or now
        standing.append(now)
    return standing


def change_of(told: Told, *, before: Told | None) -> Change:
    if before is None:
        return Change.FIRST
    if told.stage == Stage.RESOLVED and before.stage not in OVER:
        return Change.RESOLVED
    was = (set(before.scope), before.severity, before.concerned)
    return Change.SCOPE if (set(told.scope), told.severity, told.concerned) != was else Change.OTHER


def _resolved_at(updates: Sequence[Told]) -> datetime | None:
    """The instant of the first update of the stretch of *over* stages that the incident ends in."""
    found = None
    for told in reversed(updates):
        if told.stage not in OVER:
            break
        found = told.at
    return found


def _stretches(updates: Sequence[Told], *, started_at: datetime) -> list[Stretch]:
    """Per service, runs of one status. A service named by the first update suffers from the onset.

    A run that would last no time at all is left out.
    """
    done: list[Stretch] = []
    open_: dict[int, Stretch] = {}
    for index, told in enumerate(updates):
        over = told.stage in OVER
        at = (told.recovered_at or told.at) if over else told.at
        for service_id in [*open_, *(s for s in told.scope if s not in open_)]:
            status = (
                ServiceStatus.OPERATIONAL if over else told.scope.get(service_id, ServiceStatus.OPERATIONAL)
            )
            running = open_.get(service_id)
            if running and running.status == status:
                continue
            if running:
                del open_[service_id]
                if at > running.from_at:
                    done.append(Stretch(service_id, running.status, running.from_at, at))
            if status != ServiceStatus.OPERATIONAL:
                start = started_at if index == 0 else max(at, running.from_at if running else at)
                open_[service_id] = Stretch(service_id, status, start, None)
        if over:
            done = [_ended(stretch, at) for stretch in done if stretch.from_at < at]
    return sorted([*done, *open_.values()], key=lambda s: s.from_at)


def _ended(stretch: Stretch, at: datetime) -> Stretch:
    """Cut where it was really over, as an update that came later tells."""
    return stretch if stretch.until_at and stretch.until_at <= at else replace(stretch, until_at=at)
