"""Asks what a domain publishes as its senders, and what the hosts are called that sent without being published."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from incidents.lib.dns_resolver import DNS_PORT, DnsResolver, Host, Place
from incidents.lib.errors import Refused
from incidents.lib.hosts import read_place
from incidents.lib.networks import Address, clean_networks, read_address
from incidents.lib.outbound import Guard
from incidents.lib.spf import FaultKind, Flattened, Resolver, flatten
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_flag, read_lines, read_whole
from incidents.monitors.results import Result

MOST_NAMED_AT_ONCE = 50
MOST_WORDS = 50
NAMES_AT_A_TIME = 10
NAMING_SECONDS = 8.0
LONGEST_WINDOW_HOURS = 7 * 24

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True)
class Settings:
    """When addresses that are not published are no strays: a network of them (/24, /64) was seen `least_count`
    times in the last `window_hours`, and is at least `least_per_thousand` of all that came since its first.

    `known_networks` are taken as published. `hosts`: only sources whose name ends so are judged; `sender_domains`:
    only sources that name one of them, or no domain, are counted. Empty: all. `tell_changes`: a changed record
    alone makes the monitor *unstable* for the window. `unnamed`: addresses whose names are to be asked for.
    """

    known_networks: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    sender_domains: tuple[str, ...] = ()
    least_count: int = 5
    least_per_thousand: int = 5
    window_hours: int = 24
    tell_changes: bool = False
    unnamed: tuple[str, ...] = ()
    own_resolvers: tuple[Place, ...] = ()
    total_ms: int = 25_000


class NamingResolver(Resolver, Protocol):
    """One that also knows what the hosts of addresses are called."""

    async def host_of(self, address: Address) -> Host: ...


def read_settings(given: Given) -> Settings:
    return Settings(
        known_networks=tuple(clean_networks(_words(given, "known_networks"), field="known_networks")),
        hosts=_domains(given, "hosts"),
        sender_domains=_domains(given, "sender_domains"),
        least_count=read_whole(given, "least_count", default=5, least=1, most=1_000_000),
        least_per_thousand=read_whole(given, "least_per_thousand", default=5, least=0, most=1000),
        window_hours=read_whole(given, "window_hours", default=24, least=1, most=LONGEST_WINDOW_HOURS),
        tell_changes=read_flag(given, "tell_changes"),
        unnamed=tuple((given.get("memory") or {}).get("unnamed", ())),
        own_resolvers=tuple(read_place(text, port=DNS_PORT) for text in given.get("own_resolvers", ())),
        total_ms=read_whole(given, "total_ms", default=25_000, least=100, most=30_000),
    )


def _words(given: Given, name: str) -> tuple[str, ...]:
    return read_lines(given, name, most=4000, most_lines=MOST_WORDS)


def _domains(given: Given, name: str) -> tuple[str, ...]:
    return tuple(clean_domain(word.lstrip("*."), field=name) for word in _words(given, name))


def clean_domain(text: str, *, field: str = "target") -> str:
    """A domain that can publish SPF, in lower case and DNS's letters; labels may begin with `_`."""
    labels = text.strip().lower().removesuffix(".").split(".")
    try:
        labels = [label if label.isascii() else label.encode("idna").decode("ascii") for label in labels]
    except UnicodeError:
        labels = []
    domain = ".".join(labels)
    if len(labels) < 2 or len(domain) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise Refused("expected a domain such as _spf.example.com", field=field)
    return domain


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    """None: the domain is not connected to, only asked about."""
    clean_domain(target)
    return {}


async def check(
    target: str,
    settings: Settings,
    *,
    guard: Guard,
    resolver: NamingResolver | None = None,
) -> Result:
    """The memory of its result holds what is `published`, and the `hosts` of the addresses that were `unnamed`."""
    at, began = now(), time.monotonic()
    asked = resolver or DnsResolver(settings.own_resolvers)
    found, hosts = await asyncio.gather(flatten(clean_domain(target), asked), _name(settings.unnamed, asked))
    return Result(
        at,
        ok=found.fault is None,
        latency_ms=(time.monotonic() - began) * 1000,
        detail=str(found.fault) if found.fault else f"{len(found.networks)} networks",
        memory={"published": to_json(found), "hosts": hosts},
        is_final=found.fault is None or found.fault.kind != FaultKind.TEMPERROR,
    )


async def _name(addresses: Sequence[str], resolver: NamingResolver) -> dict[str, list[Any]]:
    """The names found in time; the rest is asked for at the next check."""
    places, named = asyncio.Semaphore(NAMES_AT_A_TIME), dict[str, list[Any]]()

    async def ask(text: str) -> None:
        address = read_address(text)
        if address is not None:
            async with places:
                host = await resolver.host_of(address)
            named[text] = host_to_json(host)

    tasks = [asyncio.ensure_future(ask(text)) for text in addresses[:MOST_NAMED_AT_ONCE]]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=NAMING_SECONDS)
        for task in late:
            task.cancel()
    return named


def host_to_json(host: Host) -> list[Any]:
    return [host.name[:253], host.leads_back]


def to_json(found: Flattened) -> dict[str, Any]:
    return {
        "networks": [[str(one.network), list(one.path), one.term[:200]] for one in found.networks],
        "unflattened": [[list(one.path), one.term[:200]] for one in found.unflattened],
        "lookups": found.lookups,
        "ttl": found.ttl,
        "fault_kind": found.fault.kind.value if found.fault else "",
        "fault": str(found.fault)[:500] if found.fault else "",
    }
