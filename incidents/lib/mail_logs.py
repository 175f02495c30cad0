"""Lines of mail servers, load balancers and firewalls, read into arrivals: who came, and was let in or not.

Others write into these lines: what they called themselves, what they asked for. So each form is matched from the
beginning of its line, by patterns whose time grows only with the line.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import re2

from incidents.lib.errors import Refused
from incidents.lib.networks import read_address

FORMATS = ("postfix", "haproxy", "nginx", "iptables", "regex")
ACCEPTED, REFUSED = "accepted", "refused"
MOST_LINE_CHARACTERS = 8_192
MOST_PATTERN_CHARACTERS = 1_000

_STAMP = (
    r"(?:(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|(?P<bsd>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)) "
)
_POSTFIX = re2.compile(
    rf"^{_STAMP}\S+ (?P<program>postfix[\w./-]*/(?:smtpd|postscreen))\[\d+\]: "
    r"(?:\[ID \d+ \S+\] )?(?P<id>[0-9A-Za-z]+): "
    r"(?:client=(?P<client>[^\s\[\],]*)\[(?P<let_in>[^\s\]]+)\]"
    r"|(?:milter-)?reject: [A-Z-]+ from (?P<host>[^\s\[\]]*)\[(?P<address>[^\s\]]+)\](?::\d+)?: (?P<reply>.*))"
)
_ENVELOPE = re2.compile(r"; from=<[^<>\s]*@([^<>\s@]+)>")
_HAPROXY = re2.compile(
    rf"^(?:{_STAMP}\S+ haproxy\[\d+\]: )?(?P<address>[0-9A-Fa-f:.]+):\d+ "
    r"\[(?P<clf>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d)(?:\.\d+)?\] "
    r"\S+ [^\s/]+/(?P<server>\S+) [+\-\d/]+ \+?\d+ (?P<state>[A-Za-z-]{2})[A-Za-z-]{0,2} "
)
_NGINX = re2.compile(
    r"^(?P<address>[0-9A-Fa-f:.]+) (?:- - )?"
    r"\[(?P<clf>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] (?:TCP|UDP) (?P<status>\d{3})(?: |$)"
)
_FIREWALL = re2.compile(
    rf"^{_STAMP}\S+ kernel: (?P<prefix>[^=]*)IN=\S* .*?\bSRC=(?P<address>\S+) DST=\S+ (?P<rest>.*)$"
)
_TURNED_AWAY = re2.compile(r"(?i)\b(?:drop(?:ped)?|reject(?:ed)?|block(?:ed)?|deny|denied|refused?)\b")
_LET_IN = re2.compile(r"(?i)\b(?:accept(?:ed)?|allow(?:ed)?|pass(?:ed)?)\b")
_PORT = re2.compile(r"\bDPT=(\d+)\b")


@dataclass(frozen=True)
class Arrival:
    """One connection or transaction. `host` and `domain` are what it called itself, as far as the log tells."""

    address: str
    outcome: str
    at: datetime
    host: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Reading:
    """How to read. Stamps without a zone are of `zone`, those without a year of the last year that is not to come.

    `port`: of firewalls, only what was for it (0: all). `pattern`, of the form *regex*, has the group `address`
    and may have `outcome`, `at`, `host` and `domain`; where it has no `outcome`, each match is `outcome`.
    """

    zone: ZoneInfo
    port: int = 0
    pattern: str = ""
    outcome: str = REFUSED


class Broken(Exception):
    """A line that has the form of an arrival and holds what cannot be."""


# None: the line is about something else.
Reader = Callable[[str, datetime], Arrival | None]


def make_reader(form: str, how: Reading) -> Reader:
    """Reads one line, given the present instant; raises Broken."""
    readers: dict[str, Callable[[Reading], Callable[[str, datetime], Arrival | None]]] = {
        "postfix": lambda how: lambda line, now: _read_postfix(line, now, how),
        "haproxy": lambda how: lambda line, now: _read_haproxy(line, now, how),
        "nginx": lambda how: lambda line, now: _read_nginx(line, now, how),
        "iptables": lambda how: lambda line, now: _read_firewall(line, now, how),
        "regex": _regex_reader,
    }
    if form not in readers:
        raise Refused(f"expected one of {', '.join(FORMATS)}", field="format")
    return readers[form](how)


def _read_postfix(line: str, now: datetime, how: Reading) -> Arrival | None:
    """A message begun, or turned away. That a client connected says neither: many say nothing and go."""
    match = _POSTFIX.match(line)
    if match is None:
        return None
    at = _stamp(match, now, how.zone)
    if match["let_in"]:
        return Arrival(_address(match["let_in"]), ACCEPTED, at, _host(match["client"]))
    envelope = _ENVELOPE.search(match["reply"])
    domain = envelope[1].lower() if envelope else ""
    return Arrival(_address(match["address"]), REFUSED, at, _host(match["host"]), domain)


def _read_haproxy(line: str, now: datetime, how: Reading) -> Arrival | None:
    """Turned away: by a rule of the proxy (P), for want of a server, or because the server did not take it."""
    match = _HAPROXY.match(line)
    if match is None:
        return None
    state = match["state"]
    refused = state.startswith("P") or state == "SC" or match["server"] == "<NOSRV>"
    at = _parsed(match["clf"], "%d/%b/%Y:%H:%M:%S").replace(tzinfo=how.zone)
    return Arrival(_address(match["address"]), REFUSED if refused else ACCEPTED, at)


def _read_nginx(line: str, now: datetime, how: Reading) -> Arrival | None:
    """The form `$remote_addr [$time_local] $protocol $status …` of its own documentation for streams."""
    match = _NGINX.match(line)
    if match is None:
        return None
    at = _parsed(match["clf"], "%d/%b/%Y:%H:%M:%S %z")
    return Arrival(_address(match["address"]), REFUSED if match["status"] >= "400" else ACCEPTED, at)


def _read_firewall(line: str, now: datetime, how: Reading) -> Arrival | None:
    """What the rule's own prefix calls dropped or accepted; of TCP only what opens a connection."""
    match = _FIREWALL.match(line)
    if match is None or ("PROTO=TCP " in match["rest"] and " SYN " not in match["rest"]):
        return None
    port = _PORT.search(match["rest"])
    if how.port and (port is None or int(port[1]) != how.port):
        return None
    refused = bool(_TURNED_AWAY.search(match["prefix"]))
    if not refused and not _LET_IN.search(match["prefix"]):
        return None
    at = _stamp(match, now, how.zone)
    return Arrival(_address(match["address"]), REFUSED if refused else ACCEPTED, at)


def _regex_reader(how: Reading) -> Reader:
    pattern = _compiled(how.pattern)

    def read(line: str, now: datetime) -> Arrival | None:
        match = pattern.search(line)
        if match is None or not (found := match.groupdict()).get("address"):
            return None
        return Arrival(
            _address(found["address"]),
            _outcome(found.get("outcome"), how.outcome),
            _read_stamp(found["at"], now, how.zone) if found.get("at") else now,
            _host(found.get("host") or ""),
            (found.get("domain") or "").lower()[:253],
        )

    return read


def _compiled(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(text[: MOST_PATTERN_CHARACTERS + 1], options)
    except re2.error as error:
        raise Refused(f"expected a pattern of RE2: {error}", field="pattern") from None
    if "address" not in pattern.groupindex or len(text) > MOST_PATTERN_CHARACTERS:
        raise Refused(
            f"expected a pattern of at most {MOST_PATTERN_CHARACTERS} characters with a group (?P<address>…)",
            field="pattern",
        )
    return pattern


def _outcome(word: str | None, default: str) -> str:
    if not word:
        return default
    if _TURNED_AWAY.search(word):
        return REFUSED
    if _LET_IN.search(word):
        return ACCEPTED
    raise Broken(f"neither let in nor turned away: {word[:40]!r}")


def _address(text: str) -> str:
    address = read_address(text.removeprefix("IPv6:").removeprefix("ipv6:"))
    if address is None:
        raise Broken(f"no address: {text[:60]!r}")
    return str(address)


def _host(text: str) -> str:
    """Postfix says *unknown* where a name does not lead back to its address."""
    return "" if text == "unknown" else text.lower()[:253]


def _stamp(match: Any, now: datetime, zone: ZoneInfo) -> datetime:
    return _read_stamp(match["iso"] or match["bsd"], now, zone)


def _read_stamp(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    if text[:1].isdigit():
        try:
            at = datetime.fromisoformat(text.replace(",", "."))
        except ValueError:
            raise Broken(f"no instant: {text[:40]!r}") from None
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    this_year = now.astimezone(zone).year
    for year in range(this_year + 1, this_year - 5, -1):
        with suppress(Broken):  # 29 February
            at = _parsed(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=zone)
            if at <= now + timedelta(days=1):
                return at.astimezone(UTC)
    raise Broken(f"no instant: {text[:40]!r}")


def _parsed(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the callers know the zone
    except ValueError:
        raise Broken(f"no instant: {text[:40]!r}") from None
