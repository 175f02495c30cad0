"""Who is asked, and in which language: the same for every address of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from incidents.lib import times
from incidents.models import Page
from incidents.queries.page import page_for
from incidents.snapshots.edition import Edition

MISDIRECTED = 421


@dataclass(frozen=True)
class Visit:
    """One request to one page in one of its languages."""

    request: HttpRequest
    page: Page
    language: str

    @property
    def prefix(self) -> str:
        """What stands before every address: nothing in the page's first language, /en in English."""
        return "" if self.language == self.page.first_language else f"/{self.language}"

    @property
    def path(self) -> str:
        """The address without its language."""
        first, _slash, rest = self.request.path.lstrip("/").partition("/")
        return f"/{rest if first in self.page.languages[1:] else self.request.path.lstrip('/')}"

    def render(
        self, name: str, context: Mapping[str, object] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Without the request in the context: nothing of the visitor can get into what is kept."""
        edition = Edition(self.page, self.language, times.now())
        return HttpResponse(edition.render(name, context, path=self.path), status=status)


def find_page(request: HttpRequest) -> Page | None:
    """The page of the request's host, looked up once a request."""
    known = vars(request)
    if "status_page" not in known:
        known["status_page"] = _page_of(request)
    return cast("Page | None", known["status_page"])


def _page_of(request: HttpRequest) -> Page | None:
    try:
        return page_for(request.get_host())
    except DisallowedHost:
        return None


def language_of(page: Page, address: str) -> str:
    """The one that the address begins with, else the page's first."""
    first = address.lstrip("/").partition("/")[0]
    return first if first in page.languages else page.first_language


def is_own_form(request: HttpRequest) -> bool:
    """By what browsers say of themselves; a client that says neither carries nobody's authority."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.get_host()


def misdirected() -> HttpResponse:
    return HttpResponse(
        "No status page answers for this host.\n",
        status=MISDIRECTED,
        content_type="text/plain; charset=utf-8",
    )


def forget_visitor(request: HttpRequest) -> None:
    """The session middleware renews the cookie of a signed-in reader unless the session is gone.

    Only once an answer is there: Django's own error page still asks for it.
    """
    if hasattr(request, "session"):
        del request.session
