"""The networks that a domain publishes by SPF (RFC 7208), flattened, each with the way to it.

A term with another qualifier than `+` takes its addresses out of those that stand behind it in the same record, as
the order of evaluation does. Limits are those of section 4.6.4, counted as for the worst address: one that no
term matches before the last.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Protocol

from incidents.lib.networks import subtract
from incidents.lib.spf_record import PASS, Network, Record, Term, Wrong, is_spf, parse_record

MOST_LOOKUPS = 10
MOST_VOIDS = 2
MOST_EXCHANGES = 10
# Ours, not the RFC's: no sender has nearly as many, and a hostile record must not fill the memory.
MOST_NETWORKS = 5_000
MOST_TAKEN_OUT = 100
EVERYBODY = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@dataclass(frozen=True)
class Answer:
    """What DNS says of a name. No `records`: there is no such name or type; `failed`: it could not be asked.

    Records are texts (TXT, its strings joined, a character a byte), addresses, or names without their last dot.
    """

    records: tuple[str, ...] = ()
    ttl: int | None = None
    failed: str = ""


class Resolver(Protocol):
    async def ask(self, name: str, kind: str) -> Answer:
        """Never raises for what servers do; `kind` is TXT, A, AAAA, MX or PTR."""
        ...


class FaultKind(StrEnum):
    """`NONE`: no record is published. `TEMPERROR`: DNS did not answer; asking again may help."""

    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True)
class Fault:
    """What ended the evaluation: `term` of the record of the last domain of `path`; no term means the record."""

    kind: FaultKind
    path: tuple[str, ...]
    term: str
    why: str

    def __str__(self) -> str:
        where = " > ".join(self.path)
        return f"{where}: {self.term}: {self.why}" if self.term else f"{where}: {self.why}"


@dataclass(frozen=True)
class Published:
    """`path`: the domains from the one asked for to the one whose record holds `term`."""

    network: Network
    path: tuple[str, ...]
    term: str


@dataclass(frozen=True)
class Unflattened:
    """A term whose addresses can only be known for one mail: `exists`, `ptr` or one with a macro."""

    path: tuple[str, ...]
    term: str


@dataclass(frozen=True)
class Flattened:
    """With a `fault`, `networks` are those found before it: receivers let them pass, and no others.

    `lookups`: terms that make a receiver ask DNS. `ttl`: seconds, the shortest of all answers.
    """

    networks: tuple[Published, ...] = ()
    unflattened: tuple[Unflattened, ...] = ()
    lookups: int = 0
    voids: int = 0
    ttl: int | None = None
    fault: Fault | None = None


async def flatten(domain: str, resolver: Resolver) -> Flattened:
    """All that `domain` (in DNS's letters) publishes. Takes as long as the resolver does; never raises."""
    walk = _Walk(resolver)
    found: dict[Network, Published] = {}
    fault = None
    try:
        async for one in walk.permitted(domain, ()):
            found.setdefault(one.network, one)
            if len(found) > MOST_NETWORKS:
                raise _Stop(Fault(FaultKind.PERMERROR, one.path, one.term, f"over {MOST_NETWORKS} networks"))
    except _Stop as stop:
        fault = stop.fault
    return Flattened(
        tuple(found.values()), tuple(walk.unflattened), walk.lookups, walk.voids, walk.ttl, fault
    )


def _left_of(found: Published, refused: list[Network]) -> list[Published]:
    """What terms before it leave of a network; each network taken out may cut it into a hundred pieces."""
    taken = [network for network in refused if network.overlaps(found.network)]
    if len(taken) > MOST_TAKEN_OUT:
        why = f"over {MOST_TAKEN_OUT} networks are taken out of it"
        raise _Stop(Fault(FaultKind.PERMERROR, found.path, found.term, why))
    return [replace(found, network=part) for part in subtract(found.network, taken)]


class _Stop(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass
class _Walk:
    """One evaluation, with all that it counts over all records."""

    resolver: Resolver
    lookups: int = 0
    voids: int = 0
    ttl: int | None = None
    unflattened: list[Unflattened] = field(default_factory=list)

    async def permitted(self, domain: str, above: tuple[str, ...], by: str = "") -> AsyncIterator[Published]:
        """What the domain's record lets pass, in its order; `by` is the term that leads to it."""
        path = (*above, domain)
        record = await self._record(path, by)
        refused: list[Network] = []
        for term in record.mechanisms:
            async for found in self._matched(term, path):
                if term.qualifier != PASS:
                    refused.append(found.network)
                    continue
                for part in _left_of(found, refused):
                    yield part
        if record.redirect and self._can_follow(record.redirect, path):
            async for found in self._led_on(record.redirect, path):
                for part in _left_of(found, refused):
                    yield part

    async def _record(self, path: tuple[str, ...], by: str) -> Record:
        """The one SPF record there; a term that leads to none is an error of the record it stands in."""
        answer = await self._ask(path[-1], "TXT", path=path, term="")
        texts = [text for text in answer.records if is_spf(text)]
        if len(texts) > 1:
            raise _Stop(
                Fault(FaultKind.PERMERROR, path, "", f"{len(texts)} SPF records, and only one may be")
            )
        if not texts:
            if by:
                raise _Stop(Fault(FaultKind.PERMERROR, path[:-1], by, "it publishes no SPF record"))
            raise _Stop(Fault(FaultKind.NONE, path, "", "it publishes no SPF record"))
        record = parse_record(texts[0])
        if isinstance(record, Wrong):
            raise _Stop(Fault(FaultKind.PERMERROR, path, record.term, record.why))
        return record

    async def _matched(self, term: Term, path: tuple[str, ...]) -> AsyncIterator[Published]:
        """The networks a term matches, whatever its qualifier says of them."""
        networks: list[Network] = []
        if term.name == "all":
            networks = [*EVERYBODY]
        elif term.network is not None:
            networks = [term.network]
        elif self._can_follow(term, path):
            if term.name == "include":
                async for found in self._led_on(term, path):
                    yield found
            elif term.name == "a":
                networks = await self._hosts([term.domain or path[-1]], term, path)
            else:
                networks = await self._hosts(await self._exchanges(term, path), term, path)
        for network in networks:
            yield Published(network, path, term.text)

    def _can_follow(self, term: Term, path: tuple[str, ...]) -> bool:
        """Counts the look-up; False for what is known only for one mail, which is noted."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            why = f"the record takes more than {MOST_LOOKUPS} look-ups"
            raise _Stop(Fault(FaultKind.PERMERROR, path, term.text, why))
        if term.has_macro or term.name in ("exists", "ptr"):
            self.unflattened.append(Unflattened(path, term.text))
            return False
        return True

    async def _led_on(self, term: Term, path: tuple[str, ...]) -> AsyncIterator[Published]:
        if term.domain in path:
            raise _Stop(Fault(FaultKind.PERMERROR, path, term.text, "it leads back to itself"))
        async for found in self.permitted(term.domain, path, term.text):
            yield found

    async def _exchanges(self, term: Term, path: tuple[str, ...]) -> list[str]:
        answer = await self._ask(term.domain or path[-1], "MX", path=path, term=term.text)
        if not answer.records:
            self._note_void(term, path)
        if len(answer.records) > MOST_EXCHANGES:
            why = f"more than {MOST_EXCHANGES} mail exchangers"
            raise _Stop(Fault(FaultKind.PERMERROR, path, term.text, why))
        return [name for name in answer.records if name]

    async def _hosts(self, names: list[str], term: Term, path: tuple[str, ...]) -> list[Network]:
        """The networks around the addresses of some hosts, of both families."""
        networks: list[Network] = []
        for name in names:
            asked = [self._ask(name, kind, path=path, term=term.text) for kind in ("A", "AAAA")]
            addresses = [
                ip_address(text) for answer in await asyncio.gather(*asked) for text in answer.records
            ]
            if not addresses:
                self._note_void(term, path)
            for address in addresses:
                length = term.length4 if address.version == 4 else term.length6
                networks.append(ip_network(f"{address}/{length}", strict=False))
        return networks

    def _note_void(self, term: Term, path: tuple[str, ...]) -> None:
        self.voids += 1
        if self.voids > MOST_VOIDS:
            why = f"more than {MOST_VOIDS} look-ups find nothing"
            raise _Stop(Fault(FaultKind.PERMERROR, path, term.text, why))

    async def _ask(self, name: str, kind: str, *, path: tuple[str, ...], term: str) -> Answer:
        answer = await self.resolver.ask(name, kind)
        if answer.failed:
            why = f"{kind} of {name}: {answer.failed}"
            raise _Stop(Fault(FaultKind.TEMPERROR, path, term, why))
        if answer.ttl is not None:
            self.ttl = answer.ttl if self.ttl is None else min(self.ttl, answer.ttl)
        return answer
