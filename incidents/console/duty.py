"""Who of the staff is told of what, that somebody looks at it, and what the system may do by itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions import incident as incident_actions
from incidents.actions import page as page_actions
from incidents.actions import staff_alert as actions
from incidents.actions.automation import KILL_SWITCH, is_switched_off
from incidents.console.access import StaffRequest, staff_view
from incidents.console.duty_forms import AutomationForm, ContactForm, StepsForm
from incidents.console.lookup import find_incident
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import AlertStep, StaffAlert, StaffContact

SCREEN = "console:duty"


@staff_view
@require_safe
def show(request: StaffRequest) -> HttpResponse:
    return _render(request)


@staff_view
@require_POST
def add_contact(request: StaffRequest) -> HttpResponse:
    form = ContactForm(request.POST, page=request.page)
    if form.is_valid():
        try:
            actions.add_contact(request.page, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            return _saved(request)
    return _render(request, contact=form)


@staff_view
@require_POST
def remove_contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    contact = get_object_or_404(StaffContact, page=request.page, pk=contact_id)
    actions.remove_contact(contact, actor=request.user)
    return _saved(request)


@staff_view
@require_POST
def set_steps(request: StaffRequest) -> HttpResponse:
    form = _steps_form(request, is_sent=True)
    if form.is_valid():
        try:
            actions.set_steps(
                request.page,
                form.steps(),
                repeat_minutes=form.cleaned_data["repeat_minutes"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            return _saved(request)
    return _render(request, steps=form)


@staff_view
@require_POST
def set_automation(request: StaffRequest) -> HttpResponse:
    form = AutomationForm(request.POST, page=request.page)
    if form.is_valid():
        page_actions.set_automation(request.page, **form.cleaned_data, actor=request.user)
        return _saved(request)
    return _render(request, automation=form)


@staff_view
@require_POST
def acknowledge(request: StaffRequest, reference: str) -> HttpResponse:
    incident_actions.acknowledge(find_incident(request, reference), actor=request.user)
    messages.success(request, _("Acknowledged. Nobody else is told, and nothing happens to it by itself."))
    return redirect("console:incident", reference=reference)


@staff_view
@require_POST
def acknowledge_alert(request: StaffRequest, alert_id: int) -> HttpResponse:
    actions.acknowledge(get_object_or_404(StaffAlert, page=request.page, pk=alert_id), actor=request.user)
    return redirect("console:dashboard")


def _saved(request: StaffRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(SCREEN)


def _steps_form(request: StaffRequest, *, is_sent: bool = False) -> StepsForm:
    contacts = list(StaffContact.objects.filter(page=request.page, is_on_duty=True))
    steps = list(AlertStep.objects.filter(page=request.page).prefetch_related("contacts"))
    return StepsForm(request.POST if is_sent else None, page=request.page, contacts=contacts, steps=steps)


def _render(
    request: StaffRequest,
    *,
    contact: ContactForm | None = None,
    steps: StepsForm | None = None,
    automation: AutomationForm | None = None,
) -> HttpResponse:
    context = {
        "section": "pages",
        "tab": "duty",
        "contacts": StaffContact.objects.filter(page=request.page, is_on_duty=True),
        "contact_form": contact or ContactForm(page=request.page),
        "steps_form": steps or _steps_form(request),
        "automation_form": automation or AutomationForm(page=request.page),
        "kill_switch": KILL_SWITCH,
        "is_switched_off": is_switched_off(),
    }
    status = status_of(contact, steps, automation)
    return render_screen(request, "console/duty.html", context, status=status)
