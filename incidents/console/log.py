"""Lines of an incident's internal timeline."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions.log import add_entry, edit_entry
from incidents.console.access import StaffRequest, staff_view
from incidents.console.incident_page import render_incident
from incidents.console.log_forms import EntryForm
from incidents.console.lookup import find_incident
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import LogEntry, LogKind


@staff_view
@require_POST
def add(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    form = EntryForm(request.POST)
    if form.is_valid():
        try:
            add_entry(incident, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Written to the log."))
            return redirect("console:incident", reference=reference)
    return render_incident(request, incident, entry=form)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, reference: str, entry_id: int) -> HttpResponse:
    """A public update's line is no text of its own: its update is edited instead."""
    incident = find_incident(request, reference)
    entry = get_object_or_404(
        LogEntry.objects.exclude(kind=LogKind.PUBLIC_UPDATE), incident=incident, pk=entry_id
    )
    form = EntryForm(request.POST or None, entry=entry)
    if form.is_valid():
        try:
            edit_entry(entry, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The log line is saved."))
            return redirect("console:incident", reference=reference)
    context = {"form": form, "incident": incident, "entry": entry, "section": "incidents"}
    return render_screen(request, "console/log_edit.html", context, status=status_of(form))
