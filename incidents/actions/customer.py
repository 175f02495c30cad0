"""Customers: the link by which each signs in, and what is told to them alone. Nothing here is published."""

import secrets
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import audit
from incidents.actions.texts import render_field, written
from incidents.lib import times
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.lib.markdown import render
from incidents.models import (
    Customer,
    CustomerContact,
    CustomerNote,
    Incident,
    IncidentState,
    Maintenance,
    Page,
    Staff,
    SuppressionReason,
)
from incidents.queries.shown import shown_services
from incidents.queries.suppressions import suppressed_among

LONGEST_NAME = 150
LONGEST_CONTACT_NAME = 100
LONGEST_CONDITION = 200
LONGEST_TEXTS = {"body": 20_000}


@transaction.atomic
def create_customer(page: Page, *, name: str, actor: Staff | None = None) -> Customer:
    name = name.strip()
    _check_name(page, name)
    customer = Customer.objects.create(page=page, name=name)
    audit.record("create_customer", customer, actor=actor, after={"name": name})
    return customer


@transaction.atomic
def edit_customer(
    customer: Customer,
    *,
    name: str,
    service_ids: Iterable[int],
    conditions: Iterable[str],
    contacts: Mapping[str, str],
    actor: Staff | None = None,
) -> Customer:
    """Whom an update or a note may be for: the services they use, what else is so of them, and their people,
    each address with its name. The audit tells how many people, and no address."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    name, wanted = name.strip(), set(service_ids)
    _check_name(customer.page, name, but=customer)
    services = list(shown_services(customer.page).filter(pk__in=wanted).order_by("pk"))
    if len(services) < len(wanted):
        raise Refused(_("Choose services from this page."), field="services")
    customer.name, customer.conditions = name, _clean_conditions(conditions)
    customer.save(update_fields=["name", "conditions"])
    customer.services.set(services)
    people = _clean_contacts(contacts)
    customer.contacts.all().delete()
    CustomerContact.objects.bulk_create(
        CustomerContact(customer=customer, email=email, name=person) for email, person in people.items()
    )
    told = {"name": name, "services": [one.slug for one in services], "conditions": customer.conditions}
    audit.record("edit_customer", customer, actor=actor, after={**told, "contacts": len(people)})
    return customer


@transaction.atomic
def make_member_link(customer: Customer, *, actor: Staff | None = None) -> Customer:
    """A new link; the one before it ends, and with it every visit that it opened."""
    return _set_link(customer, secrets.token_hex(16), "make_member_link", actor=actor)


@transaction.atomic
def revoke_member_link(customer: Customer, *, actor: Staff | None = None) -> Customer:
    return _set_link(customer, "", "revoke_member_link", actor=actor)


@transaction.atomic
def add_note(
    page: Page,
    *,
    body: str,
    customer_ids: Iterable[int],
    incident: Incident | None = None,
    maintenance: Maintenance | None = None,
    texts: Texts | None = None,
    actor: Staff | None = None,
) -> CustomerNote:
    """Tells chosen customers `body`, beside an incident or a maintenance or by itself; `texts` are its other
    languages."""
    wanted = set(customer_ids)
    customers = list(Customer.objects.filter(page=page, pk__in=wanted))
    if not wanted or len(customers) < len(wanted):
        raise Refused("expected at least one customer of this page", field="customers")
    _check_place(page, incident, maintenance)
    body = body.strip()
    if not body:
        raise Refused("a note needs a text", field="body")
    translations = {
        language: {**own, "body_html": render_field(own["body"], field=f"body_{language}")}
        for language, own in written(texts or {}, longest=LONGEST_TEXTS, page=page).items()
    }
    note = CustomerNote.objects.create(
        page=page,
        incident=incident,
        maintenance=maintenance,
        body=body,
        body_html=render(body),
        texts=translations,
        published_at=times.now(),
        created_by=actor,
    )
    note.customers.set(customers)
    told = sorted(customer.name for customer in customers)
    audit.record("add_customer_note", note, actor=actor, after={"customers": told, "body": body})
    return note


@transaction.atomic
def withdraw_note(note: CustomerNote, *, actor: Staff | None = None) -> CustomerNote:
    """Nobody sees it any more; it stays on the record. Doing it twice changes nothing."""
    note = CustomerNote.objects.select_for_update().get(pk=note.pk)
    if note.withdrawn_at is None:
        note.withdrawn_at = times.now()
        note.save(update_fields=["withdrawn_at"])
        audit.record("withdraw_customer_note", note, actor=actor)
    return note


def _check_name(page: Page, name: str, *, but: Customer | None = None) -> None:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(f"expected one line of 1 to {LONGEST_NAME} characters", field="name")
    if Customer.objects.filter(page=page, name=name).exclude(name=but.name if but else None).exists():
        raise Refused(f"{name!r} is taken by another customer", field="name")


def _clean_conditions(conditions: Iterable[str]) -> list[str]:
    clean = list(dict.fromkeys(text.strip() for text in conditions))
    if not all(0 < len(text) <= LONGEST_CONDITION and text.isprintable() for text in clean):
        message = _("Enter each condition on one line, in at most %(most)s characters.")
        raise Refused(message % {"most": LONGEST_CONDITION}, field="conditions")
    return clean


def _clean_contacts(contacts: Mapping[str, str]) -> dict[str, str]:
    """An address that is written in two ways is one person."""
    clean: dict[str, str] = {}
    for address, name in contacts.items():
        try:
            clean[clean_address(address)] = name.strip()
        except Refused as refused:
            raise Refused(f"{address[:100]}: {refused}", field="contacts") from None
        if len(name.strip()) > LONGEST_CONTACT_NAME or not name.isprintable():
            message = _("Enter a name of at most %(most)s characters.")
            raise Refused(f"{address[:100]}: {message % {'most': LONGEST_CONTACT_NAME}}", field="contacts")
    _check_none_erased(clean)
    return clean


def _check_none_erased(addresses: Iterable[str]) -> None:
    """Whoever asked to be forgotten is not written down again."""
    erased = sorted(suppressed_among(addresses, reason=SuppressionReason.ERASED))
    if erased:
        message = _("This address was erased at its owner's request.")
        raise Refused(f"{erased[0][:100]}: {message}", field="contacts")


def _check_place(page: Page, incident: Incident | None, maintenance: Maintenance | None) -> None:
    if incident is not None and incident.page_id != page.pk:
        raise Refused(f"{incident.reference} is not an incident of this page", field="incident")
    if incident is not None and incident.state == IncidentState.DISMISSED:
        raise Refused(f"{incident.reference} was closed without publication", field="incident")
    if maintenance is not None and maintenance.page_id != page.pk:
        raise Refused(f"{maintenance.title} is not a maintenance of this page", field="maintenance")


def _set_link(customer: Customer, nonce: str, action: str, *, actor: Staff | None) -> Customer:
    """The audit names the act alone: who knows the nonce and the key knows the link."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    customer.link_nonce = nonce
    customer.link_made_at = timezone.now() if nonce else None
    customer.save(update_fields=["link_nonce", "link_made_at"])
    audit.record(action, customer, actor=actor)
    return customer
