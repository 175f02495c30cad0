import pytest
from pytest_django import DjangoAssertNumQueries

from incidents.actions.leaving import lock_mailbox
from incidents.models import AuditEntry, Delivery, MailEvent, Page, ServiceGroup, Subscriber
from tests import make
from tests.api.v1.conftest import Program
from tests.api.v1.described import check_answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


def test_subscribers_are_told_with_choices_and_consent(page: Page, reader: Program) -> None:
    archive = make.service(page, slug="archive")
    chosen = make.subscriber(page, "a@example.com", archive, consent_source="契約書", stages="ends")
    chosen.groups.add(ServiceGroup.objects.create(page=page, name="管理機能"))
    make.subscriber(page, "all@example.com")
    response = reader.get("/v1/subscribers")
    check_answer(response, "/v1/subscribers")
    everything, told = response.json()["data"]
    assert (everything["services"], everything["groups"]) == (None, None)
    assert (told["services"], told["groups"], told["stages"]) == (["archive"], ["管理機能"], "ends")
    assert (told["consent_source"], told["page"]) == ("契約書", page.host)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "READER1"}, ["reader1@a.example"]),
        ({"search": "@a.example"}, ["reader2@a.example", "reader1@a.example"]),
        ({"search": "a.example", "state": "unsubscribed"}, []),
        ({"state": "pending"}, ["waits@b.example"]),
        ({"search": "%"}, []),
    ],
)
def test_subscribers_are_found_by_address_domain_and_state(
    page: Page, reader: Program, query: dict[str, str], found: list[str]
) -> None:
    make.subscriber(page, "reader1@a.example")
    make.subscriber(page, "reader2@a.example")
    Subscriber.objects.create(page=page, email="waits@b.example")
    assert [row["email"] for row in reader.get("/v1/subscribers", **query).json()["data"]] == found


def test_a_history_tells_what_was_told_and_what_came_back(page: Page, reader: Program) -> None:
    subscriber = make.subscriber(page)
    incident = make.incident(page)
    make.update(incident, notify=True)
    make.update(incident, "identified", notify=True)
    bounced = Delivery.objects.earliest("pk")
    MailEvent.objects.create(
        page=page,
        subscriber=subscriber,
        delivery=bounced,
        kind="hard",
        code="5.1.1",
        words="unknown user",
        source="dsn",
        event_id="1",
    )
    path = f"/v1/subscribers/{subscriber.public_id}/deliveries"
    response = reader.get(path)
    check_answer(response, "/v1/subscribers/{public_id}/deliveries")
    newest, oldest = response.json()["data"]
    assert [newest["notice"]["number"], oldest["notice"]["number"]] == [2, 1]
    assert [event["words"] for event in oldest["events"]] == ["unknown user"]
    first = reader.get(path, limit=1).json()
    assert reader.get(path, limit=1, cursor=first["next"]).json()["data"] == [oldest]


def test_an_unknown_subscriber_is_not_found(page: Page, reader: Program) -> None:
    response = reader.get("/v1/subscribers/0123/deliveries")
    assert response.status_code == 404
    check_answer(response, "/v1/subscribers/{public_id}/deliveries")


def test_a_subscription_is_ended_at_once_and_asking_twice_changes_nothing(
    page: Page, writer: Program
) -> None:
    shared = lock_mailbox(make.subscriber(page), owner="owner@example.com")
    make.update(make.incident(page), notify=True)
    path = f"/v1/subscribers/{shared.public_id}"
    for _ in (1, 2):
        response = writer.delete(path)
        assert response.status_code == 204
        check_answer(response, "/v1/subscribers/{public_id}", "delete")
    shared.refresh_from_db()
    assert shared.state == "unsubscribed" and shared.unsubscribed_at
    assert Delivery.objects.get().state == "cancelled"
    assert AuditEntry.objects.get(action="unsubscribe").actor_name == "API key writer"


def test_only_who_may_write_ends_a_subscription_that_is_there(
    page: Page, reader: Program, writer: Program
) -> None:
    kept = make.subscriber(page)
    path = "/v1/subscribers/{public_id}"
    refused = reader.delete(f"/v1/subscribers/{kept.public_id}")
    unknown = writer.delete("/v1/subscribers/0123")
    misread = writer.delete(f"/v1/subscribers/{kept.public_id}?erase=1")
    assert [one.status_code for one in (refused, unknown, misread)] == [403, 404, 422]
    for response in (refused, unknown, misread):
        check_answer(response, path, "delete")
    assert writer.get(f"/v1/subscribers/{kept.public_id}").headers["Allow"] == "DELETE"
    kept.refresh_from_db()
    assert kept.state == "active"


def test_all_of_a_page_are_exported_as_a_file_and_it_is_on_the_record(page: Page, admin: Program) -> None:
    make.subscriber(page, "=cmd@example.com")
    make.subscriber(make.page(), "other@example.com")
    response = admin.get("/v1/subscribers.csv", page=page.host)
    check_answer(response, "/v1/subscribers.csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("'=cmd@example.com,")
    assert "other@example.com" not in text
    assert response["Content-Disposition"] == 'attachment; filename="subscribers.csv"'
    assert AuditEntry.objects.get(action="export_subscribers").actor_name == "API key admin"


def test_where_there_are_several_pages_the_file_needs_one(page: Page, admin: Program) -> None:
    make.page()
    response = admin.get("/v1/subscribers.csv")
    assert (response.status_code, response.json()["field"]) == (422, "page")


@pytest.mark.parametrize("many", [1, 3])
def test_lists_cost_the_same_queries_for_any_number(
    page: Page, reader: Program, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = make.service(page)
    for _ in range(many):
        subscriber = make.subscriber(page, None, service)
    for _ in range(many):
        make.update(make.incident(page, {service: "degraded"}), notify=True)
    reader.get("/v1/subscribers")
    with django_assert_num_queries(5):  # the key, the pages, the subscribers, services, groups
        reader.get("/v1/subscribers")
    with django_assert_num_queries(4):  # the key, the subscriber, the deliveries, what came back
        reader.get(f"/v1/subscribers/{subscriber.public_id}/deliveries")
