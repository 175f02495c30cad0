"""A report's text: proposed from the record, completed by people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from incidents.actions import audit
from incidents.actions.report_signing import text_changed
from incidents.actions.report_words import begin_with_templates
from incidents.actions.revision import touch_incident
from incidents.lib.errors import Refused
from incidents.models import (
    Incident,
    IncidentState,
    LogEntry,
    Report,
    ReportLine,
    ReportState,
    Service,
    Staff,
    UpdateScope,
)
from incidents.queries.incident import lock_incident

TEXTS = ("organisation", "subject", "what_happened", "scope", "cause", "measures")
FIELDS = (
    *TEXTS,
    "edition",
    "period_from",
    "period_until",
    "from_is_approximate",
    "until_is_approximate",
)


@dataclass(frozen=True)
class LineChoice:
    """How one log entry stands in the report; `wording` "" takes the log's own words."""

    is_included: bool = True
    wording: str = ""
    is_joined: bool = False


@transaction.atomic
def draft_report(incident: Incident, *, subject: str = "", actor: Staff | None = None) -> Report:
    """Proposes a report from the record: period from the impacts, a line for each log entry."""
    incident = lock_incident(incident.pk)
    if incident.state != IncidentState.PUBLIC:
        raise Refused(f"{incident.reference} is not public: there is nothing to report of it")
    if Report.objects.filter(incident=incident).exists():
        raise Refused(f"{incident.reference} already has its report")
    service = _first_service(incident)
    impacts = list(incident.impacts.all())
    ends = [impact.until_at for impact in impacts]
    report = Report.objects.create(
        incident=incident,
        service=service,
        language=incident.page.first_language,
        time_zone=incident.page.time_zone,
        organisation=incident.page.organisation,
        subject=subject or _subject_from_title(incident.title, service=service),
        period_from=min((impact.from_at for impact in impacts), default=incident.started_at),
        period_until=None if None in ends else max(filter(None, ends), default=incident.resolved_at),
    )
    begin_with_templates(report, page=incident.page)
    report.save()
    _add_lines(report)
    audit.record("draft_report", report, actor=actor)
    touch_incident(incident)
    return report


@transaction.atomic
def add_missing_lines(report: Report, *, actor: Staff | None = None) -> int:
    """Takes up log entries written since the lines were drawn; answers how many."""
    report = lock_draft(report)
    added = _add_lines(report)
    text_changed(report)
    report.save(update_fields=["version", "state"])
    audit.record("add_report_lines", report, actor=actor, after={"lines": added})
    return added


def _add_lines(report: Report) -> int:
    known = ReportLine.objects.filter(report=report).values("entry")
    fresh = LogEntry.objects.filter(incident=report.incident_id).exclude(pk__in=known)
    return len(ReportLine.objects.bulk_create(ReportLine(report=report, entry=entry) for entry in fresh))


@transaction.atomic
def save_report(
    report: Report, values: Mapping[str, object], *, version: int, actor: Staff | None = None
) -> Report:
    """Saves what people wrote. `version` is the one they read: another's save in between is refused."""
    report = lock_draft(report, version=version)
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise Refused(f"a report has no {', '.join(sorted(unknown))}", field=min(unknown))
    before = {name: str(getattr(report, name)) for name in values}
    for name, value in values.items():
        setattr(report, name, value.strip() if isinstance(value, str) else value)
    check_period(report)
    text_changed(report)
    report.save()
    after = {name: str(getattr(report, name)) for name in values}
    audit.record("save_report", report, actor=actor, before=before, after=after)
    return report


@transaction.atomic
def choose_lines(
    report: Report, choices: Mapping[int, LineChoice], *, version: int, actor: Staff | None = None
) -> None:
    """Leaves out, rewords or joins lines, by the id of their log entry; the log stays as it is.

    `version` as in `save_report`.
    """
    report = lock_draft(report, version=version)
    lines = {line.entry_id: line for line in report.lines.select_related("entry")}
    unknown = set(choices) - set(lines)
    if unknown:
        raise Refused(f"log entry {min(unknown)} is not in this report", field="lines")
    _check_joins(lines.values(), choices)
    for entry_id, choice in choices.items():
        line = lines[entry_id]
        line.is_included = choice.is_included
        line.wording = choice.wording.strip()
        line.is_joined = choice.is_joined
        line.save()
    text_changed(report)
    report.save(update_fields=["version", "state"])
    audit.record("choose_report_lines", report, actor=actor, after={"lines": len(choices)})


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def lock_draft(report: Report, *, version: int | None = None) -> Report:
    """The report's row, held; refuses what is issued or withdrawn, and a `version` that is not the newest."""
    held = Report.objects.select_for_update(of=("self",))
    locked = held.select_related("incident__page", "service").get(pk=report.pk)
    if version is not None and locked.version != version:
        raise Refused("someone else saved this report meanwhile; nothing was overwritten", field="version")
    if locked.state == ReportState.ISSUED:
        raise Refused(f"{locked.number} is issued; its text can no longer be changed")
    if locked.state == ReportState.WITHDRAWN:
        raise Refused(f"{locked.number} was withdrawn; its text can be changed in a new revision")
    return locked


def _first_service(incident: Incident) -> Service:
    """That of the first impact, else (none lasted any time) the first that an update named."""
    impact = incident.impacts.select_related("service").order_by("from_at", "service__position", "id").first()
    named = UpdateScope.objects.filter(update__incident=incident).select_related("service")
    found = impact or named.order_by("update__happened_at", "service__position", "id").first()
    if found is None:
        raise Refused(f"{incident.reference} names no affected service, so a report has no number to take")
    return found.service


def _subject_from_title(title: str, *, service: Service) -> str:
    """The title without the service's name, where that stands apart from the rest."""
    rest = title.removeprefix(service.name)
    return rest.strip(" :：") if rest[:1] in (" ", "：", ":", "　") and rest.strip(" :：　") else title


def check_period(report: Report) -> None:
    if report.period_until and report.period_until < report.period_from:
        raise Refused("the period ends before it begins", field="period_until")


def _check_joins(lines: Iterable[ReportLine], choices: Mapping[int, LineChoice]) -> None:
    """A line joins the one before it only within the same minute."""
    before: LogEntry | None = None
    for line in sorted(lines, key=lambda row: (row.entry.happened_at, row.entry_id)):
        choice = choices.get(line.entry_id) or LineChoice(line.is_included, line.wording, line.is_joined)
        if not choice.is_included:
            continue
        minute = line.entry.happened_at.replace(second=0, microsecond=0)
        if choice.is_joined and (
            before is None or before.happened_at.replace(second=0, microsecond=0) != minute
        ):
            raise Refused("a line can only join one of the same minute", field="lines")
        before = line.entry
