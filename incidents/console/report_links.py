"""The links by which named customers read a report."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions.report_link import make_report_link, revoke_report_link
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import refuse_into
from incidents.console.report_life_forms import LinkForm
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import ReportLink
from incidents.notices.links import page_url
from incidents.queries.report_links import link_token


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def list_links(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = LinkForm(request.POST or None, page=request.page)
    if form.is_valid():
        try:
            make_report_link(report, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The link is made. Nobody is told: copy it and send it yourself."))
            return redirect("console:report_customer_links", reference=reference)
    now = timezone.now()
    links = ReportLink.objects.filter(report=report).select_related("customer", "made_by")
    rows = [
        {
            "link": link,
            "address": page_url(request.page, f"/shared/{link_token(link)}"),
            "is_live": link.revoked_at is None and link.expires_at > now,
        }
        for link in links
    ]
    context = {"section": "incidents", "incident": report.incident, "report": report}
    context |= {"rows": rows, "form": form}
    return render_screen(request, "console/report_links.html", context, status=status_of(form))


@staff_view
@require_POST
def revoke(request: StaffRequest, reference: str, link_id: int) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    link = get_object_or_404(ReportLink.objects.select_related("customer"), report=report, pk=link_id)
    revoke_report_link(link, actor=request.user)
    messages.success(request, _("The link of %(name)s no longer works.") % {"name": link.customer.name})
    return redirect("console:report_customer_links", reference=reference)
