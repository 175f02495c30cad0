"""What is kept for how long."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from incidents.actions.monitor import RETENTION
from incidents.actions.rollup import expire_roll_ups, may_be_deleted
from incidents.models import AudiencePart, CheckResult, Observation, Subscriber, SubscriberState
from incidents.notices import throttle

PENDING_SUBSCRIBERS = timedelta(days=7)
OUTBOX = timedelta(days=1)


@transaction.atomic
def expire_old_rows() -> None:
    """Forgets sign-ups never confirmed, sessions that ended, what monitors saw past its retention, and what
    the outbox needed while notices were fresh."""
    now = timezone.now()
    Subscriber.objects.filter(
        state=SubscriberState.PENDING, created_at__lt=now - PENDING_SUBSCRIBERS
    ).exclude(confirm_sent_at__gte=now - PENDING_SUBSCRIBERS).delete()
    AudiencePart.objects.filter(notice__expires_at__lt=now - OUTBOX).delete()
    throttle.forget_quiet(now)
    Session.objects.filter(expire_date__lt=now).delete()
    CheckResult.objects.filter(may_be_deleted(now=now)).delete()
    Observation.objects.filter(at__lt=now - RETENTION).delete()
    expire_roll_ups(now=now)
