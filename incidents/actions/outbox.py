"""What staff decide of mails that were old when a sender came back to work."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.wake import wake
from incidents.models import UPDATE_LIFE, Delivery, DeliveryState, Page, Staff

SENDING = "incidents.tasks.deliver_notices"
EXPIRED_BY_STAFF = "Not sent: it was old when a sender came back to work, and staff let it expire."


@transaction.atomic
def send_held(page: Page, *, actor: Staff | None = None) -> int:
    """As if they were published now; answers how many mails."""
    now = timezone.now()
    queued = _held(page).update(state=DeliveryState.QUEUED, next_attempt_at=now, expires_at=now + UPDATE_LIFE)
    audit.record("send_held_mails", page, actor=actor, after={"mails": queued})
    transaction.on_commit(lambda: wake(SENDING), robust=True)
    return queued


@transaction.atomic
def expire_held(page: Page, *, actor: Staff | None = None) -> int:
    """Answers how many mails nobody will get."""
    expired = _held(page).update(state=DeliveryState.EXPIRED, last_reply=EXPIRED_BY_STAFF)
    audit.record("expire_held_mails", page, actor=actor, after={"mails": expired})
    return expired


def _held(page: Page) -> QuerySet[Delivery]:
    """To the page's own subscribers."""
    held = Delivery.objects.filter(state=DeliveryState.HELD, subscriber__page=page)
    return Delivery.objects.filter(pk__in=held.values("pk"))
