"""Brings a page's directory up to date: what changed is rendered, what differs is written."""

import gc
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import filterfalse
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError

from incidents.lib import times
from incidents.models import Page
from incidents.snapshots.catalogue import sources
from incidents.snapshots.kept import Kept
from incidents.snapshots.manifest import Entry, Made, Manifest
from incidents.snapshots.pages import digest
from incidents.snapshots.places import UnfitName, file_name, host_directory
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source
from incidents.snapshots.store import Staged, Store, close_to_others, is_unchanged, purge

BATCH_FILES = 400
"""So many are fsynced together, and wait in tmp/ at most."""

LIVELY_SECONDS = 90
"""What was rendered within this time is what moves at present, and what people look at."""

REST_SECONDS = 0.5
"""So long, after all that moves, a turn goes on with the rest that is due: every service's page with each hour,
everything after an upgrade. A click in the meantime waits for no more than that."""

LATE_SECONDS = 60
"""So long may a page wait that says how things are now, before the whole is taken for stale."""

logger = logging.getLogger(__name__)


class RenderFailed(Exception):
    """A source's own fault, and not the disk's nor the database's."""


@dataclass
class Outcome:
    """Of one turn: sources that were rendered, that failed, that are left for the next, and files written."""

    rendered: int = 0
    failed: list[str] = field(default_factory=list)
    pending: int = 0
    written: int = 0


def publish_page(page: Page, *, now: datetime) -> list[str]:
    """Returns when all of the page as it is now is published; answers the sources that could not be."""
    kept = Kept()
    while True:
        outcome = publish_turn(page, now=now, kept=kept, rest_seconds=10 * REST_SECONDS)
        if not outcome.pending:
            return outcome.failed


def publish_turn(page: Page, *, now: datetime, kept: Kept, rest_seconds: float = REST_SECONDS) -> Outcome:
    """All that moves at present, and so much of the rest that is due; `kept` is of earlier turns of the page.

    Raises OSError where the disk is full, and Django's OperationalError without a database: the heartbeat is
    not renewed then, and the page turns grey.
    """
    if page.is_private:
        close_to_others(root_of(page))
    with times.at(now), uncollected():
        site = Site(page, now, kept)
        store = Store(host_directory(root_of(page), page.host))
        with store.writing():
            renewal = Renewal(store, look=site.look, now=now)
            return renewal.run(sources(site), rest_seconds=rest_seconds)


@contextmanager
def uncollected() -> Iterator[None]:
    """Python looks for garbage after a batch, and not in the midst of what someone waits for: that takes a
    sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def publish_all(*, now: datetime) -> list[str]:
    """Every page, each whether or not another fails; answers what could not be published."""
    pages = list(Page.objects.order_by("pk"))
    purge_gone(pages)
    failed = []
    for page in pages:
        try:
            failed += [f"{page.host} {name}" for name in publish_page(page, now=now)]
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s was not published", page.host)
            failed.append(page.host)
    return failed


def purge_gone(pages: Sequence[Page]) -> None:
    """Removes what was published of pages that are deleted, renamed, or not public any more.

    Not where there is no page at all, as in a database that is being restored.
    """
    for root in (settings.PUBLISHED_DIR, settings.PUBLISHED_PRIVATE_DIR):
        keep = [page.host.lower() for page in pages if root_of(page) == root]
        if pages and (gone := purge(root, keep=keep)):
            logger.info("no longer published in %s: %s", root.name, ", ".join(gone))


def root_of(page: Page) -> Path:
    root: Path = settings.PUBLISHED_PRIVATE_DIR if page.is_private else settings.PUBLISHED_DIR
    return root


class Renewal:
    """One turn of one page, inside `store.writing()`."""

    def __init__(self, store: Store, *, look: str, now: datetime) -> None:
        self._store = store
        self._look = look
        self._now = now
        self._second = int(now.timestamp())
        self._old = store.read_manifest()
        self._files = dict(self._old.files)
        self._owners = {entry.path: address for address, entry in self._files.items()}
        self._sources: dict[str, Made] = {}
        self._staged: list[Staged] = []
        self._is_complete = True
        self._is_true = True
        self._outcome = Outcome()

    def run(self, wanted: Iterable[Source], *, rest_seconds: float = REST_SECONDS) -> Outcome:
        due = self._keep_what_is_unchanged(wanted)
        for source in filter(self._is_lively, due):
            self._renew(source)
        rest = sorted(filterfalse(self._is_lively, due), key=self._rank)
        ends_at = time.monotonic() + rest_seconds
        for place, source in enumerate(rest):
            if place and time.monotonic() > ends_at:
                self._outcome.pending += 1
                self._leave(source)
            else:
                self._renew(source)
        self._commit()
        self._remove_what_is_gone()
        self._finish()
        return self._outcome

    def _keep_what_is_unchanged(self, wanted: Iterable[Source]) -> list[Source]:
        due = []
        for source in wanted:
            made = self._old.sources.get(source.name)
            if made and made.key == self._key(source) and all(map(self._store.holds, self._entries(made))):
                self._sources[source.name] = made
            else:
                due.append(source)
        return due

    def _key(self, source: Source) -> str:
        return digest(self._look, source.key)

    def _entries(self, made: Made) -> list[Entry]:
        return [self._files[address] for address in made.addresses]

    def _rank(self, source: Source) -> tuple[int, int]:
        """What waits longest first, then what was rendered last."""
        old = self._old.sources.get(source.name)
        return (old.late_since or self._second, -old.made_at) if old else (self._second, 0)

    def _is_lively(self, source: Source) -> bool:
        """Something new is, unless everything is new."""
        old = self._old.sources.get(source.name)
        return self._second - old.made_at < LIVELY_SECONDS if old else self._old.is_complete

    def _leave(self, source: Source, *, is_failed: bool = False) -> None:
        """Its files stay as they are, and it is due again next time."""
        old = self._old.sources.get(source.name)
        if old is None:
            self._is_complete = False
            return
        late = old._replace(key="", late_since=old.late_since or self._second)
        self._sources[source.name] = late
        if is_failed or self._second - late.late_since > LATE_SECONDS:
            self._is_true &= not self._tells_the_present(late)

    def _tells_the_present(self, made: Made) -> bool:
        return any(entry.stale_digest for entry in self._entries(made))

    def _renew(self, source: Source) -> None:
        self._outcome.rendered += 1
        before = len(self._staged)
        try:
            addresses = tuple(self._take(file) for file in _render(source))
        except (RenderFailed, UnfitName):
            logger.exception("%s could not be published", source.name)
            self._store.discard(self._staged[before:])
            del self._staged[before:]
            self._outcome.failed.append(source.name)
            self._leave(source, is_failed=True)
            return
        self._sources[source.name] = Made(self._key(source), addresses, self._second)
        if len(self._staged) >= BATCH_FILES:
            self._commit()
            gc.collect()

    def _take(self, file: File) -> str:
        """Stages the file unless it is there already; answers its address."""
        path = file_name(file.address, file.content_type)
        if self._owners.setdefault(path, file.address) != file.address:
            raise UnfitName(f"{file.address} would lie where {self._owners[path]} does")
        old = self._files.get(file.address)
        if old is None or not (self._store.holds(old) and is_unchanged(file, old)):
            self._staged.append(self._store.stage(file, path))
        return file.address

    def _commit(self) -> None:
        self._store.commit(self._staged)
        for staged in self._staged:
            old = self._files.get(staged.address)
            if old and old.path != staged.entry.path:
                self._store.remove(old)
            self._files[staged.address] = staged.entry
        self._outcome.written += len(self._staged)
        self._staged.clear()

    def _remove_what_is_gone(self) -> None:
        alive = {address for made in self._sources.values() for address in made.addresses}
        for address in self._files.keys() - alive:
            self._store.remove(self._files.pop(address))

    def _finish(self) -> None:
        made = Manifest(
            seq=self._old.seq + 1,
            generated_at=self._now.isoformat(),
            is_complete=self._is_complete,
            sources=self._sources,
            files=self._files,
        )
        if self._store.was_unfinished or not made.says_the_same_as(self._old):
            self._store.write_manifest(made)
        if self._is_true:
            self._store.beat(self._now)


def _render(source: Source) -> Iterator[File]:
    """Raises RenderFailed for whatever is the source's own fault."""
    try:
        yield from source.render()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        raise RenderFailed(source.name) from error
