import csv
import io

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents.actions.customer import create_customer, edit_customer
from incidents.models import AuditEntry, Customer, Page
from tests import make
from tests.api.v1.conftest import Program
from tests.api.v1.described import check_answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


def customer(page: Page, name: str = "Acme") -> Customer:
    return edit_customer(
        create_customer(page, name=name),
        name=name,
        service_ids=[make.service(page).pk],
        conditions=["uses SSO"],
        contacts={"ops@acme.example": "Ops"},
    )


def test_customers_are_told_with_what_they_use_and_their_people(page: Page, reader: Program) -> None:
    first, second = customer(page), customer(page, "Other")
    customer(make.page())
    response = reader.get("/v1/customers", page=page.host, limit=1)
    check_answer(response, "/v1/customers")
    (told,) = response.json()["data"]
    assert told["id"] == second.pk
    rest = reader.get("/v1/customers", page=page.host, cursor=response.json()["next"]).json()
    assert rest["next"] is None
    (told,) = rest["data"]
    assert (told["id"], told["name"], told["conditions"]) == (first.pk, "Acme", ["uses SSO"])
    assert told["services"] == [first.services.get().slug]
    assert told["contacts"] == [{"name": "Ops", "email": "ops@acme.example"}]


def test_what_a_customers_people_were_sent_is_exported_and_it_is_on_the_record(
    page: Page, reader: Program, admin: Program
) -> None:
    acme, incident = customer(page), make.incident(page)
    make.subscriber(page, "ops@acme.example")
    make.subscriber(page, "stranger@example.com")
    make.update(incident, notify=True)
    path = f"/v1/customers/{acme.pk}/deliveries.csv"
    described = "/v1/customers/{customer_id}/deliveries.csv"
    response = admin.get(path)
    check_answer(response, described)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["address"], row["contact"], row["reference"]) == (
        "ops@acme.example",
        "Ops",
        incident.reference,
    )
    assert AuditEntry.objects.get(action="export_deliveries").actor_name == "API key admin"
    for refused, status in ((reader.get(path), 403), (admin.get("/v1/customers/0/deliveries.csv"), 404)):
        assert refused.status_code == status
        check_answer(refused, described)


@pytest.mark.parametrize("many", [1, 3])
def test_a_list_costs_the_same_queries_for_any_number(
    page: Page, reader: Program, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        customer(page, f"Customer {number}")
    reader.get("/v1/customers")
    with django_assert_num_queries(5):  # the key, the pages, the customers, services, contacts
        reader.get("/v1/customers")
