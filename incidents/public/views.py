"""What a page's visitors read. Nothing here knows the visitor."""

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.defaults import bad_request

from incidents.public.presenting import freshness, headline, months
from incidents.public.summary import summarise
from incidents.public.visit import Visit, answer_not_found, misdirected, published
from incidents.queries.incident_view import find_public
from incidents.queries.page import history, incidents_of, overview
from incidents.queries.service import view_services

ROBOTS = """User-agent: *
Disallow: /console/
Disallow: /confirm/
Disallow: /manage
Disallow: /unsubscribe/
Disallow: /hooks/
"""


@published
def show_overview(visit: Visit) -> HttpResponse:
    shown = overview(visit.page)
    context = {
        "overview": shown,
        "headline": headline(shown),
        "freshness": freshness(shown),
        "now": shown.generated_at,
    }
    return visit.render("public/overview.html", context)


@published
def show_history(visit: Visit) -> HttpResponse:
    return visit.render("public/history.html", {"months": months(history(visit.page), zone=visit.page.zone)})


@published
def show_incident(visit: Visit, reference: str) -> HttpResponse:
    incident = find_public(visit.page, reference)
    if incident is None:
        raise Http404
    address = visit.address(f"/incidents/{incident.reference}")
    summary = summarise(incident, zone=visit.page.zone, language=visit.language, address=address)
    return visit.render("public/incident.html", {"incident": incident, "summary": summary})


@published
def show_service(visit: Visit, slug: str) -> HttpResponse:
    service = next((s for s in view_services(visit.page) if s.slug == slug), None)
    if service is None:
        raise Http404
    incidents = incidents_of(visit.page, slug=slug)
    context = {
        "service": service,
        "open_incidents": [i for i in incidents if not i.is_over],
        "past_incidents": [i for i in incidents if i.is_over],
    }
    return visit.render("public/service.html", context)


@published
def show_robots(visit: Visit) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


def show_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Django's handler404, in the language that the address begins with."""
    first, _, rest = request.path.lstrip("/").partition("/")
    return answer_not_found(request, language=first if rest and len(first) == 2 else "")


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler400: middleware finds a foreign host before any view does."""
    return misdirected() if isinstance(exception, DisallowedHost) else bad_request(request, exception)
