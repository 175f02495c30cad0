"""What a location says of itself: that it is there, and whether it can be believed."""

import logging
from datetime import datetime

from django.db import transaction

from incidents.actions import audit
from incidents.models import Location

log = logging.getLogger(__name__)


def note_seen(name: str, *, at: datetime) -> Location:
    """The location as it is now; it is known from its first word on."""
    location, _ = Location.objects.update_or_create(name=name, defaults={"seen_at": at})
    return location


@transaction.atomic
def suspect_network(name: str, *, at: datetime) -> None:
    location = _held(name)
    if location.network_suspect_since is None:
        location.network_suspect_since = at
        location.save(update_fields=["network_suspect_since"])
        audit.record("suspect_network", location, after={"location": name})
        log.error("half of all targets cannot be reached from %s: its own network is suspect", name)


@transaction.atomic
def trust_network(name: str) -> None:
    location = _held(name)
    if location.network_suspect_since is not None:
        location.network_suspect_since = None
        location.save(update_fields=["network_suspect_since"])
        audit.record("trust_network", location, after={"location": name})
        log.warning("targets can be reached from %s again", name)


@transaction.atomic
def suspect_canary(name: str, *, why: str, at: datetime) -> None:
    """Its checks are not to be believed: one that must pass failed, or the other way round."""
    location = _held(name)
    if location.canary_wrong_since is None:
        location.canary_wrong_since = at
        location.save(update_fields=["canary_wrong_since"])
        audit.record("suspect_canary", location, after={"location": name, "why": why})
        log.error("the checks of %s cannot be believed: %s", name, why)


@transaction.atomic
def trust_canary(name: str) -> None:
    location = _held(name)
    if location.canary_wrong_since is not None:
        location.canary_wrong_since = None
        location.save(update_fields=["canary_wrong_since"])
        audit.record("trust_canary", location, after={"location": name})


@transaction.atomic
def note_clock_jump(name: str, *, seconds: float, at: datetime) -> None:
    location = _held(name)
    location.clock_jumped_at = at
    location.save(update_fields=["clock_jumped_at"])
    audit.record("note_clock_jump", location, after={"location": name, "seconds": round(seconds, 1)})
    log.error("the clock of %s jumped by %.1f s: nothing is decided for a while", name, seconds)


def _held(name: str) -> Location:
    Location.objects.get_or_create(name=name)
    return Location.objects.select_for_update().get(name=name)
