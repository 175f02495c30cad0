"""What is meant for one customer, on the page that everyone sees: by a link that is theirs, never published."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.lib import times
from incidents.public.acting import acting, link_not_found, say
from incidents.public.door import find_member, let_in, seal
from incidents.public.views import find_published
from incidents.public.visit import Visit, find_page, misdirected
from incidents.queries import members
from incidents.snapshots.edition import Edition
from incidents.snapshots.html import front_page
from incidents.snapshots.site import Site
from incidents.snapshots.source import TEXT


@acting()
def show(visit: Visit) -> HttpResponse:
    customer = find_member(visit.request, visit.page)
    if customer is None:
        return say(
            visit,
            _("This page is for signed-in customers"),
            _("Open the link that was sent to you."),
            status=403,
        )
    site = Site(visit.page, times.now())
    shown = site.overview
    notes = members.notes_for(customer, language=visit.language)
    places = {f"/incidents/{incident.reference}" for incident in shown.open_incidents}
    places |= {f"/maintenance/{maintenance.id}" for maintenance in shown.maintenances}
    extras = {
        "member": customer,
        "feed_path": f"/members/{members.feed_token(customer)}" if visit.page.is_private else "",
        "notes": [note for note in notes if note.path in places],
        "other_notes": [note for note in notes if note.path not in places],
    }
    front = front_page(site, Edition(visit.page, visit.language, site.now))
    return visit.render("public/overview.html", front | extras)


@acting()
def enter(visit: Visit, token: str) -> HttpResponse:
    """GET shows a button, for mail scanners open every link; only POST enters."""
    customer = members.find_linked(token, visit.page)
    if customer is None:
        return link_not_found(visit)
    if visit.request.method != "POST":
        return visit.render("public/member_link.html", {"customer": customer})
    return let_in(HttpResponseRedirect(f"{visit.prefix}/members"), "member", members.visit_token(customer))


@require_safe
def feed(request: HttpRequest, token: str, name: str, language: str = "") -> HttpResponse:
    """A feed of a private page for one customer's reader, which has no cookie: its address ends with the link."""
    page = find_page(request)
    if page is None:
        return misdirected()
    may_read = members.find_feed_reader(token, page) is not None
    prefix = f"/{language}" if language else ""
    file = find_published(Site(page, times.now()), f"{prefix}/{name}") if may_read else None
    if file is None:
        return seal(HttpResponse("There is no feed at this address.\n", content_type=TEXT, status=404))
    return seal(HttpResponse(file.body, content_type=file.content_type))
