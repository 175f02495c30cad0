"""Mails to many of a page whose mail is paused. They stand in a lane that no sender serves, so that they cost
the others nothing and cannot expire there. Webhooks, chats and text messages go on: no mail of theirs came back."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from incidents.models import PAUSED_LANE, UPDATE_LIFE, Channel, Delivery, DeliveryState, Lane, Page
from incidents.notices.render import TOLD_TO_MANY


def paused_lane(page_id: int) -> str:
    return f"{PAUSED_LANE}{page_id}"


def is_paused(delivery: Delivery) -> bool:
    """By what was loaded with it."""
    return _is_mail_to_many(delivery) and delivery.reader.page.mail_paused_at is not None


def paused_until(delivery: Delivery) -> datetime | None:
    """Until when its subscriber is spared, since mails came back."""
    return delivery.reader.paused_until if _is_mail_to_many(delivery) else None


def _is_mail_to_many(delivery: Delivery) -> bool:
    return delivery.channel == Channel.EMAIL and delivery.notice.kind in TOLD_TO_MANY


def set_aside(page: Page) -> int:
    """What waits for the page's subscribers; what comes later is written aside."""
    mails = Delivery.objects.filter(channel=Channel.EMAIL, notice__kind__in=TOLD_TO_MANY)
    waiting = mails.filter(state=DeliveryState.QUEUED, subscriber__page=page)
    lane = paused_lane(page.pk)
    return _of(waiting.exclude(lane=lane)).update(lane=lane)


def let_go(page: Page) -> int:
    """They count as published now, so that none expires for having waited."""
    return _release(Delivery.objects.filter(lane=paused_lane(page.pk), state=DeliveryState.QUEUED))


def tidy_up() -> None:
    """What was written in the very moment in which its page was paused, or went on."""
    for page in Page.objects.exclude(mail_paused_at=None):
        set_aside(page)
    going_on = Page.objects.filter(mail_paused_at=None).values_list("pk", flat=True)
    lanes = [paused_lane(page_id) for page_id in going_on]
    strays = Delivery.objects.filter(lane__in=lanes, state=DeliveryState.QUEUED)
    if strays.exists():
        _release(strays)


def _release(waiting: QuerySet[Delivery]) -> int:
    lives_until: datetime = timezone.now() + UPDATE_LIFE
    chosen = _of(waiting)
    chosen.filter(expires_at__lt=lives_until).update(expires_at=lives_until)
    return chosen.update(lane=Lane.NOTICES)


def _of(waiting: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=waiting.values("pk"))
