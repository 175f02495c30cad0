"""Services and groups of a page as people write them in a file: by slug or name, several in one cell.

Semicolons stand between them; a backslash before a character of a name takes away its meaning.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.lib.errors import Refused
from incidents.lib.ids import short_id
from incidents.models import Page, ServiceGroup
from incidents.queries.shown import shown_services

SEPARATOR = ";"
_PART = re.compile(r"(?:\\.|[^;；\\])+")
_MEANING = re.compile(r"[;；\\]")
NOTHING = "(none)"
"""What stands for an empty choice: an empty cell is everything."""


def split(cell: str) -> list[str]:
    """As they are written, backslashes and all."""
    return [name for part in _PART.findall(cell) if (name := part.strip())]


def _quoted(name: str) -> str:
    return f"\\{name}" if name == NOTHING else _MEANING.sub(r"\\\g<0>", name)


def _plain(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written)


@dataclass(frozen=True)
class Names:
    """`ids` by every name that is understood, `names` the one that is written."""

    ids: dict[str, int]
    names: dict[int, str]

    def read(self, cell: str, *, field: str) -> list[int]:
        wanted = [] if cell == NOTHING else [_plain(part) for part in split(cell)]
        unknown = [name for name in wanted if name not in self.ids]
        if unknown:
            raise Refused(f"expected names or slugs of this page, not {unknown[0]!r}", field=field)
        return sorted({self.ids[name] for name in wanted})

    def write(self, ids: Iterable[int]) -> str:
        """Leaves out what the page does not show any more."""
        return SEPARATOR.join(sorted(_quoted(self.names[pk]) for pk in ids if pk in self.names))


def service_names(page: Page) -> Names:
    """Of all services that the page shows; its own win where two have one name."""
    rows = shown_services(page).values_list("pk", "page_id", "slug", "name")
    in_order = sorted(rows, key=lambda row: (row[1] != page.pk, row[0]))
    return _names({pk: [slug, name.strip()] for pk, _, slug, name in in_order})


def group_names(page: Page) -> Names:
    """Of its own groups, and of those that the services of others stand in; the id tells namesakes apart."""
    own = ServiceGroup.objects.filter(page=page).order_by("pk")
    lent = ServiceGroup.objects.filter(services__in=shown_services(page)).exclude(page=page)
    groups = [*own, *lent.order_by("pk").distinct()]
    return _names({group.pk: [group.name.strip(), short_id("group", group.pk)] for group in groups})


def _names(known_by: dict[int, list[str]]) -> Names:
    """Every row's first name goes before all others' second ones."""
    ids: dict[str, int] = {}
    for names in zip(*known_by.values(), strict=True):
        for pk, name in zip(known_by, names, strict=True):
            ids.setdefault(name, pk)
    return Names(ids, {pk: next(n for n in names if ids[n] == pk) for pk, names in known_by.items()})
