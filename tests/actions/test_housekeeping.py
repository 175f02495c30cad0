from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from incidents.actions.housekeeping import expire_old_rows
from incidents.models import CheckResult, Observation, Subscriber
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_sign_up_never_confirmed_is_forgotten_after_a_week() -> None:
    page = make.page()
    now = timezone.now()
    for days in (6, 8):
        Subscriber.objects.create(page=page, email=f"day{days}@example.com", created_at=now - days * DAY)
    asked_again = Subscriber.objects.create(
        page=page, email="again@example.com", created_at=now - 30 * DAY, confirm_sent_at=now - DAY
    )
    active = make.subscriber(page, "active@example.com")
    Subscriber.objects.filter(pk=active.pk).update(created_at=now - 400 * DAY)
    expire_old_rows()
    kept = {"day6@example.com", asked_again.email, active.email}
    assert set(Subscriber.objects.values_list("email", flat=True)) == kept


def test_results_and_observations_are_kept_as_long_as_they_are_promised() -> None:
    monitor = make.monitor(make.service(make.page()))
    now = timezone.now()
    for days in (89, 91):
        CheckResult.objects.create(monitor=monitor, at=now - days * DAY, ok=True)
    for days in (399, 401):
        Observation.objects.create(monitor=monitor, at=now - days * DAY, value=1, received_at=now)
    expire_old_rows()
    assert CheckResult.objects.get().at == now - 89 * DAY
    assert Observation.objects.get().at == now - 399 * DAY


def test_a_session_that_ended_is_forgotten() -> None:
    now = timezone.now()
    for key, days in (("ended", -1), ("running", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + days * DAY)
    expire_old_rows()
    assert Session.objects.get().session_key == "running"
