"""The words of a page's mails: which are its own, and what a mail looks like with them."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from incidents.actions import mail_text as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.fields import Lines
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.console.translations import language_name
from incidents.lib.errors import Refused
from incidents.models import MailText
from incidents.notices.mail_texts import FORMS, Part, clean_text, default_text
from incidents.notices.render import body_of
from incidents.notices.sample import sample_content

NAMES = {
    Part.INCIDENT_SUBJECT: gettext_lazy("Subject of incidents and their reports"),
    Part.FIRST_UPDATE: gettext_lazy("First update of an incident"),
    Part.FURTHER_UPDATE: gettext_lazy("Further updates"),
    Part.LAST_UPDATE: gettext_lazy("Incident resolved"),
    Part.REPORT: gettext_lazy("Report published"),
    Part.MAINTENANCE_SUBJECT: gettext_lazy("Subject of maintenance"),
    Part.EMERGENCY: gettext_lazy("Emergency maintenance announced"),
    Part.ANNOUNCED: gettext_lazy("Maintenance announced"),
    Part.RESCHEDULED: gettext_lazy("Maintenance moved"),
    Part.EXTENDED: gettext_lazy("Maintenance extended"),
    Part.STARTED: gettext_lazy("Maintenance started"),
    Part.VERIFYING: gettext_lazy("Maintenance being verified"),
    Part.COMPLETED: gettext_lazy("Maintenance completed"),
    Part.CANCELLED: gettext_lazy("Maintenance cancelled"),
    Part.TOLD: gettext_lazy("Maintenance, other news"),
    Part.CONFIRMATION: gettext_lazy("Request to confirm a subscription"),
    Part.CLOSING: gettext_lazy("Closing words of every mail"),
    Part.AUTOMATIC_FIRST: gettext_lazy("Automatic update: detected"),
    Part.AUTOMATIC_RETURN: gettext_lazy("Automatic update: it is back"),
    Part.AUTOMATIC_LAST: gettext_lazy("Automatic update: recovered"),
}


class MailTextForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Text"), required=False)

    def __init__(self, data: Any = None, *, part: Part, language: str, initial: str) -> None:
        super().__init__(data, initial={"text": initial})
        is_line = FORMS[part].is_subject
        self.fields["text"].widget = Lines(1 if is_line else 5, lang=language)


@dataclass(frozen=True)
class Row:
    part: Part
    language: str
    name: str
    text: str
    is_own: bool


@staff_view
@require_safe
def list_texts(request: StaffRequest) -> HttpResponse:
    kept = {
        (row.part, row.language): row.text
        for row in MailText.objects.filter(page=request.page).order_by("pk")
    }

    def row_of(part: Part, language: str) -> Row:
        own = kept.get((part, language), "")
        return Row(part, language, str(NAMES[part]), own or default_text(part, language), bool(own))

    languages = [
        (code, language_name(code), [row_of(part, code) for part in Part]) for code in request.page.languages
    ]
    context = {"section": "pages", "tab": "mails", "languages": languages}
    return render_screen(request, "console/mail_texts.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, language: str, part: str) -> HttpResponse:
    known = _known(request, language, part)
    if "reset" in request.POST:
        actions.reset_mail_text(request.page, known, language, actor=request.user)
        messages.success(request, _("The product's own text is back."))
        return redirect("console:mail_texts")
    text = _kept(request, known, language)
    form = MailTextForm(request.POST or None, part=known, language=language, initial=text)
    if form.is_valid():
        try:
            actions.set_mail_text(
                request.page, known, language, form.cleaned_data["text"], actor=request.user
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:mail_texts")
    return _render_form(request, form, known, language)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: StaffRequest, language: str, part: str) -> HttpResponse:
    """The mail with the text as it was sent here, or as it is kept: a document of its own, that runs nothing."""
    known = _known(request, language, part)
    text = request.POST.get("text", "") if request.method == "POST" else _kept(request, known, language)
    try:
        content = sample_content(known, clean_text(known, text), page=request.page, language=language)
    except Refused as refused:
        context = {"problem": sentence_of(refused)}
    else:
        body = body_of(content)
        context = {"subject": content.subject, "text": body.text, "html": body.html}
    response = render(request, "console/mail_preview.html", {**context, "language": language})
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response._csp_update = {"style-src": ["'self'", "'unsafe-inline'"], "frame-src": ["'self'"]}  # type: ignore[attr-defined]
    response._csp_replace = {"frame-ancestors": ["'self'"], "script-src": ["'none'"]}  # type: ignore[attr-defined]
    return response


def _render_form(request: StaffRequest, form: forms.Form, part: Part, language: str) -> HttpResponse:
    context = {
        "section": "pages",
        "tab": "mails",
        "form": form,
        "part": part,
        "name": NAMES[part],
        "language": language,
        "language_name": language_name(language),
        "rules": FORMS[part],
        "places": [f"{{{name}}}" for name in FORMS[part].places],
        "default": default_text(part, language),
    }
    response = render_screen(request, "console/mail_text.html", context, status=status_of(form))
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]
    return response


def _known(request: StaffRequest, language: str, part: str) -> Part:
    if part not in FORMS or language not in request.page.languages:
        raise Http404("no such text")
    return Part(part)


def _kept(request: StaffRequest, part: Part, language: str) -> str:
    rows = MailText.objects.filter(page=request.page, part=part, language=language)
    return rows.values_list("text", flat=True).first() or default_text(part, language)
