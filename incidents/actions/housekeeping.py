"""What is kept for how long."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from incidents.actions import alert, sign_ups
from incidents.actions.leaving import leave_due
from incidents.actions.monitor import RETENTION
from incidents.actions.rollup import expire_roll_ups, may_be_deleted
from incidents.models import AudiencePart, CheckResult, Observation, SignUp, Subscriber, SubscriberState, Wish
from incidents.notices import throttle

# Twice the life of a link, so that one that expired can still have another sent to the same address.
PENDING_SUBSCRIBERS = timedelta(days=14)
OUTBOX = timedelta(days=1)


@transaction.atomic
def expire_old_rows() -> None:
    """Forgets sign-ups never confirmed, sessions that ended, what monitors saw past its retention, and what
    the outbox needed while notices were fresh. Ends the subscriptions of shared mailboxes that nobody kept."""
    now = timezone.now()
    leave_due()
    SignUp.objects.filter(at__lt=now - sign_ups.KEPT).delete()
    Wish.objects.filter(asked_at__lt=now - PENDING_SUBSCRIBERS).delete()
    Subscriber.objects.filter(
        state=SubscriberState.PENDING, created_at__lt=now - PENDING_SUBSCRIBERS, wishes=None
    ).delete()
    AudiencePart.objects.filter(notice__expires_at__lt=now - OUTBOX).delete()
    throttle.forget_quiet(now)
    Session.objects.filter(expire_date__lt=now).delete()
    CheckResult.objects.filter(may_be_deleted(now=now)).delete()
    Observation.objects.filter(at__lt=now - RETENTION).delete()
    expire_roll_ups(now=now)
    alert.forget_old_events()
