"""The steps of a maintenance: each has a screen that says what will be told, and to how many, before it is done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from incidents.actions import maintenance as actions
from incidents.actions.maintenance_steps import (
    CANCEL,
    EXTEND,
    FINISH,
    RESCHEDULE,
    START,
    TELL,
    VERIFY,
    Step,
    usual_words,
)
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_maintenance
from incidents.console.maintenance_forms import ExtensionForm, RescheduleForm, StepForm
from incidents.console.preview import preview_of
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import ENDED, Maintenance
from incidents.notices import fanout
from incidents.notices.wishes import Tells


@dataclass(frozen=True)
class Button:
    """A step as staff meet it; `name` is the end of its address."""

    name: str
    label: str | Promise
    step: Step
    take: Callable[..., Any]
    is_danger: bool = False


BUTTONS = (
    Button("start", gettext_lazy("Start"), START, actions.start_maintenance),
    Button("verify", gettext_lazy("Verify the result"), VERIFY, actions.verify_maintenance),
    Button("finish", gettext_lazy("Finish"), FINISH, actions.finish_maintenance),
    Button("extend", gettext_lazy("Extend"), EXTEND, actions.extend_maintenance),
    Button("reschedule", gettext_lazy("Reschedule"), RESCHEDULE, actions.reschedule_maintenance),
    Button("update", gettext_lazy("Write an update"), TELL, actions.tell_of_maintenance),
    Button("cancel", gettext_lazy("Cancel the maintenance"), CANCEL, actions.cancel_maintenance, True),
)


def steps_of(maintenance: Maintenance) -> Iterator[Button]:
    return (button for button in BUTTONS if maintenance.state in button.step.allowed_in)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def take_step(request: StaffRequest, public_id: str, name: str) -> HttpResponse:
    maintenance = find_maintenance(request, public_id)
    button = next((one for one in BUTTONS if one.name == name), None)
    if button is None:
        raise Http404("no such step")
    form = _form(maintenance, button, data=request.POST or None)
    if form.is_valid() and "preview" not in request.POST:
        try:
            button.take(maintenance, form.telling(), **_window(form, button), actor=request.user)
        except Refused as refused:
            if not refused.field:
                messages.warning(request, sentence_of(refused))
                return redirect("console:maintenance", public_id=public_id)
            refuse_into(form, refused)
        else:
            messages.success(request, _("It is on the page."))
            return redirect("console:maintenance", public_id=public_id)
    context = {
        "section": "maintenances",
        "maintenance": maintenance,
        "button": button,
        "form": form,
        "preview": preview_of(form["body"].value() or ""),
        "audience": fanout.maintenance_audience(maintenance, tells=_tells(button)).count(),
    }
    return render_screen(request, "console/maintenance_step.html", context, status=status_of(form))


def _tells(button: Button) -> Tells:
    return Tells.END if button.step.leads_to in ENDED else Tells.NEWS


def _form(maintenance: Maintenance, button: Button, *, data: Any) -> StepForm:
    page = maintenance.page
    words = {language: usual_words(button.step, language=language) for language in page.languages}
    given: dict[str, Any] = {"page": page, "words": words, "notify": button.step.notifies}
    if button.step is EXTEND:
        return ExtensionForm(data, maintenance=maintenance, **given)
    if button.step is RESCHEDULE:
        return RescheduleForm(data, maintenance=maintenance, **given)
    return StepForm(data, **given)


def _window(form: StepForm, button: Button) -> dict[str, Any]:
    given = form.cleaned_data
    if button.step is EXTEND:
        return {"until": given["scheduled_until"]}
    return {field.name: given[field.name] for field in form.window}
