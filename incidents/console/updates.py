"""Publishing and correcting updates, and who is told of them."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import update as update_actions
from incidents.console import composer
from incidents.console.access import StaffRequest, staff_view
from incidents.console.incident_page import page_services, render_incident, updates_with_texts
from incidents.console.lookup import find_incident, find_update
from incidents.console.preview import preview_of
from incidents.console.reach import count_told
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.console.update_forms import UpdateCorrectionForm
from incidents.lib.errors import Refused
from incidents.models import Incident, Service, Update
from incidents.queries.board import progress_of_updates


@staff_view
@require_POST
def publish(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    updates = updates_with_texts(incident)
    form = composer.compose(
        incident,
        services=page_services(incident),
        last=updates[-1] if updates else None,
        data=request.POST,
    )
    if "preview" in request.POST:
        form.is_valid()
        return render_incident(request, incident, composed=form)
    if form.is_valid():
        try:
            update = update_actions.publish_update(
                incident,
                form.draft(),
                actor=request.user,
                notify=form.cleaned_data["notify"],
                hold_seconds=form.hold_seconds,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Update %(number)s is published.") % {"number": update.number})
            return redirect(_address(incident, update))
    return render_incident(request, incident, composed=form)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    incident = find_incident(request, reference)
    update = find_update(incident, number)
    earliest = updates_with_texts(incident)[0]
    form = composer.correct(
        update,
        services=page_services(incident),
        is_first=earliest.pk == update.pk,
        data=request.POST or None,
    )
    if form.is_valid() and "preview" not in request.POST:
        try:
            version = form.cleaned_data["version"]
            update_actions.edit_update(update, form.draft(), version=version, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
            if refused.field == "version":
                return _render_edit(request, find_update(incident, number), form, overtaken=True)
        else:
            messages.success(
                request, _("The correction is on the page, marked as one. Nobody is mailed again.")
            )
            return redirect(_address(incident, update))
    return _render_edit(request, update, form)


def _render_edit(
    request: StaffRequest, update: Update, form: UpdateCorrectionForm, *, overtaken: bool = False
) -> HttpResponse:
    """`overtaken`: someone else corrected it meanwhile. Theirs is shown beside what was typed; the next save
    knowingly replaces it."""
    if overtaken:
        form.data = {**form.data.dict(), "version": str(len(update.revisions.all()))}  # type: ignore[attr-defined]
    context = {
        "section": "incidents",
        "incident": update.incident,
        "update": update,
        "form": form,
        "preview": preview_of(form["body"].value() or ""),
        "overtaken": overtaken,
    }
    status = 409 if overtaken else status_of(form)
    return render_screen(request, "console/update_edit.html", context, status=status)


@staff_view
@require_POST
def cancel(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    incident = find_incident(request, reference)
    update = find_update(incident, number)
    taken_back = update_actions.cancel_notice(update, actor=request.user)
    if taken_back:
        message = ngettext("%(n)s mail was taken back.", "%(n)s mails were taken back.", taken_back)
        messages.success(request, message % {"n": taken_back})
    else:
        messages.warning(request, _("No mail was waiting any more."))
    return redirect(_address(incident, update))


@staff_view
@require_POST
def preview_text(request: StaffRequest) -> HttpResponse:
    """The part of a page that shows Markdown as readers will see it."""
    text = next((value for name, value in request.POST.items() if name.partition("_")[0] == "body"), "")
    return render_screen(request, "console/_preview.html", {"preview": preview_of(str(text))})


@staff_view
@require_POST
def show_audience(request: StaffRequest, reference: str) -> HttpResponse:
    """The part of a page that says how many will be told, for the services chosen so far."""
    incident = find_incident(request, reference)
    chosen = _chosen_services(request.POST, incident)
    count = count_told(incident, chosen, stage=str(request.POST.get("stage", "")))
    return render_screen(request, "console/_audience.html", {"audience": count})


@staff_view
@require_safe
def show_mails(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    """The part of a page that says how far the mails of an update have come."""
    incident = find_incident(request, reference)
    update = find_update(incident, number)
    progress = progress_of_updates([update.pk], now=timezone.now()).get(update.pk)
    context = {"incident": incident, "update": update, "progress": progress}
    return render_screen(request, "console/_mails.html", context)


def _chosen_services(data: QueryDict, incident: Incident) -> list[int]:
    ids = Service.objects.filter(page=incident.page_id).values_list("pk", flat=True)
    return [pk for pk in ids if data.get(f"service_{pk}")]


def _address(incident: Incident, update: Update) -> str:
    return reverse("console:incident", args=[incident.reference]) + f"#update-{update.number}"
