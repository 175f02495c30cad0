"""What the clock does to planned maintenance: starts and finishes it, unless it is found too late for that."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from incidents.actions.maintenance import finish_maintenance, start_maintenance
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Maintenance
from incidents.queries.maintenance import due_to_finish, due_to_start, lock_maintenance

log = logging.getLogger(__name__)


def run_due_maintenances() -> int:
    """Starts and finishes what is due; answers how many. Two that run at once do each step once.

    What is found an hour late waits for a person, who knows whether the work was done (`waits_for_people`).
    """
    started = sum(_try(_start, pk) for pk in due_to_start(now=times.now()))
    return started + sum(_try(_finish, pk) for pk in due_to_finish(now=times.now()))


def _try(step: Callable[[int], bool], maintenance_id: int) -> bool:
    """One that is refused keeps none of the others waiting."""
    try:
        return step(maintenance_id)
    except Refused as refused:
        log.warning("maintenance %s does not go on by itself: %s", maintenance_id, refused)
        return False


@transaction.atomic
def _start(maintenance_id: int) -> bool:
    maintenance = lock_maintenance(maintenance_id)
    if not maintenance.starts_by_itself(now=times.now()):
        return False
    start_maintenance(maintenance, _at_its_time(maintenance, maintenance.scheduled_from))
    return True


@transaction.atomic
def _finish(maintenance_id: int) -> bool:
    maintenance = lock_maintenance(maintenance_id)
    if not maintenance.finishes_by_itself(now=times.now()):
        return False
    finish_maintenance(maintenance, _at_its_time(maintenance, maintenance.scheduled_until))
    return True


def _at_its_time(maintenance: Maintenance, due_at: datetime) -> Telling:
    """The page tells the instant that was announced, not the seconds that the clock took to see it."""
    last = maintenance.updates.latest("number")
    return Telling(happened_at=max(due_at, last.happened_at))
