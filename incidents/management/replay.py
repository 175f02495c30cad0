"""Plays an incident file through intake, judge and actions on a simulated clock; writes no table itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction

from incidents.actions import automation, log, monitor, service
from incidents.actions import incident as incident_actions
from incidents.actions import report as report_actions
from incidents.actions import update as update_actions
from incidents.actions.report import LineChoice
from incidents.actions.update import Draft
from incidents.lib import times
from incidents.management.incident_facts import IncidentFile, LogFacts, ReportFacts, UpdateFacts
from incidents.monitors.intake import take_observations
from incidents.queries.incident import refreshed
from incidents.queries.monitor import open_incident_of
from incidents.queries.report import line_rows
from incidents.queries.service import find_service
from incidents.reports import issue

# Rows of the record, handed from one action to the next and never looked into here.
Handle = Any

Wait = Callable[[datetime], None]


@dataclass(frozen=True, order=True)
class Event:
    """What happens at one instant; at the same instant monitors come first, then the log, then people."""

    at: datetime
    rank: int
    index: int
    play: Callable[[], None] = field(compare=False)


class Replay:
    """One playing of a file on a page. `deliver` queues mails for the page's real subscribers."""

    def __init__(self, file: IncidentFile, page: Handle, *, deliver: bool = False) -> None:
        self.incident: Handle | None = None
        self.report: Handle | None = None
        self.detected_at: datetime | None = None
        self._file = file
        self._page = page
        self._deliver = deliver
        self._early: list[LogFacts] = []
        self._services: dict[str, Handle] = {}
        self._monitors: dict[str, Handle] = {}

    def play(self, *, wait: Wait | None = None) -> None:
        """Plays every event in order; `wait` is called with each event's instant before it.

        Without `wait` a day is one transaction: a commit for each of some thousand values would be most of
        the time.
        """
        events = sorted(self._events())
        with times.at(events[0].at):
            self._set_up()
        if wait is not None:
            for event in events:
                wait(event.at)
                self._play_one(event)
            return
        for _, day in groupby(events, key=lambda event: event.at.date()):
            with transaction.atomic():
                for event in day:
                    self._play_one(event)

    def _play_one(self, event: Event) -> None:
        with times.at(event.at):
            automation.publish_due(notify=self._deliver)
            event.play()

    def _events(self) -> Iterator[Event]:
        file = self._file
        for series in file.series:
            for index, (at, value) in enumerate(series.points):
                yield Event(at, 0, index, lambda s=series.monitor, a=at, v=value: self._observe(s, a, v))  # type: ignore[misc]
        for index, entry in enumerate(file.log):
            yield Event(entry.recorded_at, 1, index, lambda e=entry: self._log(e))  # type: ignore[misc]
        for index, update in enumerate(file.updates):
            yield Event(update.at, 2, index, lambda u=update: self._update(u))  # type: ignore[misc]
        for index, action in enumerate(file.staff):
            if action.action == "issue_report" and file.report is not None:
                yield Event(action.at, 3, index, lambda r=file.report: self._issue(r))  # type: ignore[misc]

    def _set_up(self) -> None:
        for facts in self._file.services:
            self._services[facts.slug] = find_service(self._page, facts.slug) or service.create_service(
                self._page,
                slug=facts.slug,
                name=facts.name,
                code=facts.code,
                group=facts.group,
                description=facts.description,
            )
        for watch in self._file.monitors:
            # Not enabled: the file alone feeds it, and its past must not be taken for silence today.
            self._monitors[watch.slug], _ = monitor.create_monitor(
                self._services[watch.service],
                kind=watch.kind,
                name=watch.name,
                settings=watch.settings,
                interval_seconds=watch.interval_seconds,
                status_when_failing=watch.status_when_failing,
                enabled=False,
            )

    def _observe(self, slug: str, at: datetime, value: float) -> None:
        take_observations(self._monitors[slug], [(at, value)])

    def _log(self, entry: LogFacts) -> None:
        incident = self.incident or self._open_incident()
        if incident is None:
            self._early.append(entry)
            return
        log.add_entry(incident, text=entry.text, kind=entry.kind, happened_at=entry.at)

    def _open_incident(self) -> Handle | None:
        """The draft that the monitors opened for one of the file's services, if they did."""
        found = (open_incident_of(one) for one in self._services.values())
        return next((incident for incident in found if incident is not None), None)

    def _update(self, facts: UpdateFacts) -> None:
        if self.incident is None:
            self.incident = self._take_up(facts)
        scope = None
        if facts.services is not None:
            scope = {self._services[slug]: status for slug, status in facts.services.items()}
        draft = Draft(
            stage=facts.stage,
            body=facts.body,
            scope=scope,
            severity=facts.severity,
            concerned=facts.concerned,
            workaround=facts.workaround,
            next_update_at=facts.next_update_at,
            promise_nothing=facts.next_update_at is None,
            estimate=_estimate(facts),
            recovered_at=facts.recovered_at,
            texts=facts.texts,
        )
        update_actions.publish_update(self.incident, draft, notify=self._deliver, hold_seconds=0)
        self.incident = refreshed(self.incident)

    def _take_up(self, first: UpdateFacts) -> Handle:
        """What staff do before the first notice: name the draft, or open an incident where no monitor did."""
        incident = self._open_incident()
        if incident is None:
            named = first.services or {}
            scope = {self._services[slug]: status for slug, status in named.items()}
            incident = incident_actions.open_incident(
                self._page, title=self._file.title, titles=self._file.titles, scope=scope
            )
        else:
            self.detected_at = incident.detected_at
            incident = incident_actions.correct_incident(
                incident, title=self._file.title, titles=self._file.titles
            )
        for entry in self._early:
            log.add_entry(incident, text=entry.text, kind=entry.kind, happened_at=entry.at)
        self._early.clear()
        return incident

    def _issue(self, facts: ReportFacts) -> None:
        assert self.incident is not None
        report = report_actions.draft_report(self.incident, subject=facts.subject)
        report = report_actions.save_report(report, self._texts(facts), version=report.version)
        report_actions.choose_lines(report, self._choices(report, facts), version=report.version)
        self.report = issue.issue(report, notify=self._deliver)

    def _texts(self, facts: ReportFacts) -> dict[str, object]:
        names = ("what_happened", "scope", "cause", "measures")
        return {
            "organisation": self._file.page.organisation,
            "period_from": facts.period_from,
            "period_until": facts.period_until,
            "from_is_approximate": facts.from_is_approximate,
            "until_is_approximate": facts.until_is_approximate,
            **{name: getattr(facts, name) for name in names},
        }

    def _choices(self, report: Handle, facts: ReportFacts) -> dict[int, LineChoice]:
        joined = {number for number, update in enumerate(self._file.updates, start=1) if update.joined}
        return {
            row.entry_id: LineChoice(
                is_included=row.update_number is not None or row.source not in facts.leave_out,
                is_joined=row.update_number in joined,
            )
            for row in line_rows(report)
        }


def _estimate(facts: UpdateFacts) -> Handle:
    if facts.estimate_from:
        return update_actions.known(facts.estimate_from, facts.estimate_until)
    return update_actions.UNDECIDED if facts.estimate_undecided else None
