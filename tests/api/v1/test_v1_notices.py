import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from incidents.models import AuditEntry, Delivery, Incident, Notice, Page
from tests import make
from tests.api.v1.conftest import Program
from tests.api.v1.described import check_answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def incident(page: Page) -> Incident:
    return make.incident(page)


def tell(incident: Incident, readers: int = 1) -> Notice:
    for _ in range(readers):
        make.subscriber(incident.page)
    make.update(incident, notify=True)
    return Notice.objects.latest("pk")


def test_notices_are_listed_the_newest_first_as_described(incident: Incident, reader: Program) -> None:
    first, second = tell(incident), tell(incident)
    make.maintenance(incident.page, notify=True)
    response = reader.get("/v1/notices")
    check_answer(response, "/v1/notices")
    told = response.json()["data"]
    assert [row["kind"] for row in told] == ["maintenance", "update", "update"]
    assert [row["id"] for row in told[1:]] == [second.pk, first.pk]
    assert told[2] | {"incident": incident.reference, "title": incident.title, "number": 1} == told[2]


def test_notices_are_paged_by_cursor_without_gap_or_repeat(incident: Incident, reader: Program) -> None:
    ids = [tell(incident).pk for _ in range(5)]
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = reader.get("/v1/notices", limit=2, cursor=cursor).json()
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["next"]
    assert seen == ids[::-1]


def test_notices_are_filtered_by_incident_kind_and_page(incident: Incident, reader: Program) -> None:
    wanted = tell(incident)
    tell(make.incident(make.page()))
    for query in ({"incident": incident.reference}, {"page": incident.page.host}):
        assert wanted.pk in [row["id"] for row in reader.get("/v1/notices", **query).json()["data"]]
    assert len(reader.get("/v1/notices").json()["data"]) == 2
    assert len(reader.get("/v1/notices", page=incident.page.host).json()["data"]) == 1
    assert reader.get("/v1/notices", kind="report").json()["data"] == []


@pytest.mark.parametrize(
    ("query", "field", "expected"),
    [
        ({"page": "nowhere.example"}, "page", "expected the host of a page, one of"),
        ({"limit": "0"}, "limit", "expected a whole number from 1 to 200"),
        ({"limit": "201"}, "limit", "expected a whole number from 1 to 200"),
        ({"limit": "１"}, "limit", "expected a whole number from 1 to 200"),
        ({"cursor": "x"}, "cursor", "expected what an earlier answer gave as next"),
        ({"cursor": "9" * 30}, "cursor", "expected what an earlier answer gave as next"),
        ({"kind": "spam"}, "kind", "expected one of confirm"),
        ({"incidnet": "INC"}, "incidnet", "expected only page, incident, kind, cursor, limit"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_expected(
    page: Page, reader: Program, query: dict[str, str], field: str, expected: str
) -> None:
    response = reader.get("/v1/notices", **query)
    assert response.status_code == 422
    check_answer(response, "/v1/notices")
    assert response.json()["field"] == field
    assert response.json()["error"].startswith(expected)


def test_a_notice_comes_with_its_proof(incident: Incident, reader: Program) -> None:
    notice = tell(incident, 3)
    first, second = notice.deliveries.order_by("pk")[:2]
    at = notice.due_at + timedelta(seconds=7)
    Delivery.objects.filter(pk=first.pk).update(state="sent", sent_at=at, attempts=1)
    Delivery.objects.filter(pk=second.pk).update(state="failed", last_code="550", last_reply="5.1.1 unknown")
    response = reader.get(f"/v1/notices/{notice.pk}")
    check_answer(response, "/v1/notices/{notice_id}")
    told = response.json()
    assert (told["counts"]["sent"], told["counts"]["failed"], told["counts"]["queued"]) == (1, 1, 1)
    assert told["wait_seconds"] == {"median": 7, "slowest": 7}
    assert told["replies"] == [{"state": "failed", "code": "550", "words": "5.1.1 unknown", "count": 1}]
    assert told["domains"][0]["domain"] == "example.com"


def test_deliveries_are_listed_by_state(incident: Incident, reader: Program) -> None:
    notice = tell(incident, 3)
    failed = notice.deliveries.order_by("pk")[1]
    Delivery.objects.filter(pk=failed.pk).update(state="failed")
    path = f"/v1/notices/{notice.pk}/deliveries"
    response = reader.get(path, state="failed")
    check_answer(response, "/v1/notices/{notice_id}/deliveries")
    assert [row["id"] for row in response.json()["data"]] == [failed.public_id]
    first = reader.get(path, limit=2).json()
    rest = reader.get(path, limit=2, cursor=first["next"]).json()
    assert len({row["id"] for row in first["data"] + rest["data"]}) == 3
    assert rest["next"] is None


def test_failed_mails_are_sent_again_and_the_key_is_on_the_record(
    incident: Incident, writer: Program
) -> None:
    notice = tell(incident, 2)
    notice.deliveries.update(state="failed")
    response = writer.post(f"/v1/notices/{notice.pk}/retry")
    check_answer(response, "/v1/notices/{notice_id}/retry", "post")
    assert response.json() == {"queued": 2, "gone": 0, "overtaken": 0}
    assert AuditEntry.objects.get(action="retry_failed_mails").actor_name == "API key writer"
    again = writer.post(f"/v1/notices/{notice.pk}/retry")
    assert again.status_code == 409
    check_answer(again, "/v1/notices/{notice_id}/retry", "post")


def test_an_old_notice_is_sent_again_only_with_a_life_of_its_own(incident: Incident, writer: Program) -> None:
    notice = tell(incident)
    notice.deliveries.update(state="failed")
    Notice.objects.update(expires_at=timezone.now())
    path = f"/v1/notices/{notice.pk}/retry"
    refused = writer.post(path)
    assert (refused.status_code, refused.json()["field"]) == (409, "fresh_life")
    assert writer.post(path, json.dumps({"fresh_life": True})).json()["queued"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("[]", ""),
        ("{", ""),
        ("[" * 5000, ""),
        ('{"life": true}', "life"),
        ('{"fresh_life": 1}', "fresh_life"),
    ],
)
def test_a_wrong_body_is_refused_by_field(incident: Incident, writer: Program, body: str, field: str) -> None:
    response = writer.post(f"/v1/notices/{tell(incident).pk}/retry", body)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_a_body_of_any_size_is_not_read(incident: Incident, writer: Program) -> None:
    assert writer.post(f"/v1/notices/{tell(incident).pk}/retry", " " * 20_001).status_code == 413


@pytest.mark.parametrize(
    ("query", "field"), [("cursor=%00", "cursor"), ("limit=1&limit=2", "limit"), ("x=1", "x")]
)
def test_a_parameter_that_would_silently_not_count_is_refused(
    page: Page, reader: Program, query: str, field: str
) -> None:
    response = reader.get(f"/v1/notices?{query}")
    assert (response.status_code, response.json()["field"]) == (422, field)


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/notices/", "/v1/nope"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_an_address_that_does_not_exist_is_answered_in_json(page: Page, path: str, method: str) -> None:
    response = getattr(Client(), method)(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert "openapi.json" in response.json()["error"]


@pytest.mark.parametrize("number", ["1", "9" * 40])
def test_an_unknown_notice_is_not_found(page: Page, reader: Program, number: str) -> None:
    response = reader.get(f"/v1/notices/{number}")
    assert response.status_code == 404
    check_answer(response, "/v1/notices/{notice_id}")


@pytest.mark.parametrize("many", [1, 3])
def test_a_list_costs_the_same_queries_for_any_number(
    incident: Incident, reader: Program, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        notice = tell(incident)
    reader.get("/v1/notices")  # notes the key's use, once a minute
    with django_assert_num_queries(3):  # the key, the pages, the notices
        reader.get("/v1/notices")
    with django_assert_num_queries(3):
        reader.get(f"/v1/notices/{notice.pk}/deliveries")
