"""Takes a past incident, known from its report, into the record. Nobody is told.

What the record cannot derive again (an update's line that is worded unlike what it changed) is kept as
that line's wording in the report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.text import slugify

from incidents.actions import audit
from incidents.actions.folding import fold_incident, save_scope
from incidents.actions.references import next_reference
from incidents.actions.report import midnight
from incidents.actions.revision import lock_page, touch_page
from incidents.actions.service import create_service
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    OVER,
    Impact,
    Incident,
    IncidentState,
    LogEntry,
    LogKind,
    LogSource,
    Origin,
    Page,
    Report,
    ReportLine,
    ReportState,
    Service,
    ServiceStatus,
    Severity,
    Staff,
    Stage,
    Update,
)
from incidents.models.fold import Change
from incidents.queries.shown import shown_services

SCOPE_UNRECORDED = {
    "ja": "第{number}報で修正（本文の記録なし）",
    "en": "Corrected in update {number} (no text on record)",
}


@dataclass(frozen=True)
class PastLine:
    """One line of a past timeline: words, or (`change`) an update of that instant whose words are lost."""

    at: datetime
    text: str
    change: Change | None = None
    is_joined: bool = False


@dataclass(frozen=True)
class PastReport:
    """A report as it was read, beside the record it tells of; `texts` holds the report's text columns."""

    service: str
    code: str
    number: str
    edition: str
    revision: int
    revised_on: date | None
    issued_on: date
    period_from: datetime
    period_until: datetime | None
    from_is_approximate: bool
    until_is_approximate: bool
    language: str
    time_zone: str
    texts: Mapping[str, str]
    lines: Sequence[PastLine]


@transaction.atomic
def import_past(page: Page, past: PastReport, *, actor: Staff | None = None) -> Report:
    """Writes service, incident, impacts, log, updates and report; refuses a number that is taken."""
    page = lock_page(page.pk)
    if Report.objects.filter(number=past.number).exists():
        raise Refused(f"{past.number} is already taken", field="number")
    service = _service(page, past)
    incident = _incident(page, past, service=service)
    report = _report(incident, past, service=service, page=page)
    for line in past.lines:
        entry = _entry(incident, line, service=service)
        ReportLine.objects.create(report=report, entry=entry, is_joined=line.is_joined)
    _settle(incident, past, service=service)
    Incident.objects.filter(pk=incident.pk).update(updated_at=report.issued_at)
    audit.record("import_past", report, actor=actor, after={"number": past.number})
    touch_page(page.pk)
    return report


@transaction.atomic
def word_lines(report: Report, wordings: Mapping[int, str]) -> None:
    """Words lines of a report, by their place in its timeline, otherwise than the log does."""
    lines = list(report.lines.order_by("entry__happened_at", "entry_id"))
    for index, wording in wordings.items():
        lines[index].wording = wording
        lines[index].save(update_fields=["wording"])


def _service(page: Page, past: PastReport) -> Service:
    found = Service.objects.filter(page=page, name=past.service).first()
    if found is not None:
        return found
    slug = base = slugify(past.service)[:50] or past.code.lower()
    taken = set(shown_services(page).values_list("slug", flat=True))
    serial = 1
    while slug in taken:
        serial += 1
        slug = f"{base}-{serial}"
    return create_service(page, slug=slug, name=past.service, code=past.code)


def _incident(page: Page, past: PastReport, *, service: Service) -> Incident:
    opened_at = min([past.period_from, *(line.at for line in past.lines)])
    return Incident.objects.create(
        page=page,
        reference=next_reference(page.pk, opened_at=opened_at),
        title=f"{service.name} {past.texts['subject']}".strip()[:150],
        severity=Severity.MAJOR,
        origin=Origin.IMPORT,
        started_at=min([past.period_from, *(line.at for line in past.lines if line.change)]),
        opened_at=opened_at,
        ended_untold_at=past.period_until,
    )


def _report(incident: Incident, past: PastReport, *, service: Service, page: Page) -> Report:
    return Report.objects.create(
        incident=incident,
        service=service,
        number=past.number,
        state=ReportState.ISSUED,
        edition=past.edition,
        revision=past.revision,
        revised_on=past.revised_on,
        issued_on=past.issued_on,
        issued_at=midnight(past.issued_on, page.zone),
        language=past.language,
        time_zone=past.time_zone,
        period_from=past.period_from,
        period_until=past.period_until,
        from_is_approximate=past.from_is_approximate,
        until_is_approximate=past.until_is_approximate,
        **past.texts,
    )


def _entry(incident: Incident, line: PastLine, *, service: Service) -> LogEntry:
    told = line.change is not None
    return LogEntry.objects.create(
        incident=incident,
        happened_at=line.at,
        recorded_at=times.now(),
        kind=LogKind.PUBLIC_UPDATE if told else LogKind.ACTION,
        source=LogSource.IMPORT,
        text="" if told else line.text,
        update=_update(incident, line, service=service) if told else None,
    )


def _update(incident: Incident, line: PastLine, *, service: Service) -> Update:
    """An update of which only instant and kind are known; what it changed is told by its values."""
    before = incident.updates.order_by("-number").first()
    number = before.number + 1 if before else 1
    stage = {
        Change.FIRST: Stage.INVESTIGATING,
        Change.SCOPE: Stage.IDENTIFIED,
        Change.RESOLVED: Stage.RESOLVED,
    }.get(line.change or Change.OTHER, before.stage if before else Stage.INVESTIGATING)
    concerned = before.concerned if before else ""
    if line.change == Change.SCOPE:
        words = SCOPE_UNRECORDED.get(incident.page.first_language, SCOPE_UNRECORDED["en"])
        concerned = words.format(number=number)
    update = Update.objects.create(
        incident=incident,
        number=number,
        stage=stage,
        severity=incident.severity,
        concerned=concerned,
        happened_at=line.at,
        published_at=line.at,
        recovered_at=_recovery(incident, line) if stage in OVER else None,
    )
    over = stage in OVER
    save_scope(update, {service.pk: ServiceStatus.OPERATIONAL if over else ServiceStatus.DEGRADED})
    return update


def _recovery(incident: Incident, line: PastLine) -> datetime | None:
    end = incident.ended_untold_at
    return end if end and incident.started_at <= end <= line.at else None


def _settle(incident: Incident, past: PastReport, *, service: Service) -> None:
    if incident.updates.exists():
        fold_incident(incident)
        return
    over = past.period_until is not None
    incident.state = IncidentState.PUBLIC
    incident.published_at = midnight(past.issued_on, incident.page.zone)
    incident.stage = Stage.RESOLVED if over else Stage.INVESTIGATING
    incident.resolved_at = past.period_until
    incident.save()
    Impact.objects.create(
        incident=incident,
        service=service,
        status=ServiceStatus.DEGRADED,
        from_at=past.period_from,
        until_at=past.period_until,
    )
