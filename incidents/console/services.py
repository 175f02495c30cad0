"""Services: their status by hand, their policy, new ones."""

from collections import defaultdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import service as actions
from incidents.actions import wording
from incidents.console.access import StaffRequest, staff_view
from incidents.console.group_forms import ServiceForm
from incidents.console.lookup import find_service
from incidents.console.monitors import monitors_of, upstreams_of
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.console.service_forms import DependenciesForm, NewServiceForm, PolicyForm, StatusForm
from incidents.lib.errors import Refused
from incidents.models import Monitor, Service, ServiceGroup
from incidents.queries.service import ServiceView, view_own_services


@staff_view
@require_safe
def list_services(request: StaffRequest) -> HttpResponse:
    shown = view_own_services(request.page)
    monitors: dict[int, list[Monitor]] = defaultdict(list)
    for monitor in Monitor.objects.filter(service__page=request.page).defer("state"):
        monitors[monitor.service_id].append(monitor)
    rows = [(service, monitors[service.id]) for service in shown]
    return render_screen(request, "console/services.html", {"rows": rows, "section": "services"})


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    form = NewServiceForm(request.POST or None, page=request.page)
    if form.is_valid():
        try:
            service = actions.create_service(request.page, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": service.name})
            return redirect("console:service", slug=service.slug)
    groups = ServiceGroup.objects.filter(page=request.page).values_list("name", flat=True)
    context = {"form": form, "groups": groups, "section": "services"}
    return render_screen(request, "console/service_new.html", context, status=status_of(form))


@staff_view
@require_safe
def show_service(request: StaffRequest, slug: str) -> HttpResponse:
    return _render_service(request, find_service(request, slug))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, slug: str) -> HttpResponse:
    service = find_service(request, slug)
    form = ServiceForm(request.POST or None, page=request.page, service=service)
    if form.is_valid():
        try:
            actions.edit_service(service, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("console:service", slug=slug)
    context = {"form": form, "service": service, "section": "services"}
    return render_screen(request, "console/service_edit.html", context, status=status_of(form))


@staff_view
@require_POST
def move(request: StaffRequest, slug: str) -> HttpResponse:
    service = find_service(request, slug)
    actions.move_service(service, up=request.POST.get("to") == "up", actor=request.user)
    return redirect("console:services")


@staff_view
@require_POST
def set_status(request: StaffRequest, slug: str) -> HttpResponse:
    service = find_service(request, slug)
    form = StatusForm(request.POST, service=service)
    if form.is_valid():
        actions.set_status(service, form.cleaned_data["status"], actor=request.user)
        messages.success(request, _("The status of %(name)s is set.") % {"name": service.name})
        return redirect("console:service", slug=slug)
    return _render_service(request, service, status=form)


@staff_view
@require_POST
def set_policy(request: StaffRequest, slug: str) -> HttpResponse:
    service = find_service(request, slug)
    form = PolicyForm(request.POST, service=service)
    if form.is_valid():
        actions.set_policy(service, **form.cleaned_data, actor=request.user)
        messages.success(request, _("The policy of %(name)s is set.") % {"name": service.name})
        return redirect("console:service", slug=slug)
    return _render_service(request, service, policy=form)


@staff_view
@require_POST
def set_dependencies(request: StaffRequest, slug: str) -> HttpResponse:
    service = find_service(request, slug)
    form = DependenciesForm(request.POST, service=service)
    if form.is_valid():
        try:
            actions.set_dependencies(service, form.chosen(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:service", slug=slug)
    return _render_service(request, service, depends=form)


def _render_service(
    request: StaffRequest,
    service: Service,
    *,
    status: StatusForm | None = None,
    policy: PolicyForm | None = None,
    depends: DependenciesForm | None = None,
) -> HttpResponse:
    monitors = list(monitors_of(service))
    context = {
        "section": "services",
        "service": service,
        "upstreams": upstreams_of(monitors),
        "shown": _shown(request, service),
        "status_form": status or StatusForm(service=service),
        "policy_form": policy or PolicyForm(service=service),
        "depends_form": depends or DependenciesForm(service=service),
        "automatic_texts": wording.first_updates([service], page=request.page),
        "monitors": monitors,
    }
    return render_screen(
        request, "console/service.html", context, status=422 if status or policy or depends else 200
    )


def _shown(request: StaffRequest, service: Service) -> ServiceView:
    return next(shown for shown in view_own_services(request.page) if shown.id == service.pk)
