"""The door of a private page: who is let in, and what everyone else is answered.

Whatever is asked, the answer is the same: it tells neither what the page is called nor which addresses it has.
"""

import re
from enum import StrEnum
from urllib.parse import quote

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation

from incidents.lib.networks import lies_in
from incidents.models import Customer, Page, Staff
from incidents.public.visit import is_own_form, language_of
from incidents.queries import members
from incidents.snapshots.answering import is_data
from incidents.snapshots.source import TEXT

DOOR = "/enter"
LIMIT = "enter_page"  # of ACCOUNT_RATE_LIMITS
_FILE = re.compile(r".*\.(atom|rss|xml|ics|svg|png|js|css|txt|md)$")

_SHARING = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")


class Error(StrEnum):
    """Why the password was not taken."""

    WRONG = "wrong"
    TOO_MANY = "too_many"


def is_admitted(request: HttpRequest, page: Page) -> bool:
    """Anyone to a public page; to a private one staff, visitors from its networks, and whoever entered by its
    password or a member link."""
    if not page.is_private or lies_in(request.META.get("REMOTE_ADDR", ""), page.allowed_networks):
        return True
    entered = request.COOKIES.get(cookie_name("reader"), "")
    if entered and members.opens_page(entered, page):
        return True
    return find_member(request, page) is not None or _is_staff(request)


def find_member(request: HttpRequest, page: Page) -> Customer | None:
    visiting = request.COOKIES.get(cookie_name("member"), "")
    return members.find_visiting(visiting, page) if visiting else None


def answer_door(request: HttpRequest, page: Page) -> HttpResponse:
    """A form for the password, whatever the address; a plain refusal where a program asks."""
    if is_data(request.path):
        return JsonResponse({"error": "This page is private."}, status=403)
    if _FILE.fullmatch(request.path):
        return HttpResponse("This page is private.\n", content_type=TEXT, status=403)
    if "password" in request.POST and page.password and is_own_form(request):
        return _try_password(request, page)
    return _show(request, page)


def home_of_door(path: str, page: Page) -> str:
    """Where the door's own address leads those who are let in; "" for any other address."""
    language = language_of(page, path)
    prefix = "" if language == page.first_language else f"/{language}"
    return f"{prefix}/" if path == f"{prefix}{DOOR}" else ""


def let_in(response: HttpResponse, name: str, token: str) -> HttpResponse:
    """Gives the visitor what opens this host's page, and no other's: the cookie goes to no other host."""
    response.set_cookie(
        cookie_name(name),
        token,
        max_age=members.VISIT_LIFE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def seal(response: HttpResponse) -> HttpResponse:
    """Nothing of a private page may be kept by a cache, read by another site's script, or found by a search."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    for name in _SHARING:
        response.headers.pop(name, None)
    return response


def cookie_name(name: str) -> str:
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


def _is_staff(request: HttpRequest) -> bool:
    return isinstance(request.user, Staff) and request.user.is_staff


def _try_password(request: HttpRequest, page: Page) -> HttpResponse:
    """Counted before it is tried: guesses sent at once count each."""
    if not ratelimit.consume(request, action=LIMIT, key=f"page {page.pk}"):
        return _show(request, page, error=Error.TOO_MANY, status=429)
    if not check_password(request.POST["password"], page.password):
        return _show(request, page, error=Error.WRONG)
    ratelimit.clear(request, action=LIMIT, key=f"page {page.pk}")
    return let_in(HttpResponseRedirect(_asked_for(request, page)), "reader", members.entry_token(page))


def _show(request: HttpRequest, page: Page, *, error: str = "", status: int = 403) -> HttpResponse:
    language = language_of(page, request.path)
    context = {"language": language, "has_password": bool(page.password), "error": error}
    with translation.override(language):
        response = HttpResponse(render_to_string("public/door.html", context), status=status)
    response.headers["Content-Language"] = language
    return response


def _asked_for(request: HttpRequest, page: Page) -> str:
    """Where the visitor wanted to go, on this host: from one slash on."""
    return home_of_door(request.path, page) or "/" + quote(request.path.lstrip("/"))
