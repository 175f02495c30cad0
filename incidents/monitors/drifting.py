"""SPF monitors at work: what was published and what was seen is kept, judged and acted on in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django.db import transaction

from incidents.actions import wording
from incidents.actions.detection import Judged, take_more
from incidents.actions.monitor import apply_judgement, record_result, save_state
from incidents.actions.spf import Source, check_sources, record_published, record_sources, set_known_networks
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.networks import NetworkSet
from incidents.models import Monitor, PublishedSet, Staff
from incidents.monitors.checkers.spf import MOST_NAMED_AT_ONCE, Settings, read_settings
from incidents.monitors.drift import Drift, Group, Hour, Published, Sighting, judge_drift
from incidents.monitors.results import Result, Verdict
from incidents.queries.monitor import lock_monitor
from incidents.queries.spf import (
    addresses_seen,
    has_earlier_set,
    hours_seen,
    newest_source_at,
    open_set,
    usable_set,
)

MOST_HOSTS = 500


@transaction.atomic
def know_networks(monitor: Monitor, networks: Iterable[str], *, actor: Staff | None = None) -> None:
    """Takes networks as the sender's although it does not publish them, and judges at once."""
    judge_again(set_known_networks(monitor, networks, actor=actor))


@transaction.atomic
def keep_answer(monitor: Monitor, result: Result) -> None:
    """Keeps what a check found published, and the names that it found, and judges.

    A record that could not be asked for changes nothing: the last one known stands until it is too old.
    """
    monitor = lock_monitor(monitor.pk)
    memory = result.memory or {}
    hosts = {**monitor.state.get("hosts", {}), **memory.get("hosts", {})}
    monitor.state = {**monitor.state, "hosts": dict(list(hosts.items())[-MOST_HOSTS:])}
    if not result.is_final or "published" not in memory:
        save_state(monitor, {**monitor.state, "trouble": result.detail[:300]})
        return
    monitor.state = {**monitor.state, "trouble": ""}
    record_published(monitor, memory["published"], at=result.at)
    fails = bool(judge_again(monitor).cause)
    record_result(monitor, at=result.at, ok=not fails, latency_ms=result.latency_ms, detail=result.detail)


@transaction.atomic
def take_sources(monitor: Monitor, sources: Sequence[Source]) -> None:
    """Keeps a batch, all or nothing, and judges what is known with it at once."""
    was_enabled, monitor = monitor.enabled, lock_monitor(monitor.pk)
    if was_enabled and not monitor.enabled:
        raise Refused("this monitor was paused")
    settings = read_settings(monitor.settings)
    checked = [source for source in check_sources(sources) if _is_counted(source, settings)]
    record_sources(monitor, checked)
    judge_again(monitor)


def judge_again(monitor: Monitor) -> Drift:
    """Judges by all that is kept, and lets the verdict have its consequences. The caller holds the row."""
    now, settings = times.now(), read_settings(monitor.settings)
    drift = current_drift(monitor, settings=settings, now=now)
    more = _news(monitor, drift)
    state = {
        **monitor.state,
        "cause": drift.cause,
        "since": {group.network: group.since.isoformat() for group in drift.groups},
        "memory": {"unnamed": _unnamed(drift, monitor.state.get("hosts", {}))},
    }
    judged = Judged(
        drift.verdict, now, drift.onset_at, state, cause=drift.cause, summary=_say(monitor, drift)
    )
    apply_judgement(monitor, judged)
    if more:
        take_more(monitor, more, at=now)
    return drift


def _news(monitor: Monitor, drift: Drift) -> str:
    """What staff hear while the monitor goes on failing: another cause, or further networks."""
    if monitor.verdict != drift.verdict or not drift.cause:
        return ""
    if drift.cause != monitor.state.get("cause"):
        return _say(monitor, drift)
    before = _since(monitor.state)
    fresh = [group for group in drift.groups if group.network not in before]
    return _say_more(monitor, fresh) if fresh else ""


def current_drift(monitor: Monitor, *, settings: Settings, now: datetime) -> Drift:
    since = now - timedelta(hours=settings.window_hours)
    newest = newest_source_at(monitor)
    drift = judge_drift(
        _published(monitor),
        _sightings(monitor, since=since),
        [Hour(*hour) for hour in hours_seen(monitor, since=since)],
        settings=settings,
        since=_since(monitor.state),
        now=now,
    )
    if drift.verdict == Verdict.UP and newest is not None and newest < since:
        return Drift(Verdict.UNKNOWN)
    return drift


def known_networks(monitor: Monitor) -> list[str]:
    return list(read_settings(monitor.settings).known_networks)


def networks_of(published: PublishedSet) -> NetworkSet:
    return NetworkSet(ip_network(row[0]) for row in published.networks)


def _published(monitor: Monitor) -> Published | None:
    usable, newest = usable_set(monitor), open_set(monitor)
    if usable is None or newest is None:
        return None
    is_first = not newest.fault and not has_earlier_set(newest)
    changed_at = None if is_first else newest.published_from
    return Published(networks_of(usable), newest.fault, changed_at)


def _sightings(monitor: Monitor, *, since: datetime) -> list[Sighting]:
    """A name that leads back to its address goes before what a log says; one that does not is anyone's claim."""
    hosts: Mapping[str, list[Any]] = monitor.state.get("hosts", {})
    found = []
    for seen in addresses_seen(monitor, since=since):
        name, leads_back = hosts.get(seen.address, ["", False])
        host = name if leads_back else seen.host
        found.append(Sighting(seen.address, seen.accepted, seen.refused, seen.first_at, seen.last_at, host))
    return found


def _unnamed(drift: Drift, hosts: Mapping[str, Any]) -> list[str]:
    """Addresses whose names the next check is to ask for: those of networks over the threshold first."""
    listed = [address for group in (*drift.groups, *drift.strays) for address in group.addresses]
    return [address for address in listed if address not in hosts][:MOST_NAMED_AT_ONCE]


def _since(state: Mapping[str, Any]) -> dict[str, datetime]:
    return {network: datetime.fromisoformat(at) for network, at in state.get("since", {}).items()}


def _is_counted(source: Source, settings: Settings) -> bool:
    named = source.domain.lower()
    return not (named and settings.sender_domains) or any(
        f".{named}".endswith(f".{domain}") for domain in settings.sender_domains
    )


def _say(monitor: Monitor, drift: Drift) -> str:
    """For staff; without what is read from DNS or a log, but for addresses."""
    page = monitor.service.page
    onset = (drift.onset_at or times.now()).astimezone(page.zone)
    named = {"monitor": monitor.name, "domain": monitor.target, "language": page.first_language}
    if drift.cause == "unpublished":
        return wording.unpublished(
            _named(drift.groups),
            onset=onset,
            refused=drift.refused_share,
            accepted=drift.accepted_share,
            **named,
        )
    if drift.cause == "invalid":
        return wording.invalid_record(onset=onset, **named)
    return wording.changed_record(onset=onset, **named) if drift.cause == "changed" else ""


def _say_more(monitor: Monitor, groups: Sequence[Group]) -> str:
    language = monitor.service.page.first_language
    return wording.more_unpublished(
        _named(groups), monitor=monitor.name, domain=monitor.target, language=language
    )


def _named(groups: Sequence[Group]) -> list[str]:
    """One address of each network, then the second of each, so that all networks are told where room is short."""
    longest = max((len(group.addresses) for group in groups), default=0)
    return [group.addresses[n] for n in range(longest) for group in groups if n < len(group.addresses)]
