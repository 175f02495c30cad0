"""Which checker takes which kind of monitor. A kind that is not here is judged where its values are pushed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.monitors.checkers import heartbeat, http, spf, tcp
from incidents.monitors.results import Result


@dataclass(frozen=True)
class Checker:
    """`read_settings` and `find_hosts` raise Refused at the field that cannot be worked with.

    `find_hosts` answers the hosts that a check would connect to, by the field that names each. `check` is the
    coroutine that makes one check, given the guard of the way out. Where it is None the kind is either asked in
    another way, many at once, or not at all (`is_asked`). A checker that `remembers` is given the memory of the
    monitor's newest result.
    """

    read_settings: Callable[[Mapping[str, Any]], Any]
    find_hosts: Callable[[str, Any], Mapping[str, str]]
    check: Callable[..., Awaitable[Result]] | None = None
    is_asked: bool = True
    remembers: bool = False


CHECKERS: Mapping[str, Checker] = {
    "heartbeat": Checker(heartbeat.read_settings, lambda _target, _settings: {}, is_asked=False),
    "http": Checker(http.read_settings, http.find_hosts),
    "spf": Checker(spf.read_settings, spf.find_hosts, spf.check, remembers=True),
    "tcp": Checker(tcp.read_settings, tcp.find_hosts, tcp.check),
}

ASKED = frozenset(kind for kind, checker in CHECKERS.items() if checker.is_asked)
