"""What is meant for one customer, on the page that everyone sees: by a link that is theirs, never published."""

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from incidents.lib import times
from incidents.public.door import find_member, let_in
from incidents.public.subscribing import acting, link_not_found, say
from incidents.public.visit import Visit
from incidents.queries import members
from incidents.snapshots.edition import Edition
from incidents.snapshots.html import overview_context
from incidents.snapshots.site import Site


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
    shown = Site(visit.page, times.now()).overview
    notes = members.notes_for(customer, language=visit.language)
    placed = {incident.reference for incident in shown.open_incidents}
    extras = {
        "member": customer,
        "notes": [note for note in notes if note.reference in placed],
        "other_notes": [note for note in notes if note.reference not in placed],
    }
    context = overview_context(shown, Edition(visit.page, visit.language, shown.generated_at))
    return visit.render("public/overview.html", {**context, **extras})


@acting()
def enter(visit: Visit, token: str) -> HttpResponse:
    """GET shows a button, for mail scanners open every link; only POST enters."""
    customer = members.find_linked(token, visit.page)
    if customer is None:
        return link_not_found(visit)
    if visit.request.method != "POST":
        return visit.render("public/member_link.html", {"customer": customer})
    return let_in(HttpResponseRedirect(f"{visit.prefix}/members"), "member", members.visit_token(customer))
