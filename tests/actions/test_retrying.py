from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.retrying import Retried, retry_failed
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    Incident,
    Notice,
    Page,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
    Throttle,
)
from incidents.notices import outbox, throttle
from incidents.notices.channels.webhook import new_secret
from incidents.notices.fanout import queue_personal
from incidents.queries.suppressions import suppression_key
from tests import make
from tests.endpoints import Endpoints, endpoints
from tests.smtp import Sink, sink

__all__ = ["endpoints", "sink"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def incident(page: Page) -> Incident:
    return make.incident(page)


def fail(incident: Incident, *names: str, state: str = "failed") -> Notice:
    """One update that nobody got."""
    for name in names:
        make.subscriber(incident.page, f"{name}@example.com")
    make.update(incident, notify=True)
    notice = Notice.objects.latest("pk")
    notice.deliveries.update(state=state, attempts=3, crashes=3, last_code="550", last_reply="5.7.1 policy")
    return notice


def of(name: str) -> Delivery:
    return Delivery.objects.get(subscriber__email=f"{name}@example.com")


@pytest.mark.parametrize("state", ["failed", "parked"])
def test_failed_and_parked_mails_are_sent_again_as_if_never_tried(incident: Incident, state: str) -> None:
    notice = fail(incident, "a", "b", state=state)
    assert retry_failed(notice) == Retried(queued=2, gone=0, overtaken=0)
    mail = of("a")
    assert (mail.state, mail.attempts, mail.crashes) == ("queued", 0, 0)
    assert mail.next_attempt_at <= timezone.now()
    assert mail.expires_at == notice.expires_at
    assert mail.last_reply == "5.7.1 policy"


def test_what_had_a_lane_that_is_forgotten_is_sent_all_the_same(
    incident: Incident, sink: Sink, endpoints: Endpoints
) -> None:
    own = {"channel": "webhook", "endpoint": endpoints.url(), "secret": new_secret()}
    make.subscriber(incident.page, "owner@example.com", **own)
    notice = fail(incident, "a")
    Delivery.objects.filter(channel="email").update(lane="example.com")
    Throttle.objects.all().delete()
    retry_failed(notice)
    assert outbox.deliver_due() == 2
    assert endpoints.posted and sink.copies == {"a@example.com": 1}


def test_a_mail_sent_again_goes_by_the_lane_that_its_domain_has_now(incident: Incident) -> None:
    notice = fail(incident, "a")
    throttle.open_lane("example.com")
    retry_failed(notice)
    assert of("a").lane == "example.com"


@pytest.mark.parametrize("state", ["sent", "expired", "cancelled", "held", "queued"])
def test_nothing_else_is_touched(incident: Incident, state: str) -> None:
    notice = fail(incident, "a", "b")
    sent_at = timezone.now() if state == "sent" else None
    Delivery.objects.filter(pk=of("b").pk).update(state=state, sent_at=sent_at)
    assert retry_failed(notice).queued == 1
    assert of("b").state == state


@pytest.mark.parametrize("state", [SubscriberState.UNSUBSCRIBED, SubscriberState.DISABLED])
def test_whoever_left_is_not_written_to(incident: Incident, state: str) -> None:
    notice = fail(incident, "a", "left")
    Subscriber.objects.filter(email="left@example.com").update(state=state)
    assert retry_failed(notice) == Retried(queued=1, gone=1, overtaken=0)
    assert of("left").state == "failed"


def test_suppressed_and_paused_addresses_are_not_written_to(incident: Incident) -> None:
    notice = fail(incident, "a", "suppressed", "paused")
    Suppression.objects.create(
        address=suppression_key("suppressed@example.com"), reason=SuppressionReason.BOUNCE
    )
    later = timezone.now() + timedelta(days=1)
    Subscriber.objects.filter(email="paused@example.com").update(paused_until=later)
    assert retry_failed(notice) == Retried(queued=1, gone=2, overtaken=0)


def test_nobody_gets_an_older_update_after_a_newer_one(incident: Incident) -> None:
    notice = fail(incident, "a", "b")
    make.update(incident, "identified", notify=True)
    later = Notice.objects.latest("pk")
    later.deliveries.filter(subscriber__email="b@example.com").update(state="sent", sent_at=timezone.now())
    assert retry_failed(notice) == Retried(queued=1, gone=0, overtaken=1)
    assert notice.deliveries.get(subscriber__email="b@example.com").state == "failed"


def test_past_its_life_staff_must_say_that_it_is_still_worth_sending(incident: Incident) -> None:
    notice = fail(incident, "a")
    Notice.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    notice.refresh_from_db()
    with pytest.raises(Refused, match="past its life") as refused:
        retry_failed(notice)
    assert refused.value.field == "fresh_life"
    assert of("a").state == "failed"
    retry_failed(notice, fresh_life=True)
    assert timedelta(hours=23) < of("a").expires_at - timezone.now() <= timedelta(hours=24)


def test_there_must_be_something_to_send_again(incident: Incident) -> None:
    notice = fail(incident, "a")
    retry_failed(notice)
    with pytest.raises(Refused, match="nothing of this notice has failed"):
        retry_failed(notice)


def test_where_nobody_can_be_reached_nothing_is_recorded(incident: Incident) -> None:
    notice = fail(incident, "a")
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED)
    with pytest.raises(Refused, match="all of them have left"):
        retry_failed(notice)
    assert not AuditEntry.objects.filter(action="retry_failed_mails").exists()


def test_a_mail_to_one_person_is_asked_for_again_by_that_person(page: Page) -> None:
    notice = queue_personal("confirm", make.subscriber(page))
    notice.deliveries.update(state="failed")
    with pytest.raises(Refused, match="one person"):
        retry_failed(notice)


def test_who_sent_again_is_on_the_record(incident: Incident) -> None:
    staff = make.staff()
    retry_failed(fail(incident, "a"), actor=staff)
    entry = AuditEntry.objects.get(action="retry_failed_mails")
    assert (entry.actor, entry.object_type, entry.after) == (
        staff,
        "notice",
        {"queued": 1, "gone": 0, "overtaken": 0},
    )
