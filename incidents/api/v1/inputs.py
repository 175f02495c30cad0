"""What stands in the address or in the body, checked: Refused names the parameter and what was expected."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest

from incidents.lib.errors import Refused
from incidents.models import Page
from incidents.queries.page import all_pages

MOST = 200
USUAL = 50
PAGING = ("cursor", "limit")
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Query:
    values: dict[str, str]

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """ "" where it is not given."""
        value = self.text(name)
        if value and value not in allowed:
            raise Refused(f"expected one of {', '.join(allowed)}", field=name)
        return value

    @property
    def cursor(self) -> int | None:
        value = self.text("cursor")
        if not value:
            return None
        if not (value.isascii() and value.isdecimal()) or len(value) > 19 or int(value) > LARGEST_ID:
            raise Refused("expected what an earlier answer gave as next", field="cursor")
        return int(value)

    @property
    def limit(self) -> int:
        value = self.text("limit") or str(USUAL)
        if not (value.isascii() and value.isdecimal() and len(value) < 5 and 1 <= int(value) <= MOST):
            raise Refused(f"expected a whole number from 1 to {MOST}", field="limit")
        return int(value)

    @property
    def pages(self) -> list[Page]:
        """All, where none is named by its host."""
        pages, host = all_pages(), self.text("page")
        found = [page for page in pages if not host or page.host == host]
        if not found:
            known = ", ".join(page.host for page in pages)
            raise Refused(f"expected the host of a page, one of {known}", field="page")
        return found

    @property
    def one_page(self) -> Page:
        pages = self.pages
        if len(pages) > 1:
            known = ", ".join(page.host for page in pages)
            raise Refused(f"expected the host of one page, one of {known}", field="page")
        return pages[0]


def read_query(request: HttpRequest, *known: str) -> Query:
    """A parameter that is not known or stands twice is refused: what was meant by it would silently not happen."""
    unknown = sorted(set(request.GET) - set(known))
    if unknown:
        expected = f"expected only {', '.join(known)}" if known else "expected no parameter"
        raise Refused(expected, field=unknown[0][:100])
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise Refused("expected this parameter once", field=name)
        if "\0" in values[0]:
            raise Refused("expected no NUL character", field=name)
    return Query({name: str(value) for name, value in request.GET.items()})


def read_flags(request: HttpRequest, *known: str) -> dict[str, bool]:
    """A JSON object of true and false; an empty body is an empty object."""
    try:
        told = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise Refused("expected a JSON object") from None
    if not isinstance(told, dict):
        raise Refused("expected a JSON object")
    for name, value in told.items():
        if name not in known:
            raise Refused(f"expected only {', '.join(known)}", field=name[:100])
        if not isinstance(value, bool):
            raise Refused("expected true or false", field=name)
    return told
