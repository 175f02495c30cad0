"""Who is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import (
    Delivery,
    DeliveryState,
    Edition,
    Incident,
    Page,
    Report,
    ReportState,
    Service,
    SubscriberState,
)
from incidents.notices import fanout
from tests.make_notices import (
    NOON,
    degraded,
    make_incident,
    make_page,
    make_service,
    make_subscriber,
    make_subscribers,
    make_update,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make_page()


@pytest.fixture
def archive(page: Page) -> Service:
    return make_service(page)


@pytest.fixture
def web(page: Page) -> Service:
    return make_service(page, "Web filter")


@pytest.fixture
def incident(page: Page) -> Incident:
    return make_incident(page)


def told(notice_deliveries: object) -> set[str]:
    return set(notice_deliveries.values_list("subscriber__email", flat=True))  # type: ignore[attr-defined]


def test_those_are_told_who_take_all_services_or_one_that_is_hit(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    make_subscriber(page, "all@example.com")
    make_subscriber(page, "archive@example.com", services=[archive])
    make_subscriber(page, "both@example.com", services=[archive, web])
    make_subscriber(page, "web@example.com", services=[web])
    make_subscriber(make_page(host="other.example"), "elsewhere@example.com")
    notice = fanout.queue_update(make_update(incident, scope=degraded(archive)), hold_until=timezone.now())
    assert told(notice.deliveries) == {"all@example.com", "archive@example.com", "both@example.com"}
    assert notice.audience == 3


@pytest.mark.parametrize("state", [SubscriberState.PENDING, SubscriberState.UNSUBSCRIBED])
def test_nobody_is_told_who_has_not_confirmed_or_has_left(
    page: Page, incident: Incident, state: SubscriberState
) -> None:
    make_subscriber(page, state=state)
    assert fanout.queue_update(make_update(incident), hold_until=timezone.now()).audience == 0


def test_who_heard_of_an_incident_hears_of_its_end_whatever_it_has_narrowed_to(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    reader = make_subscriber(page, "web@example.com", services=[web])
    fanout.queue_update(make_update(incident, scope=degraded(archive, web)), hold_until=timezone.now())
    reader.services.set([make_service(page, "Third")])
    notice = fanout.queue_update(make_update(incident, 2, scope=degraded(archive)), hold_until=timezone.now())
    assert told(notice.deliveries) == {"web@example.com"}


def test_a_service_that_an_earlier_update_named_still_counts(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    make_update(incident, scope=degraded(web))
    make_subscriber(page, "web@example.com", services=[web])
    notice = fanout.queue_update(make_update(incident, 2, scope=degraded(archive)), hold_until=timezone.now())
    assert told(notice.deliveries) == {"web@example.com"}


def test_who_was_cancelled_has_not_been_told(page: Page, archive: Service, incident: Incident) -> None:
    reader = make_subscriber(page)
    first = make_update(incident, scope=degraded(archive))
    fanout.queue_update(first, hold_until=timezone.now() + timedelta(seconds=30))
    assert fanout.cancel_update(first) == 1
    reader.all_services = False
    reader.save()
    assert fanout.audience(page, [archive.pk], incident).count() == 0


def test_the_audience_shown_is_the_audience_told(page: Page, archive: Service, incident: Incident) -> None:
    make_subscribers(page, 3)
    make_subscriber(page, services=[archive])
    shown = fanout.audience(page, [archive.pk], incident).count()
    notice = fanout.queue_update(make_update(incident, scope=degraded(archive)), hold_until=timezone.now())
    assert shown == notice.audience == notice.deliveries.count() == 4


def test_a_delivery_waits_for_the_hold_and_lives_a_day(page: Page, incident: Incident) -> None:
    make_subscribers(page, 2)
    hold_until = timezone.now() + timedelta(seconds=30)
    notice = fanout.queue_update(make_update(incident), hold_until=hold_until)
    one, two = notice.deliveries.all()
    assert one.next_attempt_at == two.next_attempt_at == hold_until
    assert one.expires_at == hold_until + timedelta(hours=24)
    assert (one.thread, one.sequence, one.lane, one.domain) == (
        f"incident-{incident.pk}",
        1,
        "notices",
        "example.com",
    )
    assert len({one.public_id, two.public_id}) == 2
    assert {len(one.public_id), len(two.public_id)} == {32}


def test_notices_of_an_incident_are_numbered_in_their_order(page: Page, incident: Incident) -> None:
    numbers = [
        fanout.queue_update(make_update(incident, n), hold_until=timezone.now()).sequence for n in (1, 2)
    ]
    assert numbers == [1, 2]


def test_only_what_has_not_been_tried_can_be_taken_back(page: Page, incident: Incident) -> None:
    make_subscribers(page, 3)
    update = make_update(incident)
    notice = fanout.queue_update(update, hold_until=timezone.now())
    tried, gone = notice.deliveries.all()[:2]
    Delivery.objects.filter(pk=tried.pk).update(attempts=1)
    Delivery.objects.filter(pk=gone.pk).update(state=DeliveryState.SENT, sent_at=timezone.now())
    assert fanout.cancel_update(update) == 1
    assert sorted(notice.deliveries.values_list("state", flat=True)) == ["cancelled", "queued", "sent"]


def test_a_report_is_told_to_readers_of_its_service_and_of_its_incident(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    make_subscriber(page, "archive@example.com", services=[archive])
    make_subscriber(page, "web@example.com", services=[web])
    make_subscriber(page, "third@example.com", services=[make_service(page, "Third")])
    make_update(incident, scope=degraded(web))
    report = Report.objects.create(
        incident=incident,
        service=archive,
        number="HEA2020100801",
        state=ReportState.ISSUED,
        edition=Edition.FINAL,
        organisation="Example",
        subject="Delay",
        period_from=NOON,
        issued_on=NOON.date(),
        issued_at=NOON,
    )
    notice = fanout.queue_report(report)
    assert told(notice.deliveries) == {"archive@example.com", "web@example.com"}


def test_a_personal_mail_goes_ahead_of_fan_outs_and_lives_two_days(page: Page) -> None:
    newcomer = make_subscriber(page, state=SubscriberState.PENDING, confirmed_at=None)
    delivery = fanout.queue_personal("confirm", newcomer).deliveries.get()
    assert (delivery.lane, delivery.thread, delivery.domain) == ("personal", "", "example.com")
    assert delivery.expires_at - delivery.next_attempt_at == timedelta(hours=48)


def test_a_thousand_are_queued_by_the_same_statements_as_one(
    page: Page, archive: Service, incident: Incident, django_assert_num_queries: Callable[..., Any]
) -> None:
    make_subscriber(page)
    one, many = (make_update(incident, number, scope=degraded(archive)) for number in (1, 2))
    with django_assert_num_queries(12):
        assert fanout.queue_update(one, hold_until=timezone.now()).audience == 1
    make_subscribers(page, 1000)
    with django_assert_num_queries(12):
        assert fanout.queue_update(many, hold_until=timezone.now()).audience == 1001
