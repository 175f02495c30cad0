"""Compares what was published with what the mail server took: the promises that hold after every fault.

I1 nothing is lost: each delivery arrived, or ended with a reason that staff can read.
I2 copies beyond the first are bounded by the faults that can make one.
I3 nobody is written to without consent.
I4 one reader gets the notices of one incident in the order of their publication.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from incidents.models import Delivery, DeliveryState
from tests.smtp import Received

ENDED_WITHOUT_MAIL = (
    DeliveryState.FAILED,
    DeliveryState.CANCELLED,
    DeliveryState.EXPIRED,
    DeliveryState.PARKED,
)
_STEP = re.compile(r"【第(\d+)報")
_REFERENCE = re.compile(r"\((INC-[\d-]+)\)$")

Copy = tuple[str, str, int]
"""Recipient, incident, and the update's number."""


@dataclass
class History:
    """What was published, to whom; `left` are those who had unsubscribed, or whose address was suppressed or
    erased, before the first mail could leave."""

    published: list[tuple[str, int, frozenset[str]]] = field(default_factory=list)
    left: set[str] = field(default_factory=set)

    def note(self, reference: str, number: int, audience: Iterable[str]) -> None:
        self.published.append((reference, number, frozenset(audience)))

    @property
    def due(self) -> set[Copy]:
        return {
            (address, reference, number)
            for reference, number, audience in self.published
            for address in audience - self.left
        }

    def check(self, received: Iterable[Received], *, copies_allowed: int) -> None:
        log = [_read(mail) for mail in received]
        arrived = Counter(log)
        missing = self.due - arrived.keys() - _ended()
        assert not missing, f"I1: {len(missing)} lost, such as {sorted(missing)[:3]}"
        extra = arrived.total() - len(arrived)
        assert extra <= copies_allowed, f"I2: {extra} copies, {copies_allowed} allowed"
        strangers = arrived.keys() - self.due
        assert not strangers, f"I3: {sorted(strangers)[:3]} must not be written to"
        assert not (late := _out_of_order(log)), f"I4: out of order, such as {late[:3]}"


def _read(mail: Received) -> Copy:
    subject = str(message_from_bytes(mail.raw.partition(b"\r\n\r\n")[0], policy=policy.default)["Subject"])
    step, reference = _STEP.search(subject), _REFERENCE.search(subject)
    assert step and reference, subject
    return mail.recipient, reference[1], int(step[1])


def _ended() -> set[Copy]:
    ended = Delivery.objects.filter(state__in=ENDED_WITHOUT_MAIL).exclude(last_reply="")
    return set(
        ended.values_list("subscriber__email", "notice__incident__reference", "notice__update__number")
    )


def _out_of_order(log: list[Copy]) -> list[Copy]:
    """Copies that came after a later update of the same incident, first copies only."""
    seen: set[Copy] = set()
    latest: defaultdict[tuple[str, str], int] = defaultdict(int)
    late = []
    for copy in log:
        recipient, reference, number = copy
        if copy not in seen and number < latest[recipient, reference]:
            late.append(copy)
        seen.add(copy)
        latest[recipient, reference] = max(latest[recipient, reference], number)
    return late
