"""Pages that act: GET shows a page with a button, only POST acts.

Mail scanners open every link, so that a link alone must change nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from incidents.actions.subscriber import Origin
from incidents.lib.errors import Refused
from incidents.lib.networks import network_of
from incidents.public.visit import Visit, find_page, forget_visitor, is_own_form, misdirected

View = Callable[..., HttpResponse]


def acting(*, from_anywhere: bool = False) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A view of (Visit, …) that acts on POST, without a CSRF token: published files carry none, and what a
    form or a link's token may do depends on no cookie. Other sites' forms are turned away by their origin
    unless they may come `from_anywhere`."""

    def wrap(view: View) -> Callable[..., HttpResponseBase]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, language: str = "", **parts: str) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD", "POST"):
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            page = find_page(request)
            if page is None:
                return misdirected()
            visit = Visit(request, page, language if language in page.languages else page.first_language)
            with translation.override(visit.language):
                if language and language not in page.languages[1:]:
                    response = link_not_found(visit)
                elif request.method == "POST" and not from_anywhere and not is_own_form(request):
                    response = say(visit, _("This form was sent from another site."), status=403)
                else:
                    response = _act(view, visit, parts)
            forget_visitor(request)
            response.headers["Cache-Control"] = "private, no-store"
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return answer

    return wrap


def _act(view: View, visit: Visit, parts: dict[str, str]) -> HttpResponse:
    """Refused after the form was good means that something changed meanwhile, such as a link used twice."""
    try:
        return view(visit, **parts)
    except Refused as error:
        return say(visit, str(error), status=409)
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        text = _("It arrived broken or too large. Please go back and send it once more.")
        return say(visit, _("This form could not be read"), text, status=400)


def spoken_in(visit: Visit, language: str) -> Visit:
    """In the reader's language: a link in a header is the same for all. `acting` restores the language."""
    if language not in visit.page.languages:
        return visit
    translation.activate(language)
    return replace(visit, language=language)


def origin_of(visit: Visit) -> Origin:
    return Origin("form", network_of(visit.request.META.get("REMOTE_ADDR", "")))


def link_not_found(visit: Visit) -> HttpResponse:
    text = _("Part of its address may be missing. Copy the whole link from the email.")
    return say(visit, _("This link is not valid"), text, status=404)


def check_mailbox(visit: Visit) -> HttpResponse:
    """The one answer for every address."""
    text = _(
        "If this address can be subscribed, we have sent a confirmation link to it. Open it and press the button. "
        "An address is sent one such email in ten minutes."
    )
    return say(visit, _("Check your mailbox"), text)


def form_status(data: object) -> int:
    return 200 if data is None else 422


def say(
    visit: Visit, heading: str, text: str = "", *, status: int = 200, way_on: tuple[str, str] | None = None
) -> HttpResponse:
    """`way_on` is a path on the page and the words of its link."""
    context = {"heading": heading, "text": text, "way_on": way_on}
    return visit.render("public/subscribing_done.html", context, status=status)
