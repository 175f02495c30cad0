"""Is it them, or is it us? Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from incidents.monitors.results import Verdict

FEWEST_TARGETS = 4
SHARE = 0.5


@dataclass(frozen=True)
class Seen:
    """The newest result of one watch: whom it asked, whether anything answered, what was said of it before."""

    target: str
    is_reached: bool
    verdict: Verdict = Verdict.UP


def is_network_suspect(seen: Iterable[Seen]) -> bool:
    """Whether so many targets cannot be reached at once that the fault is more likely on our side: half of them or
    more, of at least four hosts. Who is known to be down already is no evidence of anything."""
    hosts, lost = _count_hosts(seen)
    return hosts >= FEWEST_TARGETS and lost >= SHARE * hosts


def is_network_back(seen: Iterable[Seen]) -> bool:
    """Whether what was seen since the suspicion began ends it. As much proof is asked for as for the suspicion: what
    is lost is looked at again soon, and would else, alone with itself, seem to be too few to suspect anything."""
    hosts, lost = _count_hosts(seen)
    if not lost:
        return hosts > 0
    return hosts >= FEWEST_TARGETS and lost < SHARE * hosts


def _count_hosts(seen: Iterable[Seen]) -> tuple[int, int]:
    """All that were not known to be down before, and those of them that cannot be reached."""
    reached: dict[str, bool] = {}
    for one in seen:
        if one.verdict != Verdict.DOWN:
            host = host_of(one.target)
            reached[host] = reached.get(host, False) or one.is_reached
    return len(reached), sum(not is_reached for is_reached in reached.values())


def host_of(target: str) -> str:
    """Of a URL, of `host:port`, or of a host alone: many monitors of one host are one target."""
    try:
        return urlsplit(target if "//" in target else f"//{target}").hostname or target
    except ValueError:
        return target
