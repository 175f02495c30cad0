"""Talks to a mail server as a sender would, up to the recipient; never sends a message."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib.connect import Unreachable, client_tls, connected, explain
from incidents.lib.hosts import read_place
from incidents.lib.outbound import Guard
from incidents.lib.smtp_talk import Rejected, SmtpTalk
from incidents.lib.times import now
from incidents.monitors.reading import (
    Given,
    read_address,
    read_authorities,
    read_choice,
    read_flag,
    read_line,
    read_total_ms,
)
from incidents.monitors.results import Result

TLS_MODES = ("none", "starttls", "ssl")
PORTS = {"none": 25, "starttls": 25, "ssl": 465}


@dataclass(frozen=True)
class Settings:
    """Without `recipient` none is asked about; `sender` may be empty, as that of a bounce. `own_name` is the
    operator's, by which this system greets."""

    tls: str = "none"
    sender: str = ""
    recipient: str = ""
    verify_certificate: bool = True
    authorities: str = ""
    own_name: str = "localhost"
    total_ms: int = 10_000


def read_settings(given: Given) -> Settings:
    return Settings(
        tls=read_choice(given, "tls", TLS_MODES),
        sender=read_address(given, "sender"),
        recipient=read_address(given, "recipient"),
        verify_certificate=read_flag(given, "verify_certificate", default=True),
        authorities=read_authorities(given),
        own_name=read_line(given, "own_name", most=253) or Settings.own_name,
        total_ms=read_total_ms(given),
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": read_place(target, port=PORTS[settings.tls])[0]}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at, began = now(), time.monotonic()
    why = ""
    try:
        await _talk(target, settings, guard)
    except (Unreachable, Rejected) as error:
        why = str(error)
    except OSError as error:
        why = explain(error)
    done = f"accepts {settings.recipient}" if settings.recipient else "greets"
    return Result(at, ok=not why, latency_ms=(time.monotonic() - began) * 1000, detail=why or done)


async def _talk(target: str, settings: Settings, guard: Guard) -> None:
    host, port = read_place(target, port=PORTS[settings.tls])
    tls = _tls(settings)
    async with connected(host, port, guard=guard, tls=tls if settings.tls == "ssl" else None) as connection:
        talk = SmtpTalk(connection, name=settings.own_name)
        await talk.greet()
        try:
            if settings.tls == "starttls":
                await talk.encrypt(tls, host=host)
            if settings.recipient:
                await talk.address(settings.sender, settings.recipient)
                await talk.say("RSET", hoping=250)
        except Rejected:
            await talk.quit()
            raise
        await talk.quit()


def _tls(settings: Settings) -> ssl.SSLContext:
    return client_tls(verify=settings.verify_certificate, authorities=settings.authorities)
