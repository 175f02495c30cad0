"""A monitor's stored settings as the checkers' values, with what is wrong named by its field."""

from collections.abc import Mapping
from typing import Any

from incidents.lib.errors import Refused
from incidents.lib.outbound import check_url
from incidents.models import MonitorKind
from incidents.monitors.judge import ONE_RESULT_DECIDES, Policy
from incidents.monitors.results import HeartbeatSettings, HttpSettings, Probe

METHODS = ("GET", "HEAD", "POST")
SLOW_UNTIL = 0.75  # of the limit: answers that hover around it change nothing


def probe_of(kind: str, target: str, settings: Mapping[str, Any]) -> Probe:
    return Probe(kind, target, http=http_settings(settings))


def policy_of(kind: str, settings: Mapping[str, Any]) -> Policy:
    """How many results decide; a heartbeat's one is already the end of a period and its grace."""
    if kind == MonitorKind.HEARTBEAT:
        return ONE_RESULT_DECIDES
    return http_policy(settings)


def http_policy(settings: Mapping[str, Any]) -> Policy:
    """An answer over `max_latency_ms` is an answer: slowness is judged over several of them."""
    limit = settings.get("max_latency_ms")
    if limit is not None:
        limit = _whole(settings, "max_latency_ms", default=0, least=1, most=60_000)
    return Policy(
        slow_enter_ms=limit,
        slow_leave_ms=limit and limit * SLOW_UNTIL,
        failures_to_down=_whole(settings, "failures_to_down", default=3, least=1, most=20),
        passes_to_up=_whole(settings, "passes_to_up", default=2, least=1, most=20),
    )


def http_settings(settings: Mapping[str, Any]) -> HttpSettings:
    method = settings.get("method", "GET")
    if method not in METHODS:
        raise Refused(f"expected one of {', '.join(METHODS)}", field="method")
    days = settings.get("certificate_days")
    return HttpSettings(
        method=method,
        expected_statuses=_statuses(settings.get("expected_statuses")),
        keyword=str(settings.get("keyword", ""))[:200],
        keyword_absent=bool(settings.get("keyword_absent", False)),
        certificate_days=None
        if days is None
        else _whole(settings, "certificate_days", default=0, least=1, most=365),
    )


def heartbeat_settings(settings: Mapping[str, Any]) -> HeartbeatSettings:
    day = 86_400
    return HeartbeatSettings(
        period_seconds=_whole(settings, "period_seconds", default=3600, least=60, most=31 * day),
        grace_seconds=_whole(settings, "grace_seconds", default=300, least=60, most=31 * day),
    )


def check_configuration(kind: str, *, target: str, settings: Mapping[str, Any]) -> None:
    """Raises Refused with the field of what a monitor of this kind cannot work with."""
    if kind not in MonitorKind.values:
        raise Refused(f"expected one of {', '.join(MonitorKind.values)}", field="kind")
    if kind == MonitorKind.HTTP:
        check_url(target, field="target")
    check_settings(kind, settings)


def check_settings(kind: str, settings: Mapping[str, Any]) -> None:
    """Raises Refused with the field of a setting that a monitor of this kind cannot work with."""
    if kind == MonitorKind.HTTP:
        http_settings(settings)
        http_policy(settings)
    elif kind == MonitorKind.HEARTBEAT:
        heartbeat_settings(settings)


def _statuses(given: Any) -> frozenset[int]:
    if given is None:
        return HttpSettings().expected_statuses
    if (
        not isinstance(given, list)
        or not all(isinstance(s, int) and 100 <= s <= 599 for s in given)
        or not given
    ):
        raise Refused("expected a list of HTTP statuses such as [200, 204]", field="expected_statuses")
    return frozenset(given)


def _whole(settings: Mapping[str, Any], name: str, *, default: int, least: int, most: int) -> int:
    value = settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"expected a whole number from {least} to {most}", field=name)
    return value
