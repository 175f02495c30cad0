from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions import outbox
from incidents.models import AuditEntry, Delivery, DeliveryState, Page
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    """With one held mail, and one of another page."""
    pages = [make.page(), make.page()]
    for page in pages:
        make.subscriber(page)
        make.update(make.incident(page), notify=True)
    long_ago = timezone.now() - timedelta(days=2)
    Delivery.objects.update(state=DeliveryState.HELD, next_attempt_at=long_ago, expires_at=long_ago)
    return pages[0]


def states(page: Page) -> tuple[str, str]:
    own = Delivery.objects.get(subscriber__page=page)
    other = Delivery.objects.exclude(pk=own.pk).get()
    return own.state, other.state


def test_held_mails_are_sent_as_if_published_now(page: Page) -> None:
    assert outbox.send_held(page, actor=make.staff()) == 1
    assert states(page) == (DeliveryState.QUEUED, DeliveryState.HELD)
    mail = Delivery.objects.get(subscriber__page=page)
    assert abs(mail.next_attempt_at - timezone.now()) < timedelta(seconds=5)
    assert mail.expires_at - mail.next_attempt_at == timedelta(hours=24)


def test_held_mails_expire_with_a_reason(page: Page) -> None:
    assert outbox.expire_held(page) == 1
    assert states(page) == (DeliveryState.EXPIRED, DeliveryState.HELD)
    assert "staff let it expire" in Delivery.objects.get(subscriber__page=page).last_reply


def test_what_staff_decide_is_on_the_record(page: Page) -> None:
    staff = make.staff()
    outbox.send_held(page, actor=staff)
    entry = AuditEntry.objects.get(action="send_held_mails")
    assert (entry.actor, entry.after) == (staff, {"mails": 1})
