"""Who is asked, and in which language: the same for every address of a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.core.exceptions import DisallowedHost
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
)
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_info

from incidents.lib import times
from incidents.models import Page
from incidents.notices.links import page_url
from incidents.queries.page import page_for

CACHE_CONTROL = "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
MISDIRECTED = 421


@dataclass(frozen=True)
class LanguageLink:
    code: str
    name: str
    href: str


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

    def address(self, path: str) -> str:
        """Absolute, for text that leaves the page. Not by the request's host: its port is whatever was asked
        for, and caches keep the answer for others."""
        return page_url(self.page, path, language=self.language)

    @property
    def other_languages(self) -> tuple[LanguageLink, ...]:
        # Quoted from one slash on: "//elsewhere.test" in an address must not become a link to it.
        path = "/" + quote(self.request.path.removeprefix(self.prefix).lstrip("/"))
        return tuple(
            LanguageLink(
                code=code,
                name=get_language_info(code)["name_local"],
                href=path if code == self.page.first_language else f"/{code}{path}",
            )
            for code in self.page.languages
            if code != self.language
        )

    def context(self) -> dict[str, Any]:
        """What `public/base.html` needs, whatever is shown in it."""
        return {
            "page": self.page,
            "language": self.language,
            "prefix": self.prefix,
            "other_languages": self.other_languages,
            "now": times.now(),
        }

    def render(
        self, name: str, context: Mapping[str, object] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Without the request in the context: nothing of the visitor can get into a published page."""
        return HttpResponse(render_to_string(name, {**self.context(), **(context or {})}), status=status)


View = Callable[..., HttpResponse]


def published(view: View) -> Callable[..., HttpResponseBase]:
    """Makes a view of (Visit, …) one that anyone may keep: GET and HEAD only, no cookie, no session.

    404 comes in the page's look; a host that has no page here is 421.
    """

    @wraps(view)
    def answer(request: HttpRequest, language: str = "", **parts: str) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return _answer(request, view, language=language, parts=parts)

    return answer


def answer_not_found(request: HttpRequest, *, language: str) -> HttpResponseBase:
    """For an address that no pattern knows, whatever the method."""
    return _answer(request, _miss, language=language, parts={})


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


def _answer(request: HttpRequest, view: View, *, language: str, parts: Mapping[str, str]) -> HttpResponseBase:
    page = find_page(request)
    if page is None:
        return misdirected()
    is_known = not language or language in page.languages[1:]
    visit = Visit(request, page, language if language and is_known else page.first_language)
    with translation.override(visit.language):
        response = _answer_or_miss(view if is_known else _miss, visit, parts)
    forget_visitor(request)
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Content-Language"] = visit.language
    return response


def _answer_or_miss(view: View, visit: Visit, parts: Mapping[str, str]) -> HttpResponse:
    try:
        return view(visit, **parts)
    except Http404:
        return _miss(visit)


def _miss(visit: Visit, **_: str) -> HttpResponse:
    return visit.render("public/not_found.html", status=404)
