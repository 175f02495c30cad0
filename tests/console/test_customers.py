"""Customers in the console: their links, and what is told to them alone."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.customer import add_note, create_customer, make_member_link
from incidents.actions.erasure import erase_subscriber
from incidents.actions.suppression import suppress
from incidents.models import AuditEntry, Customer, CustomerContact, CustomerNote, SuppressionReason
from tests import make
from tests.console.conftest import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(desk: Desk) -> Customer:
    return create_customer(desk.page, name="Acme")


def test_a_customer_is_added_once(desk: Desk) -> None:
    assert desk.client.post("/console/customers/new/", {"name": "Acme"}).status_code == 302
    response = desk.client.post("/console/customers/new/", {"name": "Acme"})
    assert response.status_code == 422
    assert "is taken by another customer" in response.content.decode()
    assert "Acme" in desk.client.get("/console/customers/").content.decode()


def test_a_link_is_made_read_out_and_revoked(desk: Desk, customer: Customer) -> None:
    address = f"/console/customers/{customer.pk}/link/"
    assert "member-link" not in desk.client.get(address).content.decode()
    desk.client.post(address, {"make": "1"})
    html = desk.client.get(address).content.decode()
    found = re.search(rf'id="member-link">http://{re.escape(desk.page.host)}(/members/\w+)<', html)
    assert found
    assert Client().post(found[1])["Location"] == "/members"
    desk.client.post(address, {"revoke": "1"})
    assert Client().post(found[1]).status_code == 404
    assert found[1] not in desk.client.get(address).content.decode()


def test_who_a_customer_is_is_kept_and_shown_again(desk: Desk, customer: Customer) -> None:
    mail, _other = make.service(desk.page, name="Mail"), make.service(desk.page)
    typed = {
        "customer-name": "Acme Inc.",
        "customer-services": [mail.pk],
        "customer-conditions": "uses G Suite\n\n uses SSO ",
        "customer-contacts": "山田 <Yamada@Acme.example>\nops@acme.example",
    }
    response = desk.client.post(f"/console/customers/{customer.pk}/edit/", typed)
    assert response.status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.conditions) == ("Acme Inc.", ["uses G Suite", "uses SSO"])
    assert list(customer.services.all()) == [mail]
    people = [("yamada@acme.example", "山田"), ("ops@acme.example", "")]
    assert list(customer.contacts.order_by("pk").values_list("email", "name")) == people
    shown = unescape(desk.client.get(response["Location"]).content.decode())
    assert "山田 <yamada@acme.example>" in shown and "uses SSO" in shown
    assert re.search(rf'name="customer-services" value="{mail.pk}"[^>]* checked', shown)
    listed = desk.client.get("/console/customers/").content.decode()
    assert "Acme Inc. (Mail, uses G Suite, uses SSO)" in listed
    entry = AuditEntry.objects.get(action="edit_customer")
    assert entry.after["contacts"] == 2 and "acme.example" not in str(entry.after)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", {"customer-name": "Taken"}),
        ("name", {"customer-name": ""}),
        ("services", {"customer-services": ["999999"]}),
        ("conditions", {"customer-conditions": "x" * 201}),
        ("contacts", {"customer-contacts": "ok@acme.example\nno address"}),
        ("contacts", {"customer-contacts": f"{'n' * 101} <ok@acme.example>"}),
    ],
)
def test_a_wrong_fact_names_its_field_and_nothing_is_saved(
    desk: Desk, customer: Customer, field: str, typed: dict[str, object]
) -> None:
    create_customer(desk.page, name="Taken")
    CustomerContact.objects.create(customer=customer, email="kept@acme.example")
    sent = {"customer-name": "Other", "customer-contacts": "", **typed}
    response = desk.client.post(f"/console/customers/{customer.pk}/edit/", sent)
    assert response.status_code == 422 and list(response.context["form"].errors) == [field]
    customer.refresh_from_db()
    assert customer.name == "Acme" and customer.contacts.get().email == "kept@acme.example"


def test_an_erased_address_is_not_written_down_as_a_contact_again(desk: Desk, customer: Customer) -> None:
    erase_subscriber("gone@acme.example")
    suppress("full@acme.example", reason=SuppressionReason.BOUNCE)
    address = f"/console/customers/{customer.pk}/edit/"
    typed = {"customer-name": "Acme", "customer-contacts": "Full@acme.example\nA <Gone@acme.example>"}
    response = desk.client.post(address, typed)
    assert response.status_code == 422 and not customer.contacts.exists()
    (told,) = response.context["form"].errors["contacts"]
    assert "gone@acme.example" in told and "erased" in told
    assert desk.client.post(address, {**typed, "customer-contacts": "full@acme.example"}).status_code == 302
    assert customer.contacts.get().email == "full@acme.example"


def test_customers_and_notes_of_another_page_are_not_found(desk: Desk) -> None:
    other = make.page()
    stranger = create_customer(other, name="Stranger")
    note = add_note(other, body="x", customer_ids=[stranger.pk])
    addresses = (f"customers/{stranger.pk}/link/", f"customers/{stranger.pk}/edit/")
    for address in (*addresses, f"customers/notes/{note.pk}/withdraw/"):
        assert desk.client.post(f"/console/{address}", {"make": "1"}).status_code == 404
    stranger.refresh_from_db()
    note.refresh_from_db()
    assert (stranger.link_nonce, note.withdrawn_at) == ("", None)


def test_a_note_is_written_beside_an_incident_and_withdrawn(desk: Desk, customer: Customer) -> None:
    incident = make.incident(desk.page)
    sent = {"note-customers": [customer.pk], "note-body": "切替中です", "note-body_en": "Switching"}
    response = desk.client.post(f"/console/incidents/{incident.reference}/notes/", sent)
    assert response["Location"] == f"/console/incidents/{incident.reference}/"
    note = CustomerNote.objects.get()
    assert (note.incident, note.body, note.texts["en"]["body"]) == (incident, "切替中です", "Switching")
    assert "切替中です" in desk.client.get(response["Location"]).content.decode()
    back = desk.client.post(f"/console/customers/notes/{note.pk}/withdraw/")
    assert back["Location"] == response["Location"]
    assert "withdrawn" in desk.client.get(response["Location"]).content.decode()


def test_a_note_is_written_beside_a_maintenance_and_withdrawn(desk: Desk, customer: Customer) -> None:
    planned = make.maintenance(desk.page)
    address = f"/console/maintenances/{planned.public_id}/"
    wrong = desk.client.post(f"{address}notes/", {"note-customers": [customer.pk], "note-body": ""})
    assert wrong.status_code == 422 and "body" in wrong.context["note_form"].errors
    sent = {"note-customers": [customer.pk], "note-body": "止まりません"}
    assert desk.client.post(f"{address}notes/", sent)["Location"] == address
    assert "止まりません" in desk.client.get(address).content.decode()
    note = CustomerNote.objects.get()
    assert note.maintenance == planned
    assert desk.client.post(f"/console/customers/notes/{note.pk}/withdraw/")["Location"] == address


def test_a_note_is_written_by_itself(desk: Desk, customer: Customer) -> None:
    response = desk.client.post(
        "/console/customers/notes/", {"note-customers": [customer.pk], "note-body": "Hello"}
    )
    assert response["Location"] == "/console/customers/"
    assert "Hello" in desk.client.get("/console/customers/").content.decode()
    note = CustomerNote.objects.get()
    assert (
        desk.client.post(f"/console/customers/notes/{note.pk}/withdraw/")["Location"] == "/console/customers/"
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("body", {"note-body": ""}),
        ("customers", {"note-customers": []}),
        ("customers", {"note-customers": ["999"]}),
    ],
)
def test_a_wrong_note_names_its_field_and_is_not_told(
    desk: Desk, customer: Customer, field: str, wrong: dict[str, object]
) -> None:
    incident = make.incident(desk.page)
    for address in ("/console/customers/notes/", f"/console/incidents/{incident.reference}/notes/"):
        sent = {"note-customers": [customer.pk], "note-body": "Hello", **wrong}
        response = desk.client.post(address, sent)
        assert response.status_code == 422
        assert field in response.context["note_form"].errors
    assert not CustomerNote.objects.exists()


def test_a_text_that_is_too_long_is_refused_where_it_was_typed(desk: Desk, customer: Customer) -> None:
    sent = {"note-customers": [customer.pk], "note-body": "あ" * 10_000}
    response = desk.client.post("/console/customers/notes/", sent)
    assert response.status_code == 422
    assert "body" in response.context["note_form"].errors


def test_the_screen_costs_the_same_queries_for_one_and_for_three(desk: Desk) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.client.get("/console/customers/").status_code == 200
        return len(queries)

    def fill(name: str) -> None:
        customer = make_member_link(create_customer(desk.page, name=name))
        customer.services.add(make.service(desk.page))
        add_note(desk.page, body=name, customer_ids=[customer.pk], actor=desk.staff)

    fill("one")
    one = cost()
    fill("two")
    fill("three")
    assert cost() == one
