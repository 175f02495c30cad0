"""Pings a host."""

from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib.connect import Unreachable, explain, resolve
from incidents.lib.errors import Refused
from incidents.lib.hosts import clean_host
from incidents.lib.outbound import Guard
from incidents.lib.ping import UNPRIVILEGED_RANGE, can_ping, ping
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_total_ms, read_whole
from incidents.monitors.results import Result

MOST_PACKETS = 10
LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class Settings:
    packets: int = 3
    most_lost: int = 1
    total_ms: int = 10_000


def read_settings(given: Given) -> Settings:
    """Refused too where this system lets the service send no pings: then no answer would tell anything of a host."""
    if not can_ping():
        raise Refused(f"this system lets the service send no pings; see {UNPRIVILEGED_RANGE}", field="target")
    packets = read_whole(given, "packets", default=3, least=1, most=MOST_PACKETS)
    return Settings(
        packets=packets,
        most_lost=read_whole(given, "most_lost", default=min(1, packets - 1), least=0, most=packets - 1),
        total_ms=read_total_ms(given),
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": clean_host(target, field="target").strip("[]")}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at = now()
    wait = min(LONGEST_WAIT_SECONDS, settings.total_ms / 1000 * 0.8 / settings.packets)
    try:
        address, *_ = await resolve(find_hosts(target, settings)["target"], guard=guard)
        echoes = await ping(address, packets=settings.packets, timeout_seconds=wait)
    except Unreachable as unreachable:
        return Result(at, ok=False, detail=str(unreachable))
    except OSError as error:
        return Result(at, ok=False, detail=explain(error))
    lost = settings.packets - echoes.answered
    latency_ms = echoes.average_ms if echoes.answered else None
    return Result(
        at,
        ok=lost <= settings.most_lost,
        latency_ms=latency_ms,
        detail=f"{echoes.answered} of {settings.packets} answered",
    )
