"""One incident: hearing each update of it, or nothing more but its end."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import subscriber as subscriber_actions
from incidents.lib.languages import said_by
from incidents.lib.timing import taking_a_whole_step
from incidents.models import Incident
from incidents.public.acting import (
    acting,
    check_mailbox,
    form_status,
    link_not_found,
    origin_of,
    say,
    spoken_in,
)
from incidents.public.subscribing_forms import AddressForm
from incidents.public.visit import Visit
from incidents.queries import subscribers
from incidents.queries.subscribers import LinkState


@acting()
def follow(visit: Visit, reference: str) -> HttpResponse:
    incident = subscribers.find_shown_incident(visit.page, reference)
    if incident is None:
        return say(visit, _("There is no such incident on this page."), status=404)
    if not incident.is_open:
        return say(visit, _("This incident is over: there is nothing more to be told of it."), status=410)
    data = visit.request.POST if visit.request.method == "POST" else None
    form = AddressForm(data)
    if data is None or not form.is_valid():
        context = {"form": form, "incident": incident, "title": _title(incident, visit)}
        return visit.render("public/follow.html", context, status=form_status(data))
    if not form.is_from_a_machine:
        with taking_a_whole_step():
            subscriber_actions.follow(
                visit.page,
                incident,
                email=form.cleaned_data["email"],
                language=visit.language,
                origin=origin_of(visit),
            )
    return check_mailbox(visit)


@acting()
def last_only(visit: Visit, token: str) -> HttpResponse:
    link = subscribers.find_last_only(token)
    if link is None or link.subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    visit = spoken_in(visit, link.subscriber.language)
    if link.state is LinkState.EXPIRED:
        return say(visit, _("Nothing more will be sent to you about this incident."), status=410)
    if visit.request.method == "POST":
        subscriber_actions.want_last_only(token)
    elif link.state is LinkState.VALID:
        return visit.render("public/last_only.html", {"title": _title(link.incident, visit)})
    return say(visit, _("You will hear of this incident once more, when it is over"))


def _title(incident: Incident, visit: Visit) -> str:
    said = said_by(incident, "title", language=visit.language, first=incident.page.first_language)
    return f"{said.text} ({incident.reference})"
