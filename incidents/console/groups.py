"""Groups of services: their names, their places in one another, their order."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import group as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.group_forms import GroupForm
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import ServiceGroup
from incidents.queries.groups import all_groups


@staff_view
@require_safe
def list_groups(request: StaffRequest) -> HttpResponse:
    context = {"rows": all_groups(request.page), "section": "services"}
    return render_screen(request, "console/groups.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    form = GroupForm(request.POST or None, page=request.page)
    if form.is_valid():
        try:
            group = actions.create_group(request.page, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": group.name})
            return redirect("console:groups")
    return _render(request, form)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, group_id: int) -> HttpResponse:
    group = _find(request, group_id)
    form = GroupForm(request.POST or None, page=request.page, group=group)
    if form.is_valid():
        try:
            actions.edit_group(group, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("console:groups")
    return _render(request, form, group=group)


@staff_view
@require_POST
def move(request: StaffRequest, group_id: int) -> HttpResponse:
    actions.move_group(_find(request, group_id), up=request.POST.get("to") == "up", actor=request.user)
    return redirect("console:groups")


@staff_view
@require_POST
def remove(request: StaffRequest, group_id: int) -> HttpResponse:
    group = _find(request, group_id)
    actions.remove_group(group, actor=request.user)
    messages.success(request, _("%(name)s is removed; what stood in it stays.") % {"name": group.name})
    return redirect("console:groups")


def _find(request: StaffRequest, group_id: int) -> ServiceGroup:
    return get_object_or_404(ServiceGroup, page=request.page, pk=group_id)


def _render(request: StaffRequest, form: GroupForm, *, group: ServiceGroup | None = None) -> HttpResponse:
    context = {"form": form, "group": group, "section": "services"}
    return render_screen(request, "console/group_edit.html", context, status=status_of(form))
