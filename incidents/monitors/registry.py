"""Which checker takes which kind of monitor. A kind that is not here is judged where its values are pushed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.monitors.checkers import (
    dns,
    heartbeat,
    http,
    icmp,
    mail_round_trip,
    smtp,
    spf,
    tcp,
    tls,
    upstream,
)
from incidents.monitors.results import Result


@dataclass(frozen=True)
class Checker:
    """`read_settings` and `find_hosts` raise Refused at the field that cannot be worked with.

    `find_hosts` answers the hosts that a check would connect to, by the field that names each. `check` is the
    coroutine that makes one check, given the guard of the way out. Where it is None the kind is either asked in
    another way, many at once, or not at all.
    """

    read_settings: Callable[[Mapping[str, Any]], Any]
    find_hosts: Callable[[str, Any], Mapping[str, str]]
    check: Callable[..., Awaitable[Result]] | None = None


CHECKERS: Mapping[str, Checker] = {
    "dns": Checker(dns.read_settings, dns.find_hosts, dns.check),
    "heartbeat": Checker(heartbeat.read_settings, lambda _target, _settings: {}),
    "http": Checker(http.read_settings, http.find_hosts),
    "icmp": Checker(icmp.read_settings, icmp.find_hosts, icmp.check),
    "mail_round_trip": Checker(
        mail_round_trip.read_settings, mail_round_trip.find_hosts, mail_round_trip.check
    ),
    "smtp": Checker(smtp.read_settings, smtp.find_hosts, smtp.check),
    "spf": Checker(spf.read_settings, spf.find_hosts, spf.check),
    "tcp": Checker(tcp.read_settings, tcp.find_hosts, tcp.check),
    "tls": Checker(tls.read_settings, tls.find_hosts, tls.check),
    "upstream": Checker(upstream.read_settings, upstream.find_hosts, upstream.check),
}
