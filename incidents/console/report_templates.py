"""A page's own words that drafts of reports begin with, in each of its languages."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions.report_words import set_template
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import refuse_into
from incidents.console.report_forms import TemplateForm, name_languages
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import ReportTemplate
from incidents.reports.words import WORDS


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, language: str = "") -> HttpResponse:
    """One language at a time, its own first."""
    offered = [code for code in request.page.languages if code in WORDS]
    if not offered or (language and language not in offered):
        raise Http404("no such language")
    language = language or offered[0]
    template = ReportTemplate.objects.filter(page=request.page, language=language).first()
    form = TemplateForm(request.POST or None, template=template, language=language)
    if form.is_valid():
        try:
            set_template(request.page, language, form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:report_template", language=language)
    context = {
        "section": "pages",
        "tab": "reports",
        "form": form,
        "language": language,
        "offered": name_languages(offered),
    }
    return render_screen(request, "console/report_template.html", context, status=status_of(form))
