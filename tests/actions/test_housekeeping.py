from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from incidents.actions.housekeeping import expire_old_rows
from incidents.models import (
    CheckResult,
    Monitor,
    MonitorDay,
    MonitorHour,
    Observation,
    ServiceDay,
    SignUp,
    Subscriber,
    Wish,
)
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_sign_up_never_confirmed_is_forgotten_after_two_weeks() -> None:
    """A link lives a week; one that expired can have another sent for a week more."""
    page = make.page()
    now = timezone.now()
    for days in (13, 15):
        Subscriber.objects.create(page=page, email=f"day{days}@example.com", created_at=now - days * DAY)
    asked_again = Subscriber.objects.create(page=page, email="again@example.com", created_at=now - 30 * DAY)
    Wish.objects.create(subscriber=asked_again, asked_at=now - 15 * DAY)
    Wish.objects.create(subscriber=asked_again, asked_at=now - DAY)
    active = make.subscriber(page, "active@example.com")
    Subscriber.objects.filter(pk=active.pk).update(created_at=now - 400 * DAY)
    expire_old_rows()
    kept = {"day13@example.com", asked_again.email, active.email}
    assert set(Subscriber.objects.values_list("email", flat=True)) == kept
    assert asked_again.wishes.count() == 1


def test_counted_sign_ups_are_kept_as_long_as_they_count() -> None:
    page, now = make.page(), timezone.now()
    for days in (29, 31):
        SignUp.objects.create(page=page, address="a", domain="b", network="c", at=now - days * DAY)
    expire_old_rows()
    assert SignUp.objects.get().at == now - 29 * DAY


def test_observations_are_kept_as_long_as_they_are_promised() -> None:
    monitor = make.monitor(make.service(make.page()))
    now = timezone.now()
    for days in (399, 401):
        Observation.objects.create(monitor=monitor, at=now - days * DAY, value=1, received_at=now)
    expire_old_rows()
    assert Observation.objects.get().at == now - 399 * DAY


def test_check_results_are_kept_two_weeks_and_until_they_are_rolled_up() -> None:
    service = make.service(make.page())
    rolled_up, waiting = make.monitor(service), make.monitor(service)
    now = timezone.now()
    for monitor in (rolled_up, waiting):
        for days in (13, 15):
            CheckResult.objects.create(monitor=monitor, at=now - days * DAY, ok=True)
    Monitor.objects.filter(pk=waiting.pk).update(rolled_until=now - 20 * DAY)
    expire_old_rows()
    assert rolled_up.results.get().at == now - 13 * DAY
    assert waiting.results.count() == 2


def test_roll_ups_of_hours_are_kept_for_400_days_and_those_of_days_for_three_years() -> None:
    monitor = make.monitor(make.service(make.page()))
    now = timezone.now()
    for days in (399, 401):
        MonitorHour.objects.create(monitor=monitor, at=now - days * DAY, up=3600)
    for days in (1094, 1098):
        day = (now - days * DAY).date()
        MonitorDay.objects.create(monitor=monitor, day=day, up=86_400)
        ServiceDay.objects.create(service=monitor.service, day=day, seconds=86_400, up=86_400)
    expire_old_rows()
    assert MonitorHour.objects.get().at == now - 399 * DAY
    assert MonitorDay.objects.get().day == ServiceDay.objects.get().day == (now - 1094 * DAY).date()


def test_a_session_that_ended_is_forgotten() -> None:
    now = timezone.now()
    for key, days in (("ended", -1), ("running", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + days * DAY)
    expire_old_rows()
    assert Session.objects.get().session_key == "running"
