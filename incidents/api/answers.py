"""How every address of the API answers: JSON for any origin, no cookie, kept by nobody."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from incidents.lib.errors import Refused
from incidents.models import Page
from incidents.queries.page import page_for

LARGEST_BODY_BYTES = 20_000
MISDIRECTED = 421
View = Callable[[HttpRequest, Page], HttpResponse]


def say(content: Any, *, status: int = 200) -> JsonResponse:
    return JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False})


def error(status: int, message: str, *, field: str = "") -> JsonResponse:
    """`field` is the input's name as the sender wrote it, "" for the whole."""
    return say({"error": message, "field": field}, status=status)


def answering(methods: Sequence[str]) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """Speaks the page's first language. No token guards it against other sites' forms: it knows no cookie."""
    allowed = ", ".join((*methods, "OPTIONS"))

    def wrap(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            response = _answer(request, view, methods, allowed=allowed)
            if hasattr(request, "session"):
                del request.session  # else a signed-in reader's cookie is renewed
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return wrap


def _answer(request: HttpRequest, view: View, methods: Sequence[str], *, allowed: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return _preflight(allowed)
    if request.method not in methods:
        response = error(405, f"expected one of {allowed}")
        response.headers["Allow"] = allowed
        return response
    page = _find_page(request)
    if page is None:
        return error(MISDIRECTED, "no status page answers for this host")
    if _length(request) > LARGEST_BODY_BYTES:
        return error(413, f"expected at most {LARGEST_BODY_BYTES} bytes")
    with translation.override(page.first_language):
        try:
            return view(request, page)
        except Refused as refused:
            return error(422, str(refused), field=refused.field)
        except (SuspiciousOperation, MultiPartParserError):
            return error(400, "expected a whole form of few fields")


def _length(request: HttpRequest) -> int:
    told = request.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() else 0


def _preflight(allowed: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"] = allowed
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _find_page(request: HttpRequest) -> Page | None:
    try:
        return page_for(request.get_host())
    except DisallowedHost:
        return None
