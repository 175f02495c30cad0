"""Zones of the DNS server on loopback that publish SPF, and servers that fail for some names."""

from collections.abc import Mapping

import dns.flags
import dns.message
import dns.rcode

from incidents.lib.dns_resolver import DnsResolver
from tests.dns_server import Nameserver, Twist, Zone


def txt(record: str) -> str:
    """A TXT record as zone files write it, cut into strings of 255 characters."""
    return " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255))


def spf_zone(records: Mapping[str, str]) -> Zone:
    return {(name, "TXT"): [txt(record)] for name, record in records.items()}


def failing(faults: Mapping[str, str]) -> Twist:
    """What happens to questions for a name instead of an answer: servfail, refused, silence, or truncated, which
    is an answer by TCP alone."""

    def twist(answer: dns.message.Message, is_tcp: bool) -> bytes | None:
        fault = faults.get(answer.question[0].name.to_text(omit_final_dot=True).lower(), "")
        if fault == "silence":
            return None
        if fault in ("servfail", "refused"):
            answer.answer.clear()
            answer.set_rcode(dns.rcode.from_text(fault.upper()))
        if fault == "truncated" and not is_tcp:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
        return answer.to_wire(max_size=65_535)

    return twist


def resolver_of(server: Nameserver) -> DnsResolver:
    return DnsResolver([("127.0.0.1", server.port)])
