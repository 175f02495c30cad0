"""All background jobs, each one call. Their periods are in `statuspage/celery.py`."""

from celery import shared_task

from incidents.actions import (
    automation,
    bounce,
    housekeeping,
    maintenance_clock,
    measure_reminders,
    staff_watch,
)
from incidents.alerts import intake as alerts_intake
from incidents.lib.clock import JumpDetector
from incidents.monitors import rollup, run, silence
from incidents.notices import outbox

DELIVERY_PASS_SECONDS = 60
CHECKING_SECONDS = 10

_jumps = JumpDetector()


@shared_task
def check_monitors() -> None:
    """This location's; the next one is sent while it still goes on."""
    run.check_for(CHECKING_SECONDS, jumps=_jumps)


@shared_task
def judge_silence() -> None:
    silence.judge_silent()


@shared_task
def roll_up_results() -> None:
    rollup.roll_up_due()


@shared_task
def take_alerts() -> None:
    alerts_intake.take_events()


@shared_task
def act_by_itself() -> None:
    automation.run()


@shared_task
def alert_staff() -> None:
    staff_watch.run()


@shared_task
def remind_owners() -> None:
    measure_reminders.run()


@shared_task
def run_due_maintenances() -> None:
    maintenance_clock.run_due_maintenances()


# A pass takes no new message after a minute, but one slow server may hold the last for several.
@shared_task(soft_time_limit=390, time_limit=420)
def deliver_notices() -> None:
    outbox.deliver_due(seconds=DELIVERY_PASS_SECONDS, take_refusal=bounce.take_refusal)


@shared_task
def expire_old_rows() -> None:
    housekeeping.expire_old_rows()
