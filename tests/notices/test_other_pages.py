"""Who is told, and in which words, where another page shows a service."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions.page import choose_services, set_visibility
from incidents.actions.report import draft_report
from incidents.lib.owner import new_owner
from incidents.models import Delivery, DeliveryState, Lane, Notice, Page, Service
from incidents.notices import fanout, lease
from incidents.notices.ledger import HIDDEN
from incidents.notices.outbox import deliver_due
from incidents.notices.render import Mailroom
from incidents.queries import board
from tests import make
from tests.smtp import Sink, sink

__all__ = ["sink"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.SITE_URL = "https://owner.example"
    settings.DEFAULT_FROM_EMAIL = "status@owner.example"


@pytest.fixture
def owner() -> Page:
    return make.page(host="owner.example", name="Owner")


@pytest.fixture
def mail(owner: Page) -> Service:
    return make.service(owner, slug="mail", name="Mail")


@pytest.fixture
def archive(owner: Page) -> Service:
    return make.service(owner, slug="archive", name="Archive")


@pytest.fixture
def showing(mail: Service) -> Page:
    page = make.page(host="showing.example", name="Showing", time_zone="UTC")
    choose_services(page, [mail.pk, make.service(make.page()).pk])
    return page


def told(notice: Notice) -> list[str]:
    return sorted(notice.deliveries.values_list("subscriber__email", flat=True))


def tell(page: Page, *services: Service) -> Notice:
    update = make.update(make.incident(page, dict.fromkeys(services, "degraded")), notify=True)
    return update.notice


def letter(notice: Notice, email: str) -> EmailMessage:
    delivery = Delivery.objects.select_related("subscriber").get(notice=notice, subscriber__email=email)
    return message_from_bytes(Mailroom().letter(delivery).data, policy=policy.default)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_subscribers_of_every_page_that_shows_what_is_hit_are_told(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    own = make.service(showing)
    make.subscriber(owner, "owner@example.com")
    make.subscriber(showing, "all@example.com")
    make.subscriber(showing, "mail@example.com", mail)
    make.subscriber(showing, "own@example.com", own)
    make.subscriber(make.page(), "stranger@example.com")
    assert told(tell(owner, mail)) == ["all@example.com", "mail@example.com", "owner@example.com"]
    assert told(tell(owner, archive)) == ["owner@example.com"]
    assert told(tell(showing, own)) == ["all@example.com", "own@example.com"]


def test_an_address_is_told_once_for_each_page_it_subscribed_on(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    for page in (owner, showing):
        make.subscriber(page, "both@example.com", mail, *([archive] if page == owner else []))
    notice = tell(owner, mail, archive)
    assert told(notice) == ["both@example.com", "both@example.com"]
    assert sorted(notice.deliveries.values_list("subscriber__page__name", flat=True)) == ["Owner", "Showing"]


def test_a_mail_leads_to_the_readers_own_page_and_names_what_that_shows(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    make.subscriber(owner, "owner@example.com")
    make.subscriber(showing, "showing@example.com")
    notice = tell(owner, mail, archive)
    theirs, others = letter(notice, "owner@example.com"), letter(notice, "showing@example.com")
    assert "https://owner.example/incidents/" in text_of(theirs) and "Archive" in text_of(theirs)
    assert "https://showing.example/incidents/" in text_of(others)
    assert "owner.example" not in str(others).replace("status@owner.example", "")
    assert "Archive" not in text_of(others) and "Mail" in text_of(others)
    assert others["List-Id"] == '"Showing" <notices.showing.example>'
    assert "https://showing.example/unsubscribe/" in others["List-Unsubscribe"]
    assert others["Message-ID"].endswith("@showing.example>")
    assert "協定世界時" in text_of(others) or "UTC" in text_of(others)


def test_one_pass_sends_each_its_own_words(
    owner: Page, showing: Page, mail: Service, sink: Sink, settings: Any
) -> None:
    settings.SITE_URL = "https://owner.example"
    for number in range(2):
        make.subscriber(owner, f"owner{number}@example.com")
        make.subscriber(showing, f"showing{number}@example.com")
    Page.objects.update(hold_seconds=0)
    tell(Page.objects.get(pk=owner.pk), mail)
    assert deliver_due(seconds=20) == 4
    for received in sink.received:
        message = message_from_bytes(received.raw, policy=policy.default)
        host = "owner.example" if str(message["To"]).startswith("owner") else "showing.example"
        assert f"https://{host}/incidents/" in text_of(message)


def test_who_is_told_first_on_another_page_is_told_the_end_too(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    reader = make.subscriber(showing, "reader@example.com", mail)
    incident = make.incident(owner, {mail: "degraded", archive: "degraded"})
    make.update(incident, notify=True)
    reader.services.set([make.service(showing)])
    end = make.update(incident, "resolved", scope={archive: "degraded"}, notify=True)
    assert told(end.notice) == ["reader@example.com"]


def test_a_report_is_told_to_the_same_pages(owner: Page, showing: Page, mail: Service) -> None:
    make.subscriber(showing, "reader@example.com")
    incident = make.incident(owner, {mail: "degraded"})
    make.update(incident)
    make.update(incident, "resolved")
    report = draft_report(incident)
    assert told(fanout.queue_report(report)) == ["reader@example.com"]


def test_a_service_that_is_not_shown_any_more_brings_no_mail(
    owner: Page, showing: Page, mail: Service
) -> None:
    make.subscriber(showing, "all@example.com")
    make.subscriber(showing, "mail@example.com", mail)
    choose_services(showing, [])
    assert told(tell(owner, mail)) == []


def test_subscribers_of_other_pages_hear_nothing_of_a_private_one(
    owner: Page, showing: Page, mail: Service
) -> None:
    make.subscriber(owner, "owner@example.com")
    make.subscriber(showing, "showing@example.com")
    showing.also_shows.add(mail)
    Page.objects.filter(pk=owner.pk).update(visibility="private")
    assert told(tell(Page.objects.get(pk=owner.pk), mail)) == ["owner@example.com"]


def test_a_mail_that_waits_is_not_sent_once_its_page_is_private(
    owner: Page, showing: Page, mail: Service, sink: Sink
) -> None:
    make.subscriber(owner, "owner@example.com")
    make.subscriber(showing, "showing@example.com")
    Page.objects.update(hold_seconds=0)
    notice = tell(Page.objects.get(pk=owner.pk), mail)
    Page.objects.filter(pk=owner.pk).update(visibility="private")
    assert deliver_due(seconds=20) == 1
    states = dict(notice.deliveries.values_list("subscriber__email", "state"))
    assert states == {"owner@example.com": DeliveryState.SENT, "showing@example.com": DeliveryState.CANCELLED}


def test_a_batch_loads_pages_by_the_same_queries_for_one_and_for_three(owner: Page, mail: Service) -> None:
    def cost(count: int) -> int:
        Delivery.objects.all().delete()
        for _ in range(count):
            page = make.page()
            choose_services(page, [mail.pk])
            make.subscriber(page)
        tell(owner, mail)
        Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
        with CaptureQueriesContext(connection) as queries:
            assert len(lease.claim(new_owner(), Lane.NOTICES, wanted=20, now=timezone.now())) >= count
        return len(queries)

    assert cost(1) == cost(3)


def test_each_pages_console_sees_the_mail_of_its_own_subscribers(
    owner: Page, showing: Page, mail: Service
) -> None:
    make.subscriber(showing, "showing@example.com")
    tell(owner, mail)
    Delivery.objects.update(state=DeliveryState.FAILED)
    assert board.mail_health(owner).failed == 0
    assert board.mail_health(showing).failed == 1
    assert board.lost_deliveries(owner, limit=9) == []
    assert [d.reader.email for d in board.lost_deliveries(showing, limit=9)] == ["showing@example.com"]


def test_a_page_made_private_takes_back_what_waits_for_others(
    owner: Page, showing: Page, mail: Service
) -> None:
    make.subscriber(showing, "showing@example.com")
    notice = tell(owner, mail)
    set_visibility(owner, "private")
    taken = notice.deliveries.get()
    assert (taken.state, taken.last_reply) == (DeliveryState.CANCELLED, HIDDEN)


def test_maintenance_is_told_with_the_services_and_the_address_of_the_readers_page(
    owner: Page, showing: Page, mail: Service, archive: Service
) -> None:
    make.subscriber(owner, "owner@example.com")
    make.subscriber(showing, "showing@example.com")
    planned = make.maintenance(owner, {mail: "maintenance", archive: "maintenance"}, notify=True)
    notice = planned.notices.get()
    assert told(notice) == ["owner@example.com", "showing@example.com"]
    theirs, others = (text_of(letter(notice, email)) for email in told(notice))
    assert "Archive" in theirs and f"https://owner.example/maintenance/{planned.public_id}" in theirs
    assert "Archive" not in others and f"https://showing.example/maintenance/{planned.public_id}" in others
