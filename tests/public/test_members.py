"""A customer signed in by their link: the page that everyone sees, and what is meant for them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.customer import add_note, create_customer, make_member_link, withdraw_note
from incidents.actions.maintenance import cancel_maintenance
from incidents.actions.page import set_visibility
from incidents.lib import times
from incidents.models import Customer, Incident, Page, Service
from incidents.queries import members
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", languages=["ja", "en"])


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, name="メール送信")


@pytest.fixture
def incident(page: Page, service: Service) -> Incident:
    incident = make.incident(page, {service: "degraded"}, title="メール送信の遅延")
    make.update(incident)
    return incident


@pytest.fixture
def customer(page: Page) -> Customer:
    return make_member_link(create_customer(page, name="株式会社アクメ"))


def signed_in(customer: Customer) -> Client:
    client = Client()
    response = client.post(f"/members/{members.link_token(customer)}")
    assert (response.status_code, response["Location"]) == (302, "/members")
    return client


def read(client: Client, address: str = "/members") -> str:
    response = client.get(address)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    return response.content.decode()


def test_opening_the_link_shows_a_button_and_signs_nobody_in(customer: Customer) -> None:
    client = Client()
    response = client.get(f"/members/{members.link_token(customer)}")
    assert response.status_code == 200 and "株式会社アクメ" in response.content.decode()
    assert not response.cookies
    assert client.get("/members").status_code == 403


def test_a_customer_sees_the_whole_page_and_what_is_meant_for_them_at_its_place(
    page: Page, customer: Customer, incident: Incident
) -> None:
    add_note(page, body="専用回線の**切替**を進めています。", customer_ids=[customer.pk], incident=incident)
    add_note(page, body="担当者が変わりました。", customer_ids=[customer.pk])
    html = read(signed_in(customer))
    assert "banner-degraded" in html and "メール送信の遅延" in html
    beginning, at_incident = html.split(f'id="{incident.reference}"')
    assert "担当者が変わりました。" in beginning
    assert "専用回線の<strong>切替</strong>を進めています。" in at_incident


def test_a_note_beside_an_incident_that_is_over_leads_to_it(
    page: Page, customer: Customer, incident: Incident
) -> None:
    add_note(page, body="補足です。", customer_ids=[customer.pk], incident=incident)
    make.update(incident, "resolved")
    html = read(signed_in(customer))
    note = html[html.index('class="note"') :].split("</article>")[0]
    assert f'href="/incidents/{incident.reference}"' in note and "補足です。" in note


def test_a_note_beside_a_maintenance_stands_at_it(page: Page, customer: Customer, service: Service) -> None:
    planned = make.maintenance(page, {service: "maintenance"}, title="更新作業")
    add_note(page, body="専用線は止まりません。", customer_ids=[customer.pk], maintenance=planned)
    html = read(signed_in(customer))
    assert "専用線は止まりません。" in html.split(f'id="m-{planned.public_id}"')[1].split("</article>")[0]
    cancel_maintenance(planned)
    note = read(signed_in(customer)).split('class="note"')[1].split("</article>")[0]
    assert f'href="/maintenance/{planned.public_id}"' in note and "更新作業" in note


def test_nobody_else_sees_it(page: Page, customer: Customer, incident: Incident) -> None:
    other = make_member_link(create_customer(page, name="Other"))
    add_note(page, body="Only for one", customer_ids=[customer.pk], incident=incident)
    add_note(page, body="Only for one", customer_ids=[customer.pk])
    assert "Only for one" not in read(signed_in(other))
    site = Site(page, times.now())
    published = [file.body.decode(errors="replace") for source in sources(site) for file in source.render()]
    assert published and not [body for body in published if "Only for one" in body or "アクメ" in body]
    for client in (Client(), signed_in(customer)):
        assert "Only for one" not in client.get("/").content.decode()


def test_a_note_is_in_the_readers_language_or_says_in_which_it_is(page: Page, customer: Customer) -> None:
    add_note(
        page, body="両方の言語", texts={"en": {"body": "In *both* languages"}}, customer_ids=[customer.pk]
    )
    add_note(page, body="日本語だけ", customer_ids=[customer.pk])
    client = signed_in(customer)
    english, japanese = read(client, "/en/members"), read(client)
    assert "In <em>both</em> languages" in english and "両方の言語" not in english
    assert '<div class="prose" lang="ja"><p>日本語だけ</p>' in english
    assert "両方の言語" in japanese and 'class="prose" lang' not in japanese


def test_a_withdrawn_note_is_gone(page: Page, customer: Customer) -> None:
    note = add_note(page, body="A slip", customer_ids=[customer.pk])
    client = signed_in(customer)
    assert "A slip" in read(client)
    withdraw_note(note)
    assert "A slip" not in read(client)


def test_a_note_beside_a_draft_waits_for_its_publication(
    page: Page, customer: Customer, service: Service
) -> None:
    draft = make.incident(page, {service: "degraded"}, title="Not yet public")
    add_note(page, body="Too early", customer_ids=[customer.pk], incident=draft)
    client = signed_in(customer)
    assert "Too early" not in read(client) and "Not yet public" not in read(client)
    make.update(draft)
    assert "Too early" in read(client)


def test_a_visit_lasts_half_a_day(customer: Customer) -> None:
    with time_machine.travel("2026-11-24 03:00:00Z", tick=False) as clock:
        client = signed_in(customer)
        kept = client.cookies["member"].value
        clock.shift(timedelta(hours=12, minutes=1))
        stale = Client()
        stale.cookies["member"] = kept
        assert stale.get("/members").status_code == 403


def test_another_link_ends_the_one_before_and_its_visits(customer: Customer) -> None:
    client, old = signed_in(customer), members.link_token(customer)
    make_member_link(customer)
    assert client.get("/members").status_code == 403
    assert Client().post(f"/members/{old}").status_code == 404


def test_a_link_is_good_on_its_own_page_alone(page: Page, customer: Customer) -> None:
    elsewhere = make_member_link(create_customer(make.page(), name="Elsewhere"))
    assert Client().post(f"/members/{members.link_token(elsewhere)}").status_code == 404
    for token in (
        members.feed_token(customer),
        members.visit_token(customer),
        "x",
        members.link_token(customer)[:-1],
    ):
        response = Client().post(f"/members/{token}")
        assert response.status_code == 404 and not response.cookies


def test_a_form_of_another_site_signs_nobody_in(customer: Customer) -> None:
    address = f"/members/{members.link_token(customer)}"
    response = Client().post(address, headers={"origin": "https://evil.example"})
    assert response.status_code == 403 and not response.cookies


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(customer: Customer) -> None:
    cookie = Client().post(f"/members/{members.link_token(customer)}").cookies["member"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        "Lax",
        "/",
        "",
    )


def test_a_hostile_note_is_text(page: Page, customer: Customer) -> None:
    add_note(page, body="<script>alert(1)</script> [x](javascript:alert(1))", customer_ids=[customer.pk])
    html = read(signed_in(customer))
    assert "<script>alert" not in html and "javascript:" not in html


def test_it_costs_the_same_queries_for_one_note_and_for_three(
    page: Page, customer: Customer, incident: Incident
) -> None:
    client = signed_in(customer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(client)
        return len(queries)

    add_note(page, body="one", customer_ids=[customer.pk], incident=incident)
    one = cost()
    for body in ("two", "three"):
        add_note(page, body=body, customer_ids=[customer.pk], incident=incident)
        add_note(page, body=body, customer_ids=[customer.pk])
    assert cost() == one


FEEDS = ("history.atom", "history.rss", "calendar.ics")


@pytest.fixture
def private(page: Page, incident: Incident) -> Page:
    make.maintenance(page, title="更新作業")
    return set_visibility(page, "private")


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_reader_without_a_cookie_reads_a_private_page_by_its_own_address(
    private: Page, customer: Customer, name: str
) -> None:
    address = f"/members/{members.feed_token(customer)}/{name}"
    assert f'href="{address}"' in read(signed_in(customer))
    for prefix in ("", "/en"):
        response = Client().get(prefix + address)
        assert response.status_code == 200 and len(response.content) > 200
        assert response["Cache-Control"] == "private, no-store"
        assert "Access-Control-Allow-Origin" not in response.headers
    assert (
        "メール送信の遅延"
        in Client().get(f"/members/{members.feed_token(customer)}/history.atom").content.decode()
    )


@pytest.mark.parametrize("name", FEEDS)
def test_a_feeds_address_ends_with_the_link_and_opens_nothing_else(
    private: Page, customer: Customer, name: str
) -> None:
    token = members.feed_token(customer)
    assert Client().post(f"/members/{token}").status_code == 403
    assert Client().get(f"/members/{token}/summary.json").status_code == 403
    assert Client().get(f"/members/{members.link_token(customer)}/{name}").status_code == 403
    assert Client().get(f"/confirm/{token}/{name}").status_code == 403
    make_member_link(customer)
    assert Client().get(f"/members/{token}/{name}").status_code == 403


def test_a_feeds_address_of_a_public_page_needs_its_token_too(page: Page, customer: Customer) -> None:
    assert Client().get("/members/x/history.atom").status_code == 404
    assert Client().get(f"/members/{members.feed_token(customer)}/history.atom").status_code == 200
