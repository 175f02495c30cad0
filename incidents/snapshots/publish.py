"""Brings a page's directory up to date: what changed is rendered, what differs is written."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError

from incidents.lib import times
from incidents.models import Page
from incidents.snapshots.catalogue import look_key, sources
from incidents.snapshots.manifest import Entry, Made, Manifest
from incidents.snapshots.pages import digest
from incidents.snapshots.places import UnfitName, file_name, host_directory
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source
from incidents.snapshots.store import Staged, Store, is_unchanged, purge

BATCH_FILES = 400
"""So many are fsynced together, and wait in tmp/ at most."""

TURN_SECONDS = 1.0
"""What says how things are now is rendered at once. The rest of a page that must be rendered whole, as
after an upgrade, comes in turns, so that a click in the meantime waits for one of them at most."""

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
    while True:
        outcome = publish_turn(page, now=now)
        if not outcome.pending:
            return outcome.failed


def publish_turn(page: Page, *, now: datetime) -> Outcome:
    """All that says how things are now, and as much of the rest as takes a second.

    Raises OSError where the disk is full, and Django's OperationalError without a database: the heartbeat is
    not renewed then, and the page turns grey.
    """
    with times.at(now):
        site = Site(page, now)
        store = Store(host_directory(root_of(page), page.host))
        with store.writing():
            return Renewal(store, look=look_key(site), now=now).run(sources(site))


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
        self._old = store.read_manifest()
        self._files = dict(self._old.files)
        self._owners = {entry.path: address for address, entry in self._files.items()}
        self._sources: dict[str, Made] = {}
        self._staged: list[Staged] = []
        self._is_complete = True
        self._is_true = True
        self._outcome = Outcome()

    def run(self, wanted: Iterable[Source]) -> Outcome:
        due = self._keep_what_is_unchanged(wanted)
        ends_at = time.monotonic() + TURN_SECONDS
        for source in sorted(due, key=self._tells_the_present, reverse=True):
            is_late = self._outcome.rendered and time.monotonic() > ends_at
            if is_late and not self._tells_the_present(source):
                self._outcome.pending += 1
                self._leave(source)
            else:
                self._outcome.rendered += 1
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

    def _tells_the_present(self, source: Source) -> bool:
        """By what was published of it last; of a source that is new nothing false is published yet."""
        made = self._old.sources.get(source.name)
        return made is not None and any(entry.stale_sha256 for entry in self._entries(made))

    def _leave(self, source: Source) -> None:
        """Its files stay as they are, and it is due again next time."""
        if made := self._old.sources.get(source.name):
            self._sources[source.name] = Made("", made.addresses)
        else:
            self._is_complete = False

    def _renew(self, source: Source) -> None:
        before = len(self._staged)
        try:
            addresses = tuple(self._take(file) for file in _render(source))
        except (RenderFailed, UnfitName):
            logger.exception("%s could not be published", source.name)
            self._store.discard(self._staged[before:])
            del self._staged[before:]
            self._is_true &= not self._tells_the_present(source)
            self._outcome.failed.append(source.name)
            self._leave(source)
            return
        self._sources[source.name] = Made(self._key(source), addresses)
        if len(self._staged) >= BATCH_FILES:
            self._commit()

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
