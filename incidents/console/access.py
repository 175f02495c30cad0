"""Who may see the console: every view of it goes through `staff_view`."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from incidents.console.chosen_page import is_of_other_page, page_in
from incidents.console.language import speaking_to
from incidents.models import Page, Staff

P = ParamSpec("P")

LONGEST_SESSION_SECONDS = 12 * 3600
RENEW_SECONDS = 60


class StaffRequest(HttpRequest):
    """A request of a signed-in member of staff, for the page that they work on."""

    user: Staff
    page: Page
    htmx: HtmxDetails


def staff_view(
    view: Callable[Concatenate[StaffRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Asks visitors to sign in; answers staff in their language, with instants in the page's zone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not isinstance(request.user, Staff):
            return _ask_to_sign_in(request)
        if not request.user.is_staff:
            raise PermissionDenied
        if not _keep_session(request):
            logout(request)
            return _ask_to_sign_in(request)
        page = page_in(request)
        if page is None:
            raise Http404("there is no page yet")
        if is_of_other_page(request, page):
            return HttpResponse(headers={"HX-Refresh": "true"})
        known = cast(StaffRequest, request)
        known.page = page
        with speaking_to(known.user, page=page):
            response = view(known, *args, **kwargs)
        response.headers.setdefault("Content-Language", known.user.language)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], guarded)


def _keep_session(request: HttpRequest) -> bool:
    """Whether the sign-in still counts: half an hour after the last thing done, twelve hours at most.

    A page that polls by itself does nothing, so it does not keep anyone signed in.
    """
    now = int(time.time())
    since = request.session.setdefault("signed_in_at", now)
    if now - since > LONGEST_SESSION_SECONDS:
        return False
    polls = bool(getattr(request, "htmx", False)) and request.method == "GET"
    if not polls and now - request.session.get("acted_at", 0) >= RENEW_SECONDS:
        request.session["acted_at"] = now
    return True


def _ask_to_sign_in(request: Any) -> HttpResponse:
    """A part of a page cannot become the sign-in form: the script shows its banner on a 401."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=401)
    target = request.get_full_path() if request.method == "GET" else "/console/"
    return redirect_to_login(target)
