"""Without Celery the same jobs run."""

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from incidents.management.commands.tick import JOBS, publish_pages
from incidents.models import Delivery
from statuspage.celery import BEAT_SCHEDULE
from tests import make


def test_a_tick_runs_every_job_of_the_beat_and_publishes() -> None:
    names = {f"incidents.tasks.{job.__name__}" for job in JOBS if job is not publish_pages}
    assert names == {entry["task"] for entry in BEAT_SCHEDULE.values()}
    assert publish_pages in JOBS


@pytest.mark.django_db(transaction=True)
def test_one_job_that_fails_keeps_no_other_from_its_turn(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.OUTBOUND_ALLOW = ["nonsense"]
    page = make.page()
    make.subscriber(page)
    make.update(make.incident(page), notify=True)
    Delivery.objects.update(next_attempt_at=timezone.now())
    call_command("tick")
    assert "check_monitors: Refused: expected networks such as" in capsys.readouterr().err
    assert Delivery.objects.get().state == "sent"
