"""Subscribers from a file: whoever agreed elsewhere is told from now on. Nobody is mailed because of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from incidents.actions import audit
from incidents.actions.import_rows import OPTIONAL, REQUIRED, Entry, RowReader
from incidents.lib.csv_files import Fault, read_rows
from incidents.models import Channel, Page, Service, Staff, Subscriber, SubscriberState
from incidents.models import ServiceGroup as Group
from incidents.queries.subscribers import api_id
from incidents.queries.suppressions import suppressed_among

CHUNK = 1_000
MOST_FAULTS = 100
MOST_SKIPPED = 1_000
SKIPPED = {
    SubscriberState.UNSUBSCRIBED: gettext_noop("unsubscribed"),
    SubscriberState.DISABLED: gettext_noop("stopped, since mail to it came back"),
}
SUPPRESSED = gettext_noop("suppressed")


class FileRefused(Exception):
    """Nothing was imported: `faults` are the first of all `count` in the file."""

    def __init__(self, faults: list[Fault], count: int) -> None:
        super().__init__(f"{count} faults")
        self.faults = faults
        self.count = count


@dataclass
class Outcome:
    """What became of the rows; `skipped` names the first of those that stay without notices, with the reason."""

    added: int = 0
    confirmed: int = 0
    kept: int = 0
    skipped_count: int = 0
    skipped: list[tuple[int, str, str]] = field(default_factory=list)

    def skip(self, entry: Entry, reason: str) -> None:
        self.skipped_count += 1
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append((entry.line, entry.email, reason))


def preview_import(page: Page, file: IO[bytes]) -> Outcome:
    """What `import_subscribers` would do now; writes nothing."""
    _check(page, file)
    outcome = Outcome()
    for chunk in _chunks(page, file):
        _sort(page, chunk, outcome)
    return outcome


def import_subscribers(page: Page, file: IO[bytes], *, actor: Staff | None = None) -> Outcome:
    """Adds whoever is not there, all or none; FileRefused tells what is wrong in the file.

    Who is subscribed already keeps their own choices; who waited to confirm has now agreed. Who left, or whom
    nothing may be sent to, is skipped. Doing it twice changes nothing.
    """
    _check(page, file)
    outcome = Outcome()
    with transaction.atomic():
        for chunk in _chunks(page, file):
            new, agreed = _sort(page, chunk, outcome)
            _add(page, new)
            for subscriber, entry in agreed:
                _activate(subscriber, entry)
        counts = {"added": outcome.added, "confirmed": outcome.confirmed}
        if any(counts.values()):
            after = {**counts, "kept": outcome.kept, "skipped": outcome.skipped_count}
            audit.record("import_subscribers", page, actor=actor, after=after)
    return outcome


def _check(page: Page, file: IO[bytes]) -> None:
    """Reads all of it before anything is written."""
    count = 0
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    for found in _entries(page, file):
        fault = found if isinstance(found, Fault) else _repeated(found, lines)
        if fault is not None:
            count += 1
            if len(faults) < MOST_FAULTS:
                faults.append(fault)
    if count:
        raise FileRefused(faults, count)


def _repeated(entry: Entry, lines: dict[str, int]) -> Fault | None:
    first = lines.setdefault(entry.email, entry.line)
    if first == entry.line:
        return None
    message = f"expected each address once; this one is in line {first} too"
    return Fault(message, line=entry.line, column="email")


def _entries(page: Page, file: IO[bytes]) -> Iterator[Entry | Fault]:
    reader = RowReader(page)
    try:
        for row in read_rows(file, required=REQUIRED, optional=OPTIONAL):
            if isinstance(row, Fault):
                yield row
                continue
            found = reader.read(row.line, row.cells)
            if isinstance(found, Entry):
                yield found
            else:
                yield from found
    except Fault as fault:
        yield fault


def _chunks(page: Page, file: IO[bytes]) -> Iterator[list[Entry]]:
    entries = (entry for entry in _entries(page, file) if isinstance(entry, Entry))
    while chunk := list(islice(entries, CHUNK)):
        yield chunk


def _sort(
    page: Page, chunk: list[Entry], outcome: Outcome
) -> tuple[list[Entry], list[tuple[Subscriber, Entry]]]:
    """Who is new, and who waits to confirm; the others are counted."""
    addresses = [entry.email for entry in chunk]
    suppressed = suppressed_among(addresses)
    rows = (
        Subscriber.objects.select_for_update()
        if transaction.get_connection().in_atomic_block
        else Subscriber.objects
    )
    known = {row.email: row for row in rows.filter(page=page, channel=Channel.EMAIL, email__in=addresses)}
    new, agreed = [], []
    for entry in chunk:
        subscriber = known.get(entry.email)
        if entry.email in suppressed:
            outcome.skip(entry, SUPPRESSED)
        elif subscriber is None:
            outcome.added += 1
            new.append(entry)
        elif subscriber.state == SubscriberState.ACTIVE:
            outcome.kept += 1
        elif subscriber.state == SubscriberState.PENDING:
            outcome.confirmed += 1
            agreed.append((subscriber, entry))
        else:
            outcome.skip(entry, SKIPPED[SubscriberState(subscriber.state)])
    return new, agreed


def _add(page: Page, entries: list[Entry]) -> None:
    now = timezone.now()
    made = Subscriber.objects.bulk_create(
        Subscriber(
            page=page,
            email=entry.email,
            api_id=api_id(page, entry.email),
            state=SubscriberState.ACTIVE,
            created_at=now,
            **entry.values,
        )
        for entry in entries
    )
    services, groups = Subscriber.services.through, Subscriber.groups.through
    pairs = list(zip(made, entries, strict=True))
    services.objects.bulk_create(
        services(subscriber_id=row.pk, service_id=pk) for row, entry in pairs for pk in entry.service_ids
    )
    groups.objects.bulk_create(
        groups(subscriber_id=row.pk, servicegroup_id=pk) for row, entry in pairs for pk in entry.group_ids
    )


def _activate(subscriber: Subscriber, entry: Entry) -> None:
    """What they asked for themselves still counts once they confirm it."""
    for name, value in entry.values.items():
        setattr(subscriber, name, value)
    subscriber.state = SubscriberState.ACTIVE
    subscriber.save()
    subscriber.services.set(Service.objects.filter(pk__in=entry.service_ids))
    subscriber.groups.set(Group.objects.filter(pk__in=entry.group_ids))
