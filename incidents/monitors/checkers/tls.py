"""Shakes hands in TLS, at once or after STARTTLS, and looks at the certificate."""

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from incidents.lib.connect import (
    Connection,
    Unreachable,
    client_tls,
    connected,
    encrypt,
    explain,
    hear_line,
)
from incidents.lib.hosts import clean_host, read_place
from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.reading import (
    Given,
    read_authorities,
    read_choice,
    read_flag,
    read_line,
    read_optional,
    read_total_ms,
)
from incidents.monitors.results import Result

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
PORTS = {"": 443, "smtp": 25, "imap": 143, "pop3": 110}
# What is sent and what must answer it, up to the point where TLS begins; the first waits for the greeting.
TALKS: Mapping[str, tuple[tuple[bytes, bytes], ...]] = {
    "": (),
    "smtp": ((b"", rb"220[ -]"), (b"EHLO localhost\r\n", rb"250[ -]"), (b"STARTTLS\r\n", rb"220[ -]")),
    "imap": ((b"", rb"\* OK"), (b"a STARTTLS\r\n", rb"a OK")),
    "pop3": ((b"", rb"\+OK"), (b"STLS\r\n", rb"\+OK")),
}
MOST_LINES = 100


@dataclass(frozen=True)
class Settings:
    """`host_name` is the one that the certificate must be for, "" for the target's own."""

    starttls: str = ""
    host_name: str = ""
    certificate_days: int | None = None
    minimum_version: str = "1.2"
    verify_certificate: bool = True
    authorities: str = ""
    total_ms: int = 10_000


class _NotOffered(Exception):
    pass


def read_settings(given: Given) -> Settings:
    name = read_line(given, "host_name", most=253)
    return Settings(
        starttls=read_choice(given, "starttls", tuple(TALKS)),
        host_name=clean_host(name, field="host_name") if name else "",
        certificate_days=read_optional(given, "certificate_days", least=1, most=365),
        minimum_version=read_choice(given, "minimum_version", tuple(VERSIONS)),
        verify_certificate=read_flag(given, "verify_certificate", default=True),
        authorities=read_authorities(given),
        total_ms=read_total_ms(given),
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": read_place(target, port=PORTS[settings.starttls])[0]}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at, began = now(), time.monotonic()
    try:
        shaken = await _shake_hands(target, settings, guard)
        latency_ms = (time.monotonic() - began) * 1000
        why = _certificate_fault(shaken, settings.certificate_days, at)
        return Result(at, ok=not why, latency_ms=latency_ms, detail=why or _said(shaken))
    except (Unreachable, _NotOffered) as error:
        return Result(at, ok=False, detail=str(error))
    except OSError as error:
        return Result(at, ok=False, detail=explain(error))


async def _shake_hands(target: str, settings: Settings, guard: Guard) -> ssl.SSLObject:
    host, port = read_place(target, port=PORTS[settings.starttls])
    tls = client_tls(
        verify=settings.verify_certificate,
        authorities=settings.authorities,
        minimum=VERSIONS[settings.minimum_version],
    )
    name = settings.host_name or host
    at_once = None if settings.starttls else tls
    async with connected(host, port, guard=guard, tls=at_once, name=name) as connection:
        if settings.starttls:
            await _ask_for_tls(connection, settings.starttls)
            await encrypt(connection, tls, name=name)
        shaken: ssl.SSLObject = connection[1].get_extra_info("ssl_object")
        return shaken


async def _ask_for_tls(connection: Connection, protocol: str) -> None:
    reader, writer = connection
    for line, hoped in TALKS[protocol]:
        writer.write(line)
        for _ in range(MOST_LINES):
            heard = await hear_line(reader)
            if not re.match(hoped, heard):
                raise _NotOffered(f"STARTTLS of {protocol} is not offered")
            if heard[3:4] != b"-":
                break


def _certificate_until(shaken: ssl.SSLObject) -> datetime:
    """Read by itself, since what ssl tells of a certificate that was not verified is nothing."""
    raw = shaken.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(raw or b"").not_valid_after_utc


def _certificate_fault(shaken: ssl.SSLObject, days: int | None, at: datetime) -> str:
    until = _certificate_until(shaken)
    if days is None or until - at >= timedelta(days=days):
        return ""
    return f"the certificate ends in {(until - at).days} days, on {until:%Y-%m-%d}"


def _said(shaken: ssl.SSLObject) -> str:
    return f"{shaken.version()}, certificate until {_certificate_until(shaken).astimezone(UTC):%Y-%m-%d}"
