"""Celery: the clock and the hands. The queue itself is in the database, so a lost message costs seconds.

Run as `celery -A statuspage.celery worker` and `beat`; `statuspage.supervisor` does.
"""

import gc
import logging.config
import os
from collections.abc import Sequence
from typing import Any

from billiard.process import current_process
from celery import Celery, signals
from celery.beat import Scheduler
from celery.schedules import crontab
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from kombu.entity import Queue

from statuspage.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

NOTICES_QUEUE = "notices"
DEFAULT_QUEUE = "default"


def checks_queue(location: str) -> str:
    """What is checked from a location is checked by workers there."""
    return f"checks.{location}"


CHECKS_QUEUE = checks_queue(settings.LOCATION)
QUEUES = (DEFAULT_QUEUE, NOTICES_QUEUE, *map(checks_queue, settings.LOCATIONS))


class StaticScheduler(Scheduler):  # type: ignore[misc]
    """The beat table below and nothing else: no file to be torn by a kill, no table to be edited."""

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)


def _every(seconds: float | crontab, task: str, *, expires: int, **options: str) -> dict[str, Any]:
    """`expires` keeps a worker that was away from finding one message for every period it missed."""
    return {
        "task": f"incidents.tasks.{task}",
        "schedule": seconds,
        "options": {"expires": expires, **options},
    }


BEAT_SCHEDULE = {
    **{
        f"check-monitors-from-{location}": _every(
            5, "check_monitors", expires=5, queue=checks_queue(location)
        )
        for location in settings.LOCATIONS
    },
    "deliver-notices": _every(5, "deliver_notices", expires=5),
    "act-by-itself": _every(15, "act_by_itself", expires=15),
    "alert-staff": _every(15, "alert_staff", expires=15),
    "remind-owners": _every(600, "remind_owners", expires=600),
    "run-due-maintenances": _every(15, "run_due_maintenances", expires=15),
    "take-alerts": _every(5, "take_alerts", expires=5),
    "judge-silence": _every(15, "judge_silence", expires=15),
    "roll-up-results": _every(180, "roll_up_results", expires=180),
    # By the clock: counted from a start, an hour would never end where beat starts more often.
    "expire-old-rows": _every(crontab(minute="23"), "expire_old_rows", expires=3600),
}

app = Celery("statuspage", set_as_current=True)
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    timezone="UTC",
    enable_utc=True,
    task_default_queue=DEFAULT_QUEUE,
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
    task_create_missing_queues=False,
    task_routes={"incidents.tasks.deliver_notices": {"queue": NOTICES_QUEUE}},
    # A killed child loses no task; a task may therefore run twice, and must not mind.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_soft_time_limit=90,
    task_time_limit=120,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=400_000,
    worker_eta_task_limit=100,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,
    broker_pool_acquire_timeout=2,
    task_publish_retry=False,
    broker_transport_options={
        # Longer than any task's limit, else the message comes back while its task still runs.
        "visibility_timeout": 600,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
        "global_keyprefix": "sp:",
    },
    beat_schedule=BEAT_SCHEDULE,
    beat_scheduler="statuspage.celery:StaticScheduler",
)
app.autodiscover_tasks()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def configure_logging(**_: Any) -> None:
    """Celery logs as everything else does; without a receiver it would set up its own format."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_before_create_process.connect  # type: ignore[untyped-decorator]
def share_memory(**_: Any) -> None:
    """What was loaded before the fork is left out of collections, which would copy it page by page."""
    gc.collect()
    gc.freeze()


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def end_with_worker(**_: Any) -> None:
    """A pool child whose worker was killed would wait for ever. A worker without children is its own pool."""
    if parent := current_process()._parent_pid:
        die_with_parent(parent)


@register()
def check_visibility_timeout(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """No task may be allowed to run longer than its message stays hidden from other workers."""
    hidden = app.conf.broker_transport_options["visibility_timeout"]
    limits = {name: task.time_limit or app.conf.task_time_limit for name, task in app.tasks.items()}
    limits["task_time_limit"] = app.conf.task_time_limit
    return [
        Error(
            f"{name} may run {limit} s, but its message comes back after {hidden} s and it would run twice",
            hint="Raise visibility_timeout in statuspage/celery.py above every task's time limit.",
            id="statuspage.E001",
        )
        for name, limit in sorted(limits.items())
        if limit >= hidden
    ]
