"""Builders for what comes back of mails."""

from datetime import datetime

from django.utils import timezone

from incidents.actions.bounce import Heard, hear_of_delivery
from incidents.models import Delivery, DeliveryState, MailEventKind, Page, Subscriber
from incidents.notices.links import return_path
from tests import make

BOUNCE_DOMAIN = "bounces.example"
GONE = "550 5.1.1 <reader@example.com>: unknown"


def told(page: Page, *, sent_at: datetime | None = None) -> list[Delivery]:
    """A new incident's first update, sent to all subscribers of the page."""
    update = make.update(make.incident(page), notify=True)
    at = sent_at or timezone.now()
    mails = Delivery.objects.filter(notice__update=update)
    mails.update(state=DeliveryState.SENT, sent_at=at, next_attempt_at=at)
    return list(mails.order_by("subscriber"))


def waiting(page: Page) -> list[Delivery]:
    """As `told`, and not sent yet."""
    update = make.update(make.incident(page), notify=True)
    Delivery.objects.filter(notice__update=update).update(next_attempt_at=timezone.now())
    return list(Delivery.objects.filter(notice__update=update).order_by("subscriber"))


def bounce(delivery: Delivery, kind: str = "hard", *, code: str = "5.1.1", words: str = GONE) -> bool:
    heard = Heard(MailEventKind(kind), "report", code=code, words=words)
    return hear_of_delivery(delivery.public_id, heard)


def soft(delivery: Delivery) -> bool:
    return bounce(delivery, "soft", code="4.2.2", words="452 4.2.2 mailbox full")


def return_path_of(delivery: Delivery) -> str:
    """While BOUNCE_DOMAIN is set."""
    return return_path(delivery.public_id, fallback="")


def fresh(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.get(pk=subscriber.pk)
