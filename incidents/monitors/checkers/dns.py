"""Asks a resolver for a record and compares its answers with the expected ones."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT

from incidents.lib.connect import Unreachable, explain, resolve
from incidents.lib.errors import Refused
from incidents.lib.hosts import read_place
from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_choice, read_line, read_lines, read_total_ms
from incidents.monitors.results import Result

RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
ANY, CONTAINS, EXACTLY, NXDOMAIN = MATCHES = ("any", "contains", "exactly", "nxdomain")
ROUNDS = 2  # over all resolvers: a lost datagram is no failure
MOST_WORDS = 150

Place = tuple[str, int]


@dataclass(frozen=True)
class Settings:
    """`match` is one of MATCHES: any answer, the expected ones among others, none but them, or no such name.

    `expected` is as zone files have it. `resolver` is asked through the guard, "" for those of the operator, and of
    the system where there are none either.
    """

    record: str = "A"
    match: str = ANY
    expected: tuple[str, ...] = ()
    resolver: str = ""
    own_resolvers: tuple[Place, ...] = ()
    total_ms: int = 10_000


def read_settings(given: Given) -> Settings:
    settings = Settings(
        record=read_choice(given, "record", RECORDS),
        match=read_choice(given, "match", MATCHES),
        expected=read_lines(given, "expected", most=4000, most_lines=50),
        resolver=read_line(given, "resolver", most=300),
        own_resolvers=tuple(read_place(text, port=53) for text in given.get("own_resolvers", ())),
        total_ms=read_total_ms(given),
    )
    if bool(settings.expected) != (settings.match in (CONTAINS, EXACTLY)):
        raise Refused("expected answers where they are compared, and only there", field="expected")
    _expected(settings)
    if settings.resolver:
        read_place(settings.resolver, field="resolver", port=53)
    return settings


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    _name(target, settings.record)
    return {"resolver": read_place(settings.resolver, port=53)[0]} if settings.resolver else {}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at, began = now(), time.monotonic()
    try:
        answer = await _ask(_name(target, settings.record), settings, guard)
    except Unreachable as unreachable:
        return Result(at, ok=False, detail=str(unreachable))
    why = _find_fault(answer, settings)
    latency_ms = (time.monotonic() - began) * 1000
    return Result(at, ok=not why, latency_ms=latency_ms, detail=why or _said(answer, settings))


def _name(target: str, record: str) -> dns.name.Name:
    """Of the record; an address stands for its name under in-addr.arpa or ip6.arpa."""
    try:
        if record == "PTR" and not target.rstrip(".").endswith(".arpa"):
            return dns.reversename.from_address(target)
        name = dns.name.from_text(target)
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise Refused("expected a name such as www.example.com", field="target") from error
    if name == dns.name.root and target != ".":
        raise Refused("expected a name such as www.example.com", field="target")
    return name


async def _ask(name: dns.name.Name, settings: Settings, guard: Guard) -> dns.message.Message:
    places = await _resolvers(settings, guard)
    seconds = settings.total_ms / 1000 * 0.9 / (len(places) * ROUNDS)
    why = "there is no resolver to ask"
    for host, port in places * ROUNDS:
        question = dns.message.make_query(name, settings.record)
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(
                question, host, timeout=seconds, port=port, ignore_errors=True
            )
        except dns.exception.Timeout:
            why = f"the resolver {host} did not answer in time"
        except (dns.exception.DNSException, EOFError) as error:
            why = f"what the resolver {host} answers cannot be read: {type(error).__name__}"
        except OSError as error:
            why = f"the resolver {host} port {port}: {explain(error)}"
        else:
            if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return answer
            why = f"the resolver {host} answered {dns.rcode.to_text(answer.rcode())}"
    raise Unreachable(why)


async def _resolvers(settings: Settings, guard: Guard) -> tuple[Place, ...]:
    if settings.resolver:
        host, port = read_place(settings.resolver, port=53)
        return tuple((address, port) for address in await resolve(host, guard=guard))
    return settings.own_resolvers or _system_resolvers()


def _system_resolvers() -> tuple[Place, ...]:
    try:
        return tuple((str(host), 53) for host in dns.resolver.Resolver().nameservers)
    except dns.resolver.NoResolverConfiguration:
        return ()


def _find_fault(answer: dns.message.Message, settings: Settings) -> str:
    is_missing = answer.rcode() == dns.rcode.NXDOMAIN
    if settings.match == NXDOMAIN:
        return "" if is_missing else "the name exists"
    if is_missing:
        return "the name does not exist"
    found, expected = _records(answer, settings.record), _expected(settings)
    if not found:
        return f"the name has no {settings.record} record"
    if missing := expected - found:
        return f"missing: {_listed(missing)}; answered: {_listed(found)}"
    if settings.match == EXACTLY and (beside := found - expected):
        return f"not expected: {_listed(beside)}"
    return ""


def _records(answer: dns.message.Message, record: str) -> set[str]:
    """Those of this type, whichever name an alias has led to."""
    rrsets = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.from_text(record)]
    return {_as_text(rdata) for rrset in rrsets for rdata in rrset}


def _expected(settings: Settings) -> set[str]:
    return {_read_record(settings.record, text) for text in settings.expected}


def _read_record(record: str, text: str) -> str:
    """From a zone file's words. A TXT stands without quotes, and may be longer than one string of it."""
    if record == "TXT":
        return text.removeprefix('"').removesuffix('"')
    kind = dns.rdatatype.from_text(record)
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise Refused(f"{text!r}: expected a record of the type {record}", field="expected") from error
    return _as_text(rdata)


def _as_text(rdata: Rdata) -> str:
    """The same for the same record: names in lower case, the strings of a TXT joined."""
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return rdata.to_text().lower()


def _said(answer: dns.message.Message, settings: Settings) -> str:
    if settings.match == NXDOMAIN:
        return "the name does not exist"
    return _listed(_records(answer, settings.record))


def _listed(records: Iterable[str]) -> str:
    return ", ".join(sorted(records))[:MOST_WORDS]
