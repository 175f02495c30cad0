"""Proof of delivery: what became of a notice, in numbers and in the mail servers' words."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from incidents.models import AudiencePart, Channel, Delivery, DeliveryState, Notice

LOST = (DeliveryState.FAILED, DeliveryState.PARKED, DeliveryState.EXPIRED)
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD)
RETRYING = "retrying"
UNWRITTEN = "unwritten"
MOST_DOMAINS = 30
MOST_REPLIES = 20
MOST_WORDINGS = 5_000
SLOWEST = 10
# What differs from one recipient to the next: addresses, and words with digits in them such as queue ids.
_PERSONAL = re.compile(r"<?[^\s<>]+@[^\s<>]+>?|\b(?=[A-Za-z]*\d)\w{6,}\b")


def is_mail_to(public_id: str, address: str) -> bool:
    """Whether the delivery is a mail to that address; any mail of ours, where the address is not known."""
    mails = Delivery.objects.filter(public_id=public_id, channel=Channel.EMAIL)
    return (mails.filter(subscriber__email=address) if address else mails).exists()


class WholeSeconds(Func):
    """How long after the second instant the first is, rounded down; counted by the database itself."""

    output_field = IntegerField()
    template = "CAST(FLOOR(EXTRACT(EPOCH FROM (%(expressions)s))) AS INTEGER)"
    arg_joiner = " - "
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """In days, whose last digits are tens of microseconds."""
        days = self.copy()
        days.set_source_expressions(
            [Func(instant, function="julianday") for instant in self.get_source_expressions()]
        )
        template = "CAST((%(expressions)s) * 86400 + 0.0005 AS INTEGER)"
        return days.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Waits:
    """Whole seconds from when mails were due to when a server had taken them."""

    median: int
    slowest: int


@dataclass
class DomainProof:
    domain: str
    total: int = 0
    sent: int = 0
    waiting: int = 0
    lost: int = 0
    waits: Waits | None = None


@dataclass(frozen=True)
class ReplyGroup:
    """One answer that servers gave for several recipients; `words` without what is each recipient's own."""

    state: str
    code: str
    words: str
    count: int


@dataclass(frozen=True)
class Proof:
    """`counts` is by state, but for the queued that were tried before (*retrying*) and those of a large audience
    who have no delivery yet (*unwritten*). `domains` are the largest of `domain_count`."""

    notice: Notice
    counts: Mapping[str, int]
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    waits: Waits | None
    domains: tuple[DomainProof, ...]
    domain_count: int
    replies: tuple[ReplyGroup, ...]
    slowest: tuple[Delivery, ...]


@dataclass
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    domains: dict[str, DomainProof] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, domain: str, state: str, is_tried: bool, n: int) -> None:
        self.counts[RETRYING if is_tried and state == DeliveryState.QUEUED else state] += n
        row = self.domains.setdefault(domain, DomainProof(domain))
        row.total += n
        row.sent += n if state == DeliveryState.SENT else 0
        row.waiting += n if state in WAITING else 0
        row.lost += n if state in LOST else 0


def all_notices() -> QuerySet[Notice]:
    """Each with its page and what it tells of."""
    related = ("incident", "update", "report", "maintenance", "maintenance_update")
    return Notice.objects.select_related("page", *related)


def notices_before(
    found: QuerySet[Notice], *, before: int | None, most: int
) -> tuple[list[Notice], int | None]:
    """The newest first, from the one before `before`; and what to give for the next ones."""
    rest = found if before is None else found.filter(pk__lt=before)
    rows = list(rest.order_by("-pk")[: most + 1])
    return rows[:most], rows[most - 1].pk if len(rows) > most else None


def prove(notice: Notice) -> Proof:
    """Costs as many queries for a hundred thousand deliveries as for one."""
    deliveries = Delivery.objects.filter(notice=notice).order_by()
    tally = _tally(deliveries)
    tally.counts[UNWRITTEN] = _unwritten(notice)
    largest = sorted(tally.domains.values(), key=lambda row: (-row.lost, -row.total, row.domain))[
        :MOST_DOMAINS
    ]
    waits = _waits(deliveries, notice, [row.domain for row in largest])
    for row in largest:
        row.waits = _summed([waits.get(row.domain, Counter())])
    return Proof(
        notice=notice,
        counts={**dict.fromkeys([*DeliveryState.values, RETRYING], 0), **tally.counts},
        first_sent_at=tally.first,
        last_sent_at=tally.last,
        waits=_summed(waits.values()),
        domains=tuple(largest),
        domain_count=len(tally.domains),
        replies=_replies(deliveries),
        slowest=tuple(_slowest(deliveries)),
    )


def _tally(deliveries: QuerySet[Delivery]) -> _Tally:
    tally = _Tally()
    is_tried = Case(When(attempts__gt=0, then=Value(1)), default=Value(0), output_field=IntegerField())
    rows = deliveries.annotate(is_tried=is_tried).values_list("domain", "state", "is_tried")
    for domain, state, tried, n, first, last in rows.annotate(
        n=Count("pk"), first=Min("sent_at"), last=Max("sent_at")
    ):
        tally.add(domain, state, bool(tried), n)
        tally.first = min(filter(None, (tally.first, first)), default=None)
        tally.last = max(filter(None, (tally.last, last)), default=None)
    return tally


def _unwritten(notice: Notice) -> int:
    waiting = AudiencePart.objects.filter(notice=notice, expanded_at=None)
    return waiting.aggregate(n=Sum("size"))["n"] or 0


def _waits(deliveries: QuerySet[Delivery], notice: Notice, domains: list[str]) -> dict[str, Counter[int]]:
    """How many mails took how many seconds, by the domains that are named; all others together under ""."""
    place = Case(When(domain__in=domains, then=F("domain")), default=Value(""), output_field=CharField())
    seconds = WholeSeconds(F("sent_at"), Value(notice.due_at))
    rows = deliveries.filter(state=DeliveryState.SENT).annotate(place=place, seconds=seconds)
    waits: dict[str, Counter[int]] = defaultdict(Counter)
    for domain, taken, n in rows.values_list("place", "seconds").annotate(n=Count("pk")):
        waits[domain][max(0, taken)] += n
    return waits


def _summed(counters: Iterable[Counter[int]]) -> Waits | None:
    """The lower of the two in the middle is the median."""
    taken: Counter[int] = sum(counters, Counter())
    middle = (taken.total() + 1) // 2
    for seconds in sorted(taken):
        middle -= taken[seconds]
        if middle <= 0:
            return Waits(median=seconds, slowest=max(taken))
    return None


def _replies(deliveries: QuerySet[Delivery]) -> tuple[ReplyGroup, ...]:
    """Of those that were lost or are tried again, the most frequent first."""
    told = deliveries.filter(Q(state__in=LOST) | Q(state=DeliveryState.QUEUED, attempts__gt=0))
    rows = told.values_list("state", "last_code", "last_reply").annotate(n=Count("pk")).order_by("-n")
    groups: Counter[tuple[str, str, str]] = Counter()
    for state, code, reply, n in rows[:MOST_WORDINGS]:
        name = RETRYING if state == DeliveryState.QUEUED else state
        groups[name, code, _PERSONAL.sub("…", reply)] += n
    return tuple(ReplyGroup(*group, n) for group, n in groups.most_common(MOST_REPLIES))


def _slowest(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    sent = deliveries.filter(state=DeliveryState.SENT).select_related("subscriber")
    return sent.order_by("-sent_at", "-pk")[:SLOWEST]


def deliveries_after(
    notice: Notice, *, states: Iterable[str], after: int, most: int
) -> tuple[list[Delivery], int | None]:
    """Those in the states by the order of their subscribers' ids, from the one after `after`; and what to give
    for the next ones. The index that keeps them unique serves them in this order."""
    found = Delivery.objects.filter(notice=notice, subscriber__gt=after, state__in=states)
    rows = list(found.select_related("subscriber").order_by("subscriber_id")[: most + 1])
    return rows[:most], rows[most - 1].subscriber_id if len(rows) > most else None
