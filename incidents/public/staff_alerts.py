"""The link in an alert to staff: it shows what it is about, and its button says that somebody looks at it."""

from django.http import HttpResponse

from incidents.actions import staff_alert as actions
from incidents.notices.staff_letters import told_to
from incidents.public.acting import acting, link_not_found, spoken_in
from incidents.public.visit import Visit
from incidents.queries.staff_alerts import find_by_link


@acting()
def acknowledge(visit: Visit, token: str) -> HttpResponse:
    found = find_by_link(token)
    if found is None or found[0].page_id != visit.page.pk:
        return link_not_found(visit)
    alert, contact = found
    visit = spoken_in(visit, contact.language)
    told = told_to(contact, alert)
    if visit.request.method == "POST":
        alert = actions.acknowledge(alert, by=contact.name)
    return visit.render("public/staff_alert.html", {"told": told, "is_live": alert.is_live})
