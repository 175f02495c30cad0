"""Customers: their links, and what is told to them alone."""

from typing import Any

import pytest

from incidents.actions.customer import (
    add_note,
    create_customer,
    make_member_link,
    revoke_member_link,
    withdraw_note,
)
from incidents.actions.incident import dismiss_draft
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Customer, CustomerNote, Page
from incidents.queries import members
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def customer(page: Page) -> Customer:
    return create_customer(page, name="Acme")


@pytest.mark.parametrize("name", ["", " ", "x" * 151, "two\nlines", "Acme", "a\0b"])
def test_a_wrong_or_repeated_name_is_refused(page: Page, customer: Customer, name: str) -> None:
    with pytest.raises(Refused) as refused:
        create_customer(page, name=name)
    assert refused.value.field == "name"
    assert Customer.objects.count() == 1


def test_a_link_is_made_replaced_and_revoked_and_the_audit_never_tells_it(
    page: Page, customer: Customer
) -> None:
    actor = make.staff()
    first = members.link_token(make_member_link(customer, actor=actor))
    second = members.link_token(made := make_member_link(customer, actor=actor))
    assert members.find_linked(first, page) is None
    assert members.find_linked(second, page) == customer
    revoke_member_link(customer, actor=actor)
    assert members.find_linked(second, page) is None
    assert Customer.objects.get().link_made_at is None
    told = list(AuditEntry.objects.filter(object_type="customer").values_list("action", flat=True))
    assert told[-3:] == ["make_member_link", "make_member_link", "revoke_member_link"]
    assert not [entry for entry in AuditEntry.objects.all() if made.link_nonce in str(entry.__dict__)]


def test_a_customer_without_a_link_is_found_by_no_token(page: Page, customer: Customer) -> None:
    for token in (members.link_token(customer), members.feed_token(customer), members.visit_token(customer)):
        assert members.find_linked(token, page) is None
        assert members.find_feed_reader(token, page) is None
        assert members.find_visiting(token, page) is None


def test_a_note_is_kept_with_whom_it_is_for(page: Page, customer: Customer) -> None:
    note = add_note(
        page, body=" Hello ", customer_ids=[customer.pk], texts={"en": {"body": "Hi"}}, actor=make.staff()
    )
    assert (note.body, note.body_html.strip()) == ("Hello", "<p>Hello</p>")
    assert note.texts["en"]["body"] == "Hi"
    assert list(note.customers.all()) == [customer]
    entry = AuditEntry.objects.get(action="add_customer_note")
    assert entry.after == {"customers": ["Acme"], "body": "Hello"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("body", {"body": " "}),
        ("body", {"body": "x" * 20_001}),
        ("customers", {"customer_ids": []}),
        ("customers", {"customer_ids": [999_999]}),
        ("body_en", {"texts": {"en": {"body": "あ" * 7_000}}}),
        ("texts", {"texts": {"fr": {"body": "Bonjour"}}}),
        ("texts", {"texts": {"ja": {"body": "二度目"}}}),
    ],
)
def test_a_wrong_note_is_refused_at_its_field(
    page: Page, customer: Customer, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refused:
        add_note(page, **{"body": "Hello", "customer_ids": [customer.pk], **wrong})
    assert refused.value.field == field
    assert not CustomerNote.objects.exists()


def test_a_note_takes_neither_customers_nor_places_of_another_page(page: Page, customer: Customer) -> None:
    other = make.page()
    stranger = create_customer(other, name="Stranger")
    with pytest.raises(Refused, match="at least one customer of this page"):
        add_note(page, body="x", customer_ids=[customer.pk, stranger.pk])
    with pytest.raises(Refused, match="is not an incident of this page"):
        add_note(page, body="x", customer_ids=[customer.pk], incident=make.incident(other))
    with pytest.raises(Refused, match="is not a maintenance of this page"):
        add_note(page, body="x", customer_ids=[customer.pk], maintenance=make.maintenance(other))


def test_a_note_needs_an_incident_that_was_not_closed(page: Page, customer: Customer) -> None:
    incident = dismiss_draft(make.incident(page))
    with pytest.raises(Refused, match="closed without publication"):
        add_note(page, body="x", customer_ids=[customer.pk], incident=incident)


def test_a_note_is_withdrawn_once(page: Page, customer: Customer) -> None:
    note = add_note(page, body="x", customer_ids=[customer.pk])
    first = withdraw_note(note).withdrawn_at
    assert first and withdraw_note(note).withdrawn_at == first
    assert AuditEntry.objects.filter(action="withdraw_customer_note").count() == 1
