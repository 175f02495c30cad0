"""Sending what is due, to a real SMTP server."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.models import Delivery, DeliveryState, SubscriberState
from incidents.notices import fanout, outbox
from incidents.notices.breaker import FAILURES, Breaker
from incidents.notices.channels.email import Limits, SmtpSender
from tests.make_notices import (
    degraded,
    make_incident,
    make_page,
    make_service,
    make_subscriber,
    make_subscribers,
    make_update,
)
from tests.smtp import Sink

pytestmark = pytest.mark.django_db


def test_every_subscriber_gets_one_mail(sink: Sink) -> None:
    page = make_page()
    make_subscribers(page, 30)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert outbox.deliver_due() == 30
    assert sink.copies == {f"reader{n:05}@example.com": 1 for n in range(30)}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert sink.connections == 1
