"""Questions to DNS: the resolver that `spf.flatten` is given, and names of addresses."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdata
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from incidents.lib.networks import Address, read_address
from incidents.lib.spf import Answer

QUESTION_SECONDS = 5.0
TRY_SECONDS = 2.0
DNS_PORT = 53
MOST_POINTERS = 3

# An address and a port.
Place = tuple[str, int]


@dataclass(frozen=True)
class Host:
    """`leads_back`: the name has the address; a name that does not is what anyone may claim."""

    name: str = ""
    leads_back: bool = False


class DnsResolver:
    """Asks these servers, or the system's where none are named; by TCP what UDP cuts short."""

    def __init__(self, places: Sequence[Place] = ()) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not places)
        if places:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*place) for place in places]
        self._resolver.timeout = TRY_SECONDS

    async def ask(self, name: str, kind: str) -> Answer:
        """An answer within `QUESTION_SECONDS`; what went wrong is said in it."""
        try:
            found = await self._resolver.resolve(name, kind, search=False, lifetime=QUESTION_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer()
        except dns.resolver.LifetimeTimeout:
            return Answer(failed="no answer in time")
        except dns.resolver.NoNameservers:
            return Answer(failed="the name servers fail")
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            return Answer(failed=type(error).__name__)
        # Sorted, since servers turn their answers round: the same records shall read the same.
        return Answer(tuple(sorted(map(_text, found))), found.chaining_result.minimum_ttl)

    async def host_of(self, address: Address) -> Host:
        """The reverse name of an address, empty where there is none."""
        pointer = dns.reversename.from_address(str(address)).to_text()
        names = (await self.ask(pointer, "PTR")).records[:MOST_POINTERS]
        kind = "A" if address.version == 4 else "AAAA"
        forward = await asyncio.gather(*(self.ask(name, kind) for name in names))
        for name, answer in zip(names, forward, strict=True):
            if address in map(read_address, answer.records):
                return Host(name.lower(), leads_back=True)
        return Host(names[0].lower()) if names else Host()


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("latin-1")
    if isinstance(record, MX):
        return record.exchange.to_text(omit_final_dot=True).removesuffix(".")
    return record.to_text().removesuffix(".")
