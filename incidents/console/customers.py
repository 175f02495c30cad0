"""Customers: their links, and what is told to them alone."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import customer as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.customer_forms import CustomerForm, NewCustomerForm, NoteForm
from incidents.console.incident_page import render_incident
from incidents.console.lookup import find_incident, find_maintenance
from incidents.console.maintenances import render_maintenance
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import Customer, CustomerNote, Incident, Maintenance
from incidents.notices.links import page_url
from incidents.queries import members
from incidents.queries.customers import customers_of


@staff_view
@require_safe
def list_customers(request: StaffRequest) -> HttpResponse:
    return _render(request)


@staff_view
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    form = NewCustomerForm(request.POST)
    if form.is_valid():
        try:
            customer = actions.create_customer(request.page, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": customer.name})
            return redirect("console:customers")
    return _render(request, new=form)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_link(request: StaffRequest, customer_id: int) -> HttpResponse:
    """The member link of one customer, and what makes another or none."""
    customer = get_object_or_404(Customer, page=request.page, pk=customer_id)
    if request.method == "POST":
        if "revoke" in request.POST:
            actions.revoke_member_link(customer, actor=request.user)
            messages.success(request, _("The link is revoked. Whoever entered by it is out."))
        else:
            actions.make_member_link(customer, actor=request.user)
            messages.success(request, _("There is a new link."))
        return redirect("console:customer_link", customer_id=customer.pk)
    return _render_customer(request, customer, CustomerForm(customer=customer))


@staff_view
@require_POST
def edit(request: StaffRequest, customer_id: int) -> HttpResponse:
    customer = get_object_or_404(Customer, page=request.page, pk=customer_id)
    form = CustomerForm(request.POST, customer=customer)
    if form.is_valid():
        try:
            actions.edit_customer(customer, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:customer_link", customer_id=customer.pk)
    return _render_customer(request, customer, form)


@staff_view
@require_POST
def tell(request: StaffRequest) -> HttpResponse:
    """A note by itself."""
    form = NoteForm(request.POST, page=request.page, customers=_customers(request))
    if _save_note(request, form):
        return redirect("console:customers")
    return _render(request, note=form)


@staff_view
@require_POST
def tell_beside(request: StaffRequest, reference: str) -> HttpResponse:
    """A note beside an incident."""
    incident = find_incident(request, reference)
    form = NoteForm(request.POST, page=request.page, customers=_customers(request))
    if _save_note(request, form, incident=incident):
        return redirect("console:incident", reference=reference)
    return render_incident(request, incident, note=form)


@staff_view
@require_POST
def tell_of_maintenance(request: StaffRequest, public_id: str) -> HttpResponse:
    """A note beside a maintenance."""
    maintenance = find_maintenance(request, public_id)
    form = NoteForm(request.POST, page=request.page, customers=_customers(request))
    if _save_note(request, form, maintenance=maintenance):
        return redirect("console:maintenance", public_id=public_id)
    return render_maintenance(request, maintenance, note=form)


@staff_view
@require_POST
def withdraw(request: StaffRequest, note_id: int) -> HttpResponse:
    found = CustomerNote.objects.select_related("incident", "maintenance")
    note = get_object_or_404(found, page=request.page, pk=note_id)
    actions.withdraw_note(note, actor=request.user)
    messages.success(request, _("The note is withdrawn."))
    if note.incident:
        return redirect("console:incident", reference=note.incident.reference)
    if note.maintenance:
        return redirect("console:maintenance", public_id=note.maintenance.public_id)
    return redirect("console:customers")


def _save_note(request: StaffRequest, form: NoteForm, **place: Incident | Maintenance) -> bool:
    if not form.is_valid():
        return False
    try:
        actions.add_note(request.page, **form.values(), **place, actor=request.user)  # type: ignore[arg-type]
    except Refused as refused:
        refuse_into(form, refused)
        return False
    messages.success(request, _("The customers see it when they sign in. Nobody is mailed."))
    return True


def _customers(request: StaffRequest) -> list[Customer]:
    return list(customers_of(request.page))


def _render_customer(request: StaffRequest, customer: Customer, form: CustomerForm) -> HttpResponse:
    link = page_url(request.page, f"/members/{members.link_token(customer)}") if customer.link_nonce else ""
    context = {"section": "customers", "customer": customer, "link": link, "form": form}
    return render_screen(request, "console/customer_link.html", context, status=status_of(form))


def _render(
    request: StaffRequest, *, new: NewCustomerForm | None = None, note: NoteForm | None = None
) -> HttpResponse:
    customers = _customers(request)
    context = {
        "section": "customers",
        "customers": customers,
        "new_form": new or NewCustomerForm(),
        "note_form": note or NoteForm(page=request.page, customers=customers),
        "notes": members.notes_by_themselves(request.page),
    }
    return render_screen(request, "console/customers.html", context, status=status_of(new, note))
