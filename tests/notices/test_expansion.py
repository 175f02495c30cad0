"""From a fixed audience to deliveries, in parts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.housekeeping import expire_old_rows
from incidents.models import (
    AudiencePart,
    Delivery,
    DeliveryState,
    Incident,
    Notice,
    OutboxWatch,
    Subscriber,
    SubscriberState,
)
from incidents.notices import expansion, fanout, outbox
from tests.make_notices import make_incident, make_page, make_subscriber, make_subscribers, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(monkeypatch: pytest.MonkeyPatch) -> Incident:
    """With five readers, which are three parts."""
    monkeypatch.setattr(expansion, "PART", 2)
    page = make_page()
    make_subscribers(page, 5)
    return make_incident(page)


def publish(incident: Incident, number: int = 1) -> Notice:
    return fanout.queue_update(make_update(incident, number), hold_until=timezone.now())


def expand_next() -> bool:
    return expansion.expand_next(now=timezone.now())


def repair(later: timedelta = timedelta(minutes=2)) -> int:
    return expansion.repair(now=timezone.now() + later)


def test_a_large_audience_is_fixed_when_published_and_expanded_by_the_senders(incident: Incident) -> None:
    notice = publish(incident)
    assert (notice.audience, notice.deliveries.count()) == (5, 0)
    assert [expand_next() for _ in range(4)] == [True, True, True, False]
    assert notice.deliveries.count() == 5


def test_a_pass_expands_and_sends(incident: Incident, sink: Sink) -> None:
    publish(incident)
    assert outbox.deliver_due() == 5
    assert len(sink.copies) == 5


def test_choices_made_after_publication_change_nobodys_part_in_it(incident: Incident) -> None:
    notice = publish(incident)
    make_subscriber(incident.page, "late@example.com")
    Subscriber.objects.filter(email="reader00000@example.com").update(all_services=False)
    while expand_next():
        pass
    told = set(notice.deliveries.values_list("subscriber__email", flat=True))
    assert told == {f"reader0000{n}@example.com" for n in range(5)}


def test_who_leaves_before_the_expansion_is_not_written_to(incident: Incident, sink: Sink) -> None:
    publish(incident)
    Subscriber.objects.filter(email="reader00000@example.com").update(state=SubscriberState.UNSUBSCRIBED)
    assert outbox.deliver_due() == 4
    assert "reader00000@example.com" not in sink.copies


def test_who_is_erased_before_the_expansion_is_left_out(incident: Incident) -> None:
    notice = publish(incident)
    Subscriber.objects.filter(email="reader00000@example.com").delete()
    while expand_next():
        pass
    assert notice.deliveries.count() == 4


def test_the_next_update_is_written_after_all_deliveries_of_the_one_before(incident: Incident) -> None:
    first = publish(incident)
    publish(incident, 2)
    assert first.deliveries.count() == 5


def test_mails_taken_back_before_the_expansion_are_all_taken_back(incident: Incident) -> None:
    update = make_update(incident)
    notice = fanout.queue_update(update, hold_until=timezone.now() + timedelta(seconds=30))
    assert fanout.cancel_update(update) == 5
    assert set(notice.deliveries.values_list("state", flat=True)) == {DeliveryState.CANCELLED}
    assert not expand_next()


def test_a_part_expanded_twice_makes_no_second_delivery(incident: Incident) -> None:
    notice = publish(incident)
    for _ in range(2):
        AudiencePart.objects.update(expanded_at=None)
        while expand_next():
            pass
    assert notice.deliveries.count() == 5


def test_a_sweep_queues_what_a_published_notice_lacks(incident: Incident, sink: Sink) -> None:
    notice = publish(incident)
    assert outbox.deliver_due() == 5
    Delivery.objects.filter(
        subscriber__email__in=["reader00001@example.com", "reader00004@example.com"]
    ).delete()
    assert repair() == 2
    assert notice.deliveries.filter(state=DeliveryState.QUEUED).count() == 2
    assert repair() == 0


@pytest.mark.parametrize("later", [timedelta(seconds=30), timedelta(hours=25)])
def test_a_sweep_leaves_notices_alone_that_are_fresh_or_have_expired(
    incident: Incident, later: timedelta
) -> None:
    publish(incident)
    while expand_next():
        pass
    Delivery.objects.first().delete()  # type: ignore[union-attr]
    assert repair(later) == 0


def test_a_sweep_brings_nobody_back_who_has_left(incident: Incident) -> None:
    publish(incident)
    while expand_next():
        pass
    Subscriber.objects.filter(email="reader00000@example.com").update(state=SubscriberState.UNSUBSCRIBED)
    Delivery.objects.filter(subscriber__email="reader00000@example.com").delete()
    assert repair() == 0


def test_a_sweep_leaves_what_is_still_to_be_expanded(incident: Incident) -> None:
    publish(incident)
    assert repair() == 0
    assert not Delivery.objects.exists()


def test_a_pass_sweeps_now_and_then(incident: Incident, sink: Sink) -> None:
    publish(incident)
    outbox.deliver_due()
    Delivery.objects.first().delete()  # type: ignore[union-attr]
    long_ago = timezone.now() - timedelta(minutes=5)
    Notice.objects.update(created_at=long_ago)
    OutboxWatch.objects.update(swept_at=long_ago)
    assert outbox.deliver_due() == 1


def test_the_list_of_an_audience_is_kept_until_a_day_after_its_notice_expired(incident: Incident) -> None:
    notice = publish(incident)
    expire_old_rows()
    assert notice.audience_parts.exists()
    Notice.objects.update(expires_at=timezone.now() - timedelta(days=1, minutes=1))
    expire_old_rows()
    assert not notice.audience_parts.exists()
