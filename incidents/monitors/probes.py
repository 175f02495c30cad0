"""A monitor's stored settings as the checkers' values, with what is wrong named by its field."""

import json
from collections.abc import Mapping
from email.utils import parseaddr
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from incidents.actions.checks import Claim
from incidents.lib.calendars import read_calendar
from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard, check_may_reach
from incidents.models import Monitor, MonitorKind
from incidents.monitors.checkers.mail_round_trip import Server
from incidents.monitors.judge import ONE_RESULT_DECIDES, Policy
from incidents.monitors.places import Rhythm, check_interval
from incidents.monitors.reading import read_optional, read_whole
from incidents.monitors.registry import CHECKERS
from incidents.monitors.results import Probe

MOST_PROBES_KNOWN = 16_384
SLOW_UNTIL = 0.75  # of the limit: answers that hover around it change nothing


def outbound_guard() -> Guard:
    """The way out as the operator allows it."""
    return Guard(map(str, settings.OUTBOUND_ALLOW))


def probe_of(claim: Claim) -> Probe:
    """For a kind that a checker of the registry takes; raises Refused as `check_settings` does."""
    if claim.kind == MonitorKind.HTTP:
        return _http_probe(claim.target, json.dumps(claim.settings))
    check_settings(claim.kind, target=claim.target, stored=claim.settings)
    remembered = {
        "key": claim.public_id.hex,
        "memory": claim.state.get("memory"),
        "receipt": claim.state.get("receipt"),
    }
    given = {**given_settings(claim.kind, claim.settings), **remembered}
    return Probe(claim.kind, claim.target, CHECKERS[claim.kind].read_settings(given))


@lru_cache(maxsize=MOST_PROBES_KNOWN)
def _http_probe(target: str, stored: str) -> Probe:
    """Kept, since reading it takes as long as asking."""
    settings = json.loads(stored)
    check_settings(MonitorKind.HTTP, target=target, stored=settings)
    return Probe(MonitorKind.HTTP, target, CHECKERS[MonitorKind.HTTP].read_settings(settings))


def given_settings(kind: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is stored with a monitor, and over it what the operator alone decides for a kind."""
    match kind:
        case MonitorKind.DNS | MonitorKind.SPF:
            return {**stored, "own_resolvers": settings.NAMESERVERS}
        case MonitorKind.SMTP:
            return {**stored, "own_name": _own_name()}
        case MonitorKind.MAIL_ROUND_TRIP:
            sender = parseaddr(settings.DEFAULT_FROM_EMAIL or "")[1]
            own = {"own_name": _own_name(), "own_server": _own_server(), "own_sender": sender}
            return {**stored, **own}
    return stored


def _own_name() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _own_server() -> Server | None:
    """The one that EMAIL_URL names; None where mails are written to files."""
    if not settings.MAIL_SERVER:
        return None
    tls = "starttls" if settings.EMAIL_USE_TLS else "ssl" if settings.EMAIL_USE_SSL else "none"
    login = settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD
    return Server(settings.EMAIL_HOST, settings.EMAIL_PORT, tls, *login)


def policy_of(kind: str, stored: Mapping[str, Any]) -> Policy:
    """How many results decide; a heartbeat's one is already the end of a period and its grace."""
    if kind == MonitorKind.HEARTBEAT:
        return ONE_RESULT_DECIDES
    return read_policy(stored)


def read_policy(given: Mapping[str, Any]) -> Policy:
    """An answer over `max_latency_ms` is an answer: slowness is judged over several of them."""
    limit = read_optional(given, "max_latency_ms", least=1, most=60_000)
    return Policy(
        slow_enter_ms=limit,
        slow_leave_ms=limit and limit * SLOW_UNTIL,
        failures_to_down=read_whole(given, "failures_to_down", default=3, least=1, most=20),
        passes_to_up=read_whole(given, "passes_to_up", default=2, least=1, most=20),
    )


def rhythm_of(monitor: Monitor) -> Rhythm:
    """Of a baseline, whose service and its page are at hand. Raises Refused for one that cannot work."""
    zone = monitor.service.page.time_zone
    check_interval(monitor.interval_seconds)
    return Rhythm(zone, monitor.interval_seconds, read_calendar(monitor.settings, zone=zone))


def check_configuration(kind: str, *, target: str, stored: Mapping[str, Any], interval_seconds: int) -> None:
    """Raises Refused with the field of what a monitor of this kind cannot work with, or may not reach."""
    if kind not in MonitorKind.values:
        raise Refused(f"expected one of {', '.join(MonitorKind.values)}", field="kind")
    if kind == MonitorKind.BASELINE:
        check_interval(interval_seconds)
        read_calendar(stored, zone="")
    guard = outbound_guard()
    for field, host in check_settings(kind, target=target, stored=stored).items():
        check_may_reach(host, guard=guard, field=field)


def check_settings(kind: str, *, target: str, stored: Mapping[str, Any]) -> Mapping[str, str]:
    """Raises Refused with the field of what a monitor of this kind cannot work with. Asks nobody, and answers the
    hosts that it would ask, by their field."""
    checker = CHECKERS.get(kind)
    if checker is None:
        return {}
    read_policy(stored)
    return checker.find_hosts(target, checker.read_settings(given_settings(kind, stored)))
