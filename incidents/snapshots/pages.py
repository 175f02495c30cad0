"""A template, or one address in every language, as something to publish."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from incidents.snapshots.edition import Edition
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

Render = Callable[[Edition], Iterable[File]]


def per_language(site: Site, name: str, key: str, paths: Iterable[str], render: Render) -> Source:
    """The same paths under the prefix of each language."""
    addresses = tuple(edition.path(path) for edition in site.editions for path in paths)
    return Source(name, key, addresses, lambda: (file for e in site.editions for file in render(e)))


def page_file(
    edition: Edition,
    path: str,
    template: str,
    context: Mapping[str, Any],
    *,
    stale: Mapping[str, Any] | None = None,
    status: int = 200,
) -> File:
    """A template at a path; `stale` is what its context becomes once publishing has stopped."""
    twin = None if stale is None else {**context, **stale, "has_stopped": True}
    return File(
        address=edition.path(path),
        body=edition.render(template, context, path=path),
        stale=None if twin is None else edition.render(template, twin, path=path),
        status=status,
        language=edition.language,
    )


def digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
