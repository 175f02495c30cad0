"""A monitor's stored settings as the checkers' values, with what is wrong named by its field."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard, check_may_reach
from incidents.models import Monitor, MonitorKind
from incidents.monitors.judge import ONE_RESULT_DECIDES, Policy
from incidents.monitors.reading import read_optional, read_whole
from incidents.monitors.registry import CHECKERS
from incidents.monitors.results import Probe

SLOW_UNTIL = 0.75  # of the limit: answers that hover around it change nothing


def outbound_guard() -> Guard:
    """The way out as the operator allows it."""
    return Guard(map(str, settings.OUTBOUND_ALLOW))


def probe_of(monitor: Monitor) -> Probe:
    """For a kind that a checker of the registry takes."""
    settings = CHECKERS[monitor.kind].read_settings(monitor.settings)
    return Probe(monitor.kind, monitor.target, settings, monitor.state.get("memory", {}))


def policy_of(monitor: Monitor) -> Policy:
    """How many results decide; a heartbeat's one is already the end of a period and its grace."""
    if monitor.kind == MonitorKind.HEARTBEAT:
        return ONE_RESULT_DECIDES
    return read_policy(monitor.settings)


def read_policy(given: Mapping[str, Any]) -> Policy:
    """An answer over `max_latency_ms` is an answer: slowness is judged over several of them."""
    limit = read_optional(given, "max_latency_ms", least=1, most=60_000)
    return Policy(
        slow_enter_ms=limit,
        slow_leave_ms=limit and limit * SLOW_UNTIL,
        failures_to_down=read_whole(given, "failures_to_down", default=3, least=1, most=20),
        passes_to_up=read_whole(given, "passes_to_up", default=2, least=1, most=20),
    )


def check_configuration(kind: str, *, target: str, settings: Mapping[str, Any], guard: Guard) -> None:
    """Raises Refused with the field of what a monitor of this kind cannot work with, or may not reach."""
    if kind not in MonitorKind.values:
        raise Refused(f"expected one of {', '.join(MonitorKind.values)}", field="kind")
    check_settings(kind, target=target, settings=settings)
    if checker := CHECKERS.get(kind):
        for field, host in checker.find_hosts(target, checker.read_settings(settings)).items():
            check_may_reach(host, guard=guard, field=field)


def check_settings(kind: str, *, target: str, settings: Mapping[str, Any]) -> None:
    """Raises Refused with the field of what a monitor of this kind cannot work with. Asks nobody."""
    if checker := CHECKERS.get(kind):
        checker.find_hosts(target, checker.read_settings(settings))
        read_policy(settings)
