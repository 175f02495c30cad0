"""The life of a report after it is written: reviewed, approved, issued, revised, withdrawn."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions import report_review as review
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.report_life_forms import IssueForm, ReviseForm, WithdrawForm
from incidents.console.report_sheet import draw_sheet
from incidents.console.screen import render_screen, status_of
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Reach, Report
from incidents.notices import fanout
from incidents.queries.report import editions_of, with_record
from incidents.reports import issue as issuing

STEPS: dict[str, Callable[..., Report]] = {
    "review": review.request_review,
    "check": review.check_report,
    "approve": review.approve_report,
}
DONE = {
    "review": gettext_lazy("The report is handed in for review."),
    "check": gettext_lazy("You have checked the report."),
    "approve": gettext_lazy("You have approved the report."),
    "send-back": gettext_lazy("The report is sent back."),
}
PARTS = {
    "organisation": gettext_lazy("Organisation"),
    "subject": gettext_lazy("Subject"),
    "edition": gettext_lazy("Edition"),
    "opening": gettext_lazy("Greeting and apology"),
    "what_happened": gettext_lazy("What happened"),
    "period_until": gettext_lazy("Period: until"),
    "scope": gettext_lazy("Scope of the impact"),
    "cause": gettext_lazy("Cause"),
    "lines": gettext_lazy("Timeline"),
    "timeline": gettext_lazy("Timeline"),
    "measures": gettext_lazy("Permanent measures"),
    "letterhead": gettext_lazy("Letterhead"),
    "signatures": gettext_lazy("Signatures"),
    "figures": gettext_lazy("Figure"),
}


@staff_view
@require_POST
def take_step(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Hands in, checks, approves or sends back the text of the version that the form names."""
    report = find_report(find_incident(request, reference))
    if name not in DONE:
        raise Http404("no such step")
    text = request.POST.get("version", "")
    version = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    try:
        if name == "send-back":
            because = request.POST.get("because", "")
            review.send_back(report, because=because, version=version, actor=request.user)
        else:
            STEPS[name](report, version=version, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, DONE[name])
    return redirect("console:report", reference=reference)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = _issue_form(request, report)
    if form.is_valid():
        given = form.cleaned_data
        try:
            issued = issuing.issue(
                report,
                issued_on=given["issued_on"],
                reach=given["reach"],
                changes=given.get("changes", ""),
                version=given["version"],
                actor=request.user,
            )
        except Refused as refused:
            _refuse_issue(form, refused)
        else:
            messages.success(request, _("%(number)s is issued.") % {"number": issued.number})
            is_for_customers = given["reach"] == Reach.CUSTOMERS
            way_on = "console:report_customer_links" if is_for_customers else "console:report"
            return redirect(way_on, reference=reference)
    context = {
        **_standing(report),
        "form": form,
        **document_context(report),
    }
    return render_screen(request, "console/report_issue.html", context, status=status_of(form))


@staff_view
@require_POST
def revise(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = ReviseForm(request.POST)
    if form.is_valid():
        try:
            issuing.begin_revision(report, edition=form.cleaned_data["edition"], actor=request.user)
        except Refused as refused:
            messages.error(request, sentence_of(refused))
        else:
            messages.success(request, _("Readers keep what was issued until the next edition is."))
    return redirect("console:report", reference=reference)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        try:
            issuing.withdraw(report, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(number)s is withdrawn.") % {"number": report.number})
            return redirect("console:report", reference=reference)
    context = {**_standing(report), "form": form}
    return render_screen(request, "console/report_withdraw.html", context, status=status_of(form))


def document_context(report: Report) -> dict[str, str]:
    """The report's HTML as readers will get it, or why it cannot be written yet."""
    return vars(draw_sheet(with_record(report.pk)))


def _issue_form(request: StaffRequest, report: Report) -> IssueForm:
    told = {
        Reach.PAGE.value: fanout.report_audience(report, is_for_all=True).count(),
        Reach.AUDIENCE.value: fanout.report_audience(report).count(),
    }
    return IssueForm(
        request.POST or None,
        today=times.now().astimezone(request.page.zone).date(),
        version=report.version,
        counts=told,
        is_first=not editions_of(report),
    )


def _refuse_issue(form: forms.Form, refused: Refused) -> None:
    """Names the part of the report that the refusal is about: it is on another screen."""
    sentence = sentence_of(refused)
    if refused.field in form.fields:
        form.add_error(refused.field, sentence)
        return
    if refused.field in PARTS:
        sentence = _("%(label)s: %(sentence)s") % {"label": PARTS[refused.field], "sentence": sentence}
    form.add_error(None, sentence)


def _standing(report: Report) -> dict[str, object]:
    return {"section": "incidents", "incident": report.incident, "report": report}
