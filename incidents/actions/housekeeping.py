"""What is kept for how long."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from incidents.actions.monitor import RETENTION
from incidents.models import CheckResult, Observation, Subscriber, SubscriberState

PENDING_SUBSCRIBERS = timedelta(days=7)
CHECK_RESULTS = timedelta(days=90)


@transaction.atomic
def expire_old_rows() -> None:
    """Forgets sign-ups never confirmed, sessions that ended, results and observations past their retention."""
    now = timezone.now()
    Subscriber.objects.filter(
        state=SubscriberState.PENDING, created_at__lt=now - PENDING_SUBSCRIBERS
    ).exclude(confirm_sent_at__gte=now - PENDING_SUBSCRIBERS).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    CheckResult.objects.filter(at__lt=now - CHECK_RESULTS).delete()
    Observation.objects.filter(at__lt=now - RETENTION).delete()
