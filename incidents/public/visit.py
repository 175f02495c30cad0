"""Who is asked, and in which language: the same for every address of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    try:
        return page_for(request.get_host())
    except DisallowedHost:
        return None


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
