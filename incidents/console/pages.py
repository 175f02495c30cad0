"""Pages: which one the console works on, new ones, and what is set of each."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import look
from incidents.actions import page as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.chosen_page import choose_page
from incidents.console.page_forms import (
    LogoForm,
    LookForm,
    NewPageForm,
    ReadersForm,
    SettingsForm,
    ShownServicesForm,
)
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import Logo, Page, Service
from incidents.notices.links import page_url
from incidents.queries.page import all_pages
from incidents.queries.shown import offered_services


@staff_view
@require_safe
def list_pages(request: StaffRequest) -> HttpResponse:
    pages = [(page, page_url(page, "/")) for page in all_pages()]
    return render_screen(request, "console/pages.html", {"section": "pages", "pages": pages})


@staff_view
@require_POST
def choose(request: StaffRequest) -> HttpResponse:
    page_id = request.POST.get("page", "")
    page = get_object_or_404(Page, pk=int(page_id) if page_id.isdecimal() and len(page_id) < 19 else 0)
    choose_page(request, page)
    return redirect("console:dashboard")


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    form = NewPageForm(request.POST or None)
    if form.is_valid():
        try:
            page = actions.create_page(**form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            choose_page(request, page)
            messages.success(
                request, _("%(name)s is created. The console works on it now.") % {"name": page.name}
            )
            return redirect("console:page_settings")
    context = {"form": form, "section": "pages"}
    return render_screen(request, "console/page_new.html", context, status=status_of(form))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def change_settings(request: StaffRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, page=request.page)
    if _save(request, form, lambda: actions.change_settings(request.page, form.values(), actor=request.user)):
        return redirect("console:page_settings")
    return _render(request, "console/page_settings.html", form=form, tab="settings")


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def change_look(request: StaffRequest) -> HttpResponse:
    form = LookForm(request.POST or None, page=request.page)
    if _save(request, form, lambda: look.set_look(request.page, **form.values(), actor=request.user)):
        return redirect("console:page_look")
    return _render_look(request, form=form)


@staff_view
@require_POST
def change_logo(request: StaffRequest) -> HttpResponse:
    if "remove" in request.POST:
        look.remove_logo(request.page, actor=request.user)
        messages.success(request, _("The logo is removed."))
        return redirect("console:page_look")
    form = LogoForm(request.POST, request.FILES)
    if _save(
        request, form, lambda: look.set_logo(request.page, form.cleaned_data["logo"], actor=request.user)
    ):
        return redirect("console:page_look")
    return _render_look(request, logo_form=form)


@staff_view
@require_safe
def show_logo(request: StaffRequest) -> HttpResponse:
    """For the console: the page itself may not be there to show it yet."""
    logo = get_object_or_404(Logo, page=request.page)
    return HttpResponse(bytes(logo.png), content_type="image/png")


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def change_readers(request: StaffRequest) -> HttpResponse:
    form = ReadersForm(request.POST or None, page=request.page)
    if _save(
        request, form, lambda: actions.set_visibility(request.page, **form.values(), actor=request.user)
    ):
        return redirect("console:page_readers")
    context = {"lent_to": Page.objects.filter(also_shows__page=request.page).distinct()}
    return _render(request, "console/page_readers.html", form=form, tab="readers", **context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def choose_services(request: StaffRequest) -> HttpResponse:
    offered: dict[Page, list[Service]] = defaultdict(list)
    for service in offered_services(request.page).select_related("page").order_by("page", "position", "id"):
        offered[service.page].append(service)
    chosen = list(request.page.also_shows.values_list("pk", flat=True))
    form = ShownServicesForm(
        request.POST if request.method == "POST" else None, offered=offered, chosen=chosen
    )

    def save() -> None:
        actions.choose_services(request.page, form.cleaned_data["services"], actor=request.user)

    if _save(request, form, save):
        return redirect("console:page_services")
    return _render(request, "console/page_services.html", form=form, tab="services", has_any=bool(offered))


def _save(request: StaffRequest, form: forms.Form, save: Callable[[], object]) -> bool:
    """Whether it is saved; what is refused stands in the form."""
    if not form.is_valid():
        return False
    try:
        save()
    except Refused as refused:
        refuse_into(form, refused)
        return False
    messages.success(request, _("Saved."))
    return True


def _render_look(
    request: StaffRequest, *, form: LookForm | None = None, logo_form: LogoForm | None = None
) -> HttpResponse:
    logo = Logo.objects.filter(page=request.page).defer("png").first()
    form = form or LookForm(page=request.page)
    logo_form = logo_form or LogoForm()
    context = {"form": form, "logo_form": logo_form, "logo": logo, "tab": "look", "section": "pages"}
    return render_screen(request, "console/page_look.html", context, status=status_of(form, logo_form))


def _render(request: StaffRequest, template: str, *, form: forms.Form, tab: str, **more: Any) -> HttpResponse:
    context = {"section": "pages", "form": form, "tab": tab, **more}
    return render_screen(request, template, context, status=status_of(form))
