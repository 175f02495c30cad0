import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from incidents.console import subscribers
from incidents.models import (
    AuditEntry,
    Customer,
    CustomerContact,
    Delivery,
    Follow,
    MailEvent,
    Notice,
    NoticeKind,
    Staff,
    Subscriber,
)
from incidents.notices.fanout import queue_personal
from incidents.notices.render import TOLD_TO_MANY
from incidents.queries.personal_data import FIELDS, LEFT_OUT
from incidents.templatetags.console import personal
from tests import make
from tests.console.conftest import Desk

HEAD = "email,consent_date\n"


@pytest.fixture(autouse=True)
def kept_dir(settings: Settings, tmp_path: object) -> None:
    settings.KEPT_DIR = f"{tmp_path}/kept"


def csv_upload(text: str) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("list.csv", text.encode())}


def token_in(html: str) -> str:
    return html.partition('name="token" value="')[2].partition('"')[0]


def test_subscribers_are_found_by_address_and_state(desk: Desk) -> None:
    make.subscriber(desk.page, "a@one.example")
    make.subscriber(desk.page, "b@two.example")
    Subscriber.objects.create(page=desk.page, email="c@one.example")
    make.subscriber(make.page(), "other@one.example")
    html = desk.client.get("/console/subscribers/?q=@one.example&state=active").content.decode()
    assert "a@one.example" in html
    for other in ("b@two.example", "c@one.example", "other@one.example"):
        assert other not in html


def test_subscribers_are_paged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "PER_PAGE", 2)
    made = [make.subscriber(desk.page) for _ in range(3)]
    first = desk.client.get("/console/subscribers/?q=@example.com").content.decode()
    assert f"?before={made[1].pk}&amp;q=%40example.com" in first
    assert made[0].email not in first
    rest = desk.client.get(f"/console/subscribers/?before={made[1].pk}").content.decode()
    assert made[0].email in rest and made[1].email not in rest


def test_a_subscriber_is_shown_with_choices_consent_and_history(desk: Desk) -> None:
    service = make.service(desk.page, name="Archive")
    reader = make.subscriber(
        desk.page, "a@example.com", service, consent_source="Contract <7>", requested_from="192.0.2.0/24"
    )
    make.update(make.incident(desk.page, {service: "degraded"}), notify=True)
    bounced = Delivery.objects.get()
    Delivery.objects.update(state="failed", last_code="550", last_reply="5.1.1 unknown", attempts=2)
    for event_id, delivery in (("1", bounced), ("2", None)):
        MailEvent.objects.create(
            page=desk.page,
            subscriber=reader,
            delivery=delivery,
            kind="hard",
            words=f"event {event_id}",
            source="dsn",
            event_id=event_id,
        )
    html = desk.client.get(f"/console/subscribers/{reader.public_id}/").content.decode()
    for told in ("Archive", "Contract &lt;7&gt;", "192.0.2.0/24", "550 5.1.1 unknown", "event 1", "event 2"):
        assert told in html
    assert f"/console/notices/{bounced.notice_id}/" in html


def test_a_subscriber_is_shown_with_what_they_follow_and_the_lock_of_a_shared_mailbox(desk: Desk) -> None:
    reader = make.subscriber(desk.page)
    incident, elsewhere = make.incident(desk.page), make.incident(make.page())
    for followed, last_only in ((incident, True), (elsewhere, False)):
        Follow.objects.create(subscriber=reader, incident=followed, last_only=last_only)
    html = desk.client.get(f"/console/subscribers/{reader.public_id}/").content.decode()
    assert f"/console/incidents/{incident.reference}/" in html
    assert html.count("only the end") == 1
    assert f'action="/console/subscribers/{reader.public_id}/lock/"' in html


def test_who_only_follows_an_incident_is_shown_to_have_chosen_no_service(desk: Desk) -> None:
    reader = make.subscriber(desk.page)
    Subscriber.objects.update(all_services=False)
    Follow.objects.create(subscriber=reader, incident=make.incident(desk.page))
    html = desk.client.get(f"/console/subscribers/{reader.public_id}/").content.decode()
    assert "Only the incidents that they follow" in html


TOLD_TO_NO_READER = (NoticeKind.STAFF, NoticeKind.REMINDER)
TOLD_TO_ONE = [kind for kind in NoticeKind if kind not in (*TOLD_TO_MANY, *TOLD_TO_NO_READER)]


@pytest.mark.parametrize("kind", TOLD_TO_ONE)
def test_the_history_names_each_mail_to_one_person(desk: Desk, kind: NoticeKind) -> None:
    reader = make.subscriber(desk.page)
    queue_personal(kind, reader)
    html = desk.client.get(f"/console/subscribers/{reader.public_id}/").content.decode()
    assert personal(kind) in html


def test_the_history_says_in_japanese_what_came_back(desk: Desk) -> None:
    reader = make.subscriber(desk.page)
    MailEvent.objects.create(page=desk.page, subscriber=reader, kind="hard", source="dsn", event_id="1")
    desk.client.post("/console/language/", {"language": "ja"})
    html = desk.client.get(f"/console/subscribers/{reader.public_id}/").content.decode()
    assert "宛先不明（ハードバウンス）" in html and "hard bounce" not in html


def test_a_subscriber_of_another_page_is_not_found(desk: Desk) -> None:
    other = make.subscriber(make.page())
    for path, method in (("", "get"), ("export/", "post")):
        address = f"/console/subscribers/{other.public_id}/{path}"
        assert getattr(desk.client, method)(address).status_code == 404


def test_every_column_of_a_subscriber_is_exported_or_left_out_on_purpose() -> None:
    columns = {field.name for field in Subscriber._meta.concrete_fields}
    assert columns == {*FIELDS, *LEFT_OUT}


def test_all_that_is_stored_on_an_address_is_exported(desk: Desk) -> None:
    reader = make.subscriber(desk.page, "a@example.com", manage_nonce="5ecret", secret="whsec_5ecret")
    make.subscriber(make.page(), "a@example.com")
    make.update(make.incident(desk.page), notify=True)
    customer = Customer.objects.create(page=desk.page, name="Example Inc.")
    CustomerContact.objects.create(customer=customer, email="a@example.com", name="A. Reader")
    response = desk.client.post(f"/console/subscribers/{reader.public_id}/export/")
    told = json.loads(response.content)
    assert response["Content-Disposition"].startswith("attachment")
    assert len(told["subscriptions"]) == 2
    assert told["subscriptions"][0]["mails"][0]["state"] == "queued"
    assert told["contact_of"] == [{"customer": "Example Inc.", "name": "A. Reader"}]
    assert b"5ecret" not in response.content
    assert AuditEntry.objects.get(action="export_personal_data").actor == desk.staff


def test_of_a_telephone_number_its_own_data_alone_are_exported(desk: Desk) -> None:
    one, two = (make.phone(desk.page, number) for number in ("+819000000001", "+819000000002"))
    told = desk.client.post(f"/console/subscribers/{one.public_id}/export/").json()
    assert [row["endpoint"] for row in told["subscriptions"]] == [one.endpoint]
    html = desk.client.get("/console/subscribers/?q=0000001").content.decode()
    assert one.endpoint in html and two.endpoint not in html
    assert one.endpoint in desk.client.get(f"/console/subscribers/{one.public_id}/").content.decode()


def test_what_a_customers_contacts_were_sent_is_exported(desk: Desk) -> None:
    make.subscriber(desk.page, "=a@example.com")
    make.subscriber(desk.page, "stranger@example.com")
    customer = Customer.objects.create(page=desk.page, name="Example Inc.")
    CustomerContact.objects.create(customer=customer, email="=A@example.com", name="A. Reader")
    incident = make.incident(desk.page)
    make.update(incident, notify=True)
    sent_at = Notice.objects.get().due_at
    Delivery.objects.update(state="sent", sent_at=sent_at, last_code="250", last_reply="2.0.0 Ok")
    response: Any = desk.client.post(f"/console/customers/{customer.pk}/deliveries/")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["address"], row["contact"], row["state"]) == ("'=a@example.com", "A. Reader", "sent")
    assert (row["reference"], row["number"], row["reply"]) == (incident.reference, "1", "2.0.0 Ok")
    assert row["sent_at"].endswith("+09:00")
    assert AuditEntry.objects.filter(action="export_deliveries").exists()


def test_staff_end_a_subscription_for_whoever_asks(desk: Desk) -> None:
    reader, stranger = make.subscriber(desk.page), make.subscriber(make.page())
    address = f"/console/subscribers/{reader.public_id}/"
    assert desk.client.get(f"{address}end/").status_code == 405
    assert desk.client.post(f"/console/subscribers/{stranger.public_id}/end/").status_code == 404
    assert 'id="end"' in desk.client.get(address).content.decode()
    assert desk.client.post(f"{address}end/")["Location"] == address
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"
    assert AuditEntry.objects.get(action="unsubscribe").actor == desk.staff
    assert 'id="end"' not in desk.client.get(address).content.decode()


def test_exports_are_asked_for_by_a_button(desk: Desk) -> None:
    assert desk.client.get("/console/subscribers/export/").status_code == 405
    response = desk.client.post("/console/subscribers/export/")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert AuditEntry.objects.filter(action="export_subscribers").exists()


def test_a_file_is_looked_through_and_then_taken(desk: Desk) -> None:
    make.subscriber(desk.page, "kept@example.com")
    text = f"{HEAD}new@example.com,2024-04-01\nkept@example.com,2024-04-01\n"
    html = desk.client.post("/console/subscribers/import/", csv_upload(text)).content.decode()
    assert '<dd id="to-add">1</dd>' in html
    assert Subscriber.objects.count() == 1
    done = desk.client.post("/console/subscribers/import/take/", {"token": token_in(html)}, follow=True)
    assert "1 subscriber is added. Nobody was mailed." in done.content.decode()
    assert Subscriber.objects.filter(email="new@example.com", state="active").exists()
    assert AuditEntry.objects.get(action="import_subscribers").actor == desk.staff
    again = desk.client.post("/console/subscribers/import/take/", {"token": token_in(html)}, follow=True)
    assert "not kept any more" in again.content.decode()


def test_faults_are_listed_by_line_and_nothing_can_be_taken(desk: Desk) -> None:
    text = f"{HEAD}bad,2024-04-01\n"
    response = desk.client.post("/console/subscribers/import/", csv_upload(text))
    html = response.content.decode()
    assert response.status_code == 422
    assert '<td data-label="Line">2</td>' in html
    assert 'name="token"' not in html


def test_a_file_is_taken_only_by_whoever_looked_through_it_for_that_page(desk: Desk) -> None:
    html = desk.client.post(
        "/console/subscribers/import/", csv_upload(f"{HEAD}new@example.com,2024-04-01\n")
    ).content.decode()
    stranger = Client()
    stranger.force_login(Staff.objects.create_user("other@example.com", "correct horse battery"))
    stranger.post("/console/subscribers/import/take/", {"token": token_in(html)})
    other = make.page()
    desk.client.post("/console/pages/choose/", {"page": other.pk})
    desk.client.post("/console/subscribers/import/take/", {"token": token_in(html)})
    assert not Subscriber.objects.exists()


def test_too_large_a_file_is_refused(desk: Desk) -> None:
    response = desk.client.post("/console/subscribers/import/", csv_upload("x" * 2_000_001))
    assert response.status_code == 422
    assert "at most 2 MB" in response.content.decode()


@pytest.mark.parametrize("many", [1, 3])
def test_screens_cost_the_same_queries_for_any_number(
    desk: Desk, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = make.service(desk.page)
    for _ in range(many):
        reader = make.subscriber(desk.page, None, service)
    for _ in range(many):
        make.update(make.incident(desk.page, {service: "degraded"}), notify=True)
    with django_assert_num_queries(6):
        desk.client.get("/console/subscribers/")
    with django_assert_num_queries(10):
        desk.client.get(f"/console/subscribers/{reader.public_id}/")
