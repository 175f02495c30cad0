"""The screen of one incident: header, composer, published updates, log."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.console import composer
from incidents.console.access import StaffRequest, staff_view
from incidents.console.customer_forms import NoteForm, notes_part
from incidents.console.incident_forms import ReportPromiseForm
from incidents.console.log_forms import EntryForm
from incidents.console.lookup import find_incident
from incidents.console.preview import preview_of
from incidents.console.reach import count_told
from incidents.console.screen import render_screen, status_of
from incidents.console.update_forms import ComposerForm
from incidents.models import Incident, IncidentState, LogEntry, Report, Service, Update
from incidents.queries.board import Progress, progress_of_updates
from incidents.queries.staff_alerts import acknowledged_by


@staff_view
@require_safe
def show_incident(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    return render_incident(request, incident)


def render_incident(
    request: StaffRequest,
    incident: Incident,
    *,
    composed: ComposerForm | None = None,
    entry: EntryForm | None = None,
    promise: ReportPromiseForm | None = None,
    note: NoteForm | None = None,
) -> HttpResponse:
    """The screen; each form given was sent with something wrong, and is kept as it was typed."""
    updates = updates_with_texts(incident)
    services = page_services(incident)
    if composed is None and incident.state != IncidentState.DISMISSED:
        composed = composer.compose(incident, services=services, last=updates[-1] if updates else None)
    report = Report.objects.filter(incident=incident).first()
    scope_ids = list(composed.told) if composed else []
    context = {
        "section": "incidents",
        "incident": incident,
        "acknowledged_by": acknowledged_by([incident]).get(incident.pk, ""),
        "composer": composed,
        **notes_part(request, incident, form=note),
        "preview": preview_of(composed["body"].value() or "") if composed else "",
        "entry_form": entry or EntryForm(),
        "updates": _with_progress(updates),
        "log": _log(incident),
        "impacts": list(incident.impacts.select_related("service")),
        "report": report,
        "promise_form": _promise_form(incident, report, sent=promise),
        "audience": count_told(incident, scope_ids, stage=composed["stage"].value()) if composed else 0,
        "signals": list(incident.signals.all()) if not updates else [],
    }
    status = status_of(composed, entry, promise, note)
    return render_screen(request, "console/incident.html", context, status=status)


def _promise_form(
    incident: Incident, report: Report | None, *, sent: ReportPromiseForm | None
) -> ReportPromiseForm | None:
    """For a public incident whose report is still to come."""
    is_issued = report is not None and report.issued_at is not None
    if incident.state != IncidentState.PUBLIC or incident.is_open or is_issued:
        return sent
    return sent or ReportPromiseForm(incident=incident)


def updates_with_texts(incident: Incident) -> list[Update]:
    """The published updates in the order they were told, with scope, earlier texts and authors."""
    found = incident.updates.select_related("created_by").order_by("happened_at", "number")
    return list(found.prefetch_related("scope__service", "revisions__replaced_by"))


def page_services(incident: Incident) -> list[Service]:
    return list(Service.objects.filter(page=incident.page_id).select_related("group"))


def _with_progress(updates: list[Update]) -> list[tuple[Update, Progress | None]]:
    """Newest first."""
    progress = progress_of_updates([update.pk for update in updates], now=timezone.now())
    return [(update, progress.get(update.pk)) for update in reversed(updates)]


def _log(incident: Incident) -> list[Any]:
    entries = LogEntry.objects.filter(incident=incident).select_related("author", "update")
    return list(entries.order_by("-happened_at", "-pk"))
