"""Who is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import (
    Delivery,
    DeliveryState,
    Edition,
    Follow,
    Incident,
    Page,
    Report,
    ReportState,
    Service,
    ServiceGroup,
    Stage,
    Subscriber,
    SubscriberState,
)
from incidents.notices import fanout
from incidents.notices.ledger import TAKEN_BACK
from tests import make
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
    assert sorted(notice.deliveries.values_list("state", "last_reply")) == [
        ("cancelled", TAKEN_BACK),
        ("queued", ""),
        ("sent", ""),
    ]


def test_a_report_is_told_to_readers_of_its_service_and_of_its_incident(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    make_subscriber(page, "archive@example.com", services=[archive])
    make_subscriber(page, "web@example.com", services=[web])
    make_subscriber(page, "third@example.com", services=[make_service(page, "Third")])
    make_update(incident, scope=degraded(web))
    notice = fanout.queue_report(make_report(incident, archive))
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


def test_a_group_stands_for_all_that_is_ever_in_it_and_in_groups_in_it(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    top = ServiceGroup.objects.create(page=page, name="Top")
    middle = ServiceGroup.objects.create(page=page, name="Middle", parent=top)
    lowest = ServiceGroup.objects.create(page=page, name="Lowest", parent=middle)
    for group in (top, middle, lowest):
        make_subscriber(page, f"{group.name.lower()}@example.com", services=[]).groups.add(group)
    make_subscriber(page, "other@example.com", services=[]).groups.add(
        ServiceGroup.objects.create(page=page, name="Other")
    )
    Service.objects.filter(pk=archive.pk).update(group=middle)
    assert heard(fanout.audience(page, [archive.pk])) == {"top@example.com", "middle@example.com"}
    make_service(page, "Later", group=lowest)
    later = Service.objects.get(name="Later")
    assert heard(fanout.audience(page, [later.pk])) == {
        "top@example.com",
        "middle@example.com",
        "lowest@example.com",
    }
    assert heard(fanout.audience(page, [web.pk])) == set()


def heard(told: QuerySet[Subscriber]) -> set[str]:
    return set(told.values_list("email", flat=True))


@pytest.mark.parametrize(
    ("chosen", "hears"),
    [
        ({}, "1 2 end after report"),
        ({"stages": "ends"}, "1 end report"),
        ({"wants_incidents": False}, "report"),
        ({"wants_reports": False}, "1 2 end after"),
        ({"wants_incidents": False, "wants_reports": False}, ""),
        ({"stages": "ends", "wants_reports": False}, "1 end"),
        ({"services": []}, ""),
        ({"services": [], "follow": "all"}, "1 2 end after report"),
        ({"services": [], "follow": "last"}, "end"),
        ({"follow": "last"}, "end report"),
        ({"stages": "ends", "follow": "all"}, "1 2 end after report"),
        ({"wants_incidents": False, "wants_reports": False, "follow": "all"}, "1 2 end after report"),
        ({"wants_incidents": False, "wants_reports": False, "follow": "last"}, "end"),
    ],
)
def test_each_choice_of_what_is_heard_of_an_incident(
    page: Page, archive: Service, incident: Incident, chosen: dict[str, Any], hears: str
) -> None:
    """The first update and one more, its end, what is said after the end, and its report."""
    follow = chosen.pop("follow", "")
    reader = make_subscriber(page, **chosen)
    if follow:
        Follow.objects.create(subscriber=reader, incident=incident, last_only=follow == "last")
    told = {}
    for number, name, stage in (
        (1, "1", Stage.INVESTIGATING),
        (2, "2", Stage.IDENTIFIED),
        (3, "end", Stage.RESOLVED),
        (4, "after", Stage.RESOLVED),
    ):
        update = make_update(incident, number, scope=degraded(archive), stage=stage)
        told[name] = fanout.queue_update(update, hold_until=timezone.now()).audience
    told["report"] = fanout.queue_report(make_report(incident, archive)).audience
    assert " ".join(name for name, audience in told.items() if audience) == hears


def make_report(incident: Incident, service: Service) -> Report:
    return Report.objects.create(
        incident=incident,
        service=service,
        number="HEA2020100801",
        state=ReportState.ISSUED,
        edition=Edition.FINAL,
        organisation="Example",
        subject="Delay",
        period_from=NOON,
        issued_on=NOON.date(),
        issued_at=NOON,
    )


@pytest.mark.parametrize(
    "narrowed", [{"wants_incidents": False}, {"all_services": False}, {"stages": "ends"}]
)
def test_who_was_told_hears_the_end_whatever_is_narrowed_then(
    page: Page, archive: Service, incident: Incident, narrowed: dict[str, Any]
) -> None:
    reader = make_subscriber(page)
    fanout.queue_update(make_update(incident, scope=degraded(archive)), hold_until=timezone.now())
    Subscriber.objects.filter(pk=reader.pk).update(**narrowed)
    end = make_update(incident, 2, scope=degraded(archive), stage=Stage.RESOLVED)
    assert fanout.queue_update(end, hold_until=timezone.now()).audience == 1


def test_an_update_of_the_reports_stage_is_for_those_who_want_reports(
    page: Page, archive: Service, incident: Incident
) -> None:
    make_subscriber(page, "reports@example.com", stages="ends")
    make_subscriber(page, "none@example.com", wants_reports=False)
    for number, stage in ((1, Stage.INVESTIGATING), (2, Stage.RESOLVED), (3, Stage.POSTMORTEM)):
        update = make_update(incident, number, scope=degraded(archive), stage=stage)
        notice = fanout.queue_update(update, hold_until=timezone.now())
    assert told(notice.deliveries) == {"reports@example.com"}


def test_a_reader_of_ends_hears_first_of_what_reached_it_late(
    page: Page, archive: Service, web: Service, incident: Incident
) -> None:
    """Its service came into the incident with the second update."""
    make_subscriber(page, services=[web], stages="ends")
    audiences = [
        fanout.queue_update(make_update(incident, number, scope=scope), hold_until=timezone.now()).audience
        for number, scope in ((1, degraded(archive)), (2, degraded(archive, web)), (3, degraded(web)))
    ]
    assert audiences == [0, 1, 0]


@pytest.mark.parametrize(
    ("chosen", "hears"),
    [
        ({}, "announced started completed"),
        ({"stages": "ends"}, "announced completed"),
        ({"wants_maintenance": False}, ""),
        ({"wants_incidents": False}, "announced started completed"),
    ],
)
def test_each_choice_of_what_is_heard_of_a_maintenance(chosen: dict[str, Any], hears: str) -> None:
    page = make.page()
    planned = make.maintenance(page)
    make.subscriber(page, **chosen)
    told = {}
    for number, (name, state) in enumerate(
        (("announced", "scheduled"), ("started", "in_progress"), ("completed", "completed")), start=2
    ):
        update = planned.updates.create(
            number=number,
            state=state,
            scheduled_from=planned.scheduled_from,
            scheduled_until=planned.scheduled_until,
            happened_at=NOON,
            published_at=NOON,
        )
        told[name] = fanout.queue_maintenance(update, hold_until=timezone.now()).audience
    assert " ".join(name for name, audience in told.items() if audience) == hears


def test_readers_of_another_page_follow_an_incident_that_it_shows() -> None:
    owner, showing = make.page(), make.page()
    mail = make.service(owner)
    showing.also_shows.add(mail)
    incident = make.incident(owner, {mail: "degraded"})
    reader = make.subscriber(showing)
    Subscriber.objects.filter(pk=reader.pk).update(all_services=False)
    Follow.objects.create(subscriber=reader, incident=incident)
    update = make.update(incident, notify=True)
    assert update.notice.audience == 1
    Page.objects.filter(pk=owner.pk).update(visibility="private")
    incident.refresh_from_db()
    assert make.update(incident, "identified", notify=True).notice.audience == 0


def test_an_audience_is_fixed_by_one_statement_whatever_was_chosen(
    page: Page, archive: Service, incident: Incident
) -> None:
    group = ServiceGroup.objects.create(page=page, name="Security")
    Service.objects.filter(pk=archive.pk).update(group=group)

    def cost(number: int) -> tuple[int, int]:
        for reader in make_subscribers(page, number, stem=f"all{number}-"):
            Follow.objects.create(subscriber=reader, incident=incident)
        for reader in make_subscribers(page, number, stem=f"group{number}-", all_services=False):
            reader.groups.add(group)
        for reader in make_subscribers(page, number, stem=f"ends{number}-", stages="ends"):
            reader.services.add(archive)
        update = make_update(incident, number, scope=degraded(archive))
        with CaptureQueriesContext(connection) as queries:
            fanout.queue_update(update, hold_until=timezone.now())
        fixing = [q for q in queries.captured_queries if "INTO incidents_audiencepart" in q["sql"]]
        return len(queries), len(fixing)

    assert cost(1) == cost(3) == (12, 1)
