"""Planned maintenance: the list, a new one, one of them, and what is corrected of it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import maintenance as actions
from incidents.actions.maintenance_plan import check_plan
from incidents.console.access import StaffRequest, staff_view
from incidents.console.customer_forms import NoteForm, notes_part
from incidents.console.lookup import find_maintenance, find_maintenance_update
from incidents.console.maintenance_forms import CorrectionForm, PlanForm
from incidents.console.maintenance_steps import steps_of
from incidents.console.preview import preview_of
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.console.translations import language_name
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Maintenance, Service, ServiceStatus
from incidents.notices import fanout
from incidents.queries.board import progress_of_maintenance

PER_PAGE = 50
SECTION = {"section": "maintenances"}


@staff_view
@require_safe
def list_maintenances(request: StaffRequest) -> HttpResponse:
    found = Maintenance.objects.filter(page=request.page).order_by("-scheduled_from", "-pk")
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    now = times.now()
    context = {"maintenances": shown, "rows": [(one, one.waits_for_people(now=now)) for one in shown]}
    return render_screen(request, "console/maintenances.html", SECTION | context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: StaffRequest) -> HttpResponse:
    """The form; what it was sent, to be looked at once more with the number of those who will be mailed; and
    then the announcement."""
    form = PlanForm(request.POST or None, page=request.page, services=_services(request))
    if form.is_valid() and "change" not in request.POST:
        try:
            check_plan(form.plan(), page=request.page)
            if "confirmed" not in request.POST:
                return _ask_to_confirm(request, form)
            maintenance = actions.schedule_maintenance(
                request.page,
                form.plan(),
                notify=form.cleaned_data["notify"],
                hold_seconds=form.hold_seconds,
                request_key=form.cleaned_data["request_key"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The maintenance is announced."))
            return redirect("console:maintenance", public_id=maintenance.public_id)
    context = {"form": form, "preview": preview_of(form["body"].value() or "")}
    return render_screen(request, "console/maintenance_new.html", SECTION | context, status=status_of(form))


def _ask_to_confirm(request: StaffRequest, form: PlanForm) -> HttpResponse:
    plan = form.plan()
    ids = [service.pk for service in plan.services]
    notify = form.cleaned_data["notify"]
    context = {
        "form": form,
        "plan": plan,
        "services": [(service, ServiceStatus(status)) for service, status in plan.services.items()],
        "texts": [
            (language_name(language), plan.titles[language], preview_of(body))
            for language, body in plan.bodies.items()
        ],
        "preview": preview_of(plan.body),
        "audience": fanout.planned_audience(request.page, ids).count() if notify else 0,
    }
    return render_screen(request, "console/maintenance_confirm.html", SECTION | context)


@staff_view
@require_safe
def show_maintenance(request: StaffRequest, public_id: str) -> HttpResponse:
    return render_maintenance(request, find_maintenance(request, public_id))


def render_maintenance(
    request: StaffRequest, maintenance: Maintenance, *, note: NoteForm | None = None
) -> HttpResponse:
    """The screen; `note` is a form sent with something wrong, kept as it was typed."""
    updates = list(maintenance.updates.select_related("created_by").order_by("-number"))
    progress = progress_of_maintenance([update.pk for update in updates], now=timezone.now())
    context = {
        "maintenance": maintenance,
        "waits": maintenance.waits_for_people(now=times.now()),
        "steps": steps_of(maintenance),
        "services": list(maintenance.services.select_related("service")),
        "updates": [(update, progress.get(update.pk)) for update in updates],
        "signals": list(maintenance.signals.all()),
        **notes_part(request, maintenance, form=note),
    }
    return render_screen(request, "console/maintenance.html", SECTION | context, status=status_of(note))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: StaffRequest, public_id: str) -> HttpResponse:
    maintenance = find_maintenance(request, public_id)
    told = dict(maintenance.services.values_list("service_id", "status"))
    form = CorrectionForm(
        request.POST or None, maintenance=maintenance, services=_services(request), told=told
    )
    if form.is_valid():
        try:
            actions.correct_maintenance(maintenance, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Saved. Nobody is mailed."))
            return redirect("console:maintenance", public_id=public_id)
    context: dict[str, Any] = {"form": form, "maintenance": maintenance}
    return render_screen(
        request, "console/maintenance_correct.html", SECTION | context, status=status_of(form)
    )


@staff_view
@require_POST
def cancel_mails(request: StaffRequest, public_id: str, number: int) -> HttpResponse:
    update = find_maintenance_update(find_maintenance(request, public_id), number)
    taken_back = actions.cancel_mails(update, actor=request.user)
    if taken_back:
        message = ngettext("%(n)s mail was taken back.", "%(n)s mails were taken back.", taken_back)
        messages.success(request, message % {"n": taken_back})
    else:
        messages.warning(request, _("No mail was waiting any more."))
    return redirect("console:maintenance", public_id=public_id)


def _services(request: StaffRequest) -> list[Service]:
    return list(Service.objects.filter(page=request.page).select_related("group"))
