"""Subscribers from a file in two steps: what it would change, then the change."""

from pathlib import Path

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions.imports import FileRefused, Outcome, import_subscribers, preview_import
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import sentence_of
from incidents.console.screen import render_screen
from incidents.lib import tokens
from incidents.lib.kept_files import find_file, forget_file, keep_file

LARGEST_BYTES = 2_000_000
PURPOSE = "subscriber file"


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("At most 2 MB; larger ones take the command import_subscribers."),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_BYTES:
            raise forms.ValidationError(_("Expected at most 2 MB."))
        return file


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: StaffRequest) -> HttpResponse:
    """Nothing is changed; the file is kept for an hour."""
    if request.method != "POST":
        return _render(request, FileForm())
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _render(request, form, status=422)
    name = keep_file(form.cleaned_data["file"].chunks())
    return _preview(request, form, name)


@staff_view
@require_POST
def take(request: StaffRequest) -> HttpResponse:
    """Takes the file that was looked through, by whoever did and into the page it was looked through for."""
    name = _named(request)
    path = find_file(name)
    if path is None:
        messages.error(request, _("The file is not kept any more. Please choose it again."))
        return redirect("console:subscribers_import")
    try:
        with path.open("rb") as file:
            outcome = import_subscribers(request.page, file, actor=request.user)
    except FileRefused:
        return _preview(request, FileForm(), name)
    forget_file(name)
    messages.success(request, _say(outcome))
    return redirect("console:subscribers")


def _preview(request: StaffRequest, form: FileForm, name: str) -> HttpResponse:
    path = find_file(name)
    assert path is not None
    try:
        outcome = _outcome(request, path)
    except FileRefused as refused:
        forget_file(name)
        return _render(request, form, status=422, refused=refused)
    token = tokens.sign(PURPOSE, _bound(request, name))
    return _render(request, form, outcome=outcome, token=token)


def _outcome(request: StaffRequest, path: Path) -> Outcome:
    with path.open("rb") as file:
        return preview_import(request.page, file)


def _bound(request: StaffRequest, name: str) -> str:
    return f"{request.user.pk}.{request.page.pk}.{name}"


def _named(request: StaffRequest) -> str:
    """The kept file's name; "" where the token was not made for this person and page."""
    told = tokens.read(PURPOSE, request.POST.get("token", "")) or ""
    name = told.rpartition(".")[2]
    return name if told == _bound(request, name) else ""


def _say(outcome: Outcome) -> str:
    added = outcome.added + outcome.confirmed
    said = ngettext("%(n)s subscriber is added.", "%(n)s subscribers are added.", added)
    return f"{said % {'n': added}} {_('Nobody was mailed.')}"


def _render(
    request: StaffRequest,
    form: FileForm,
    *,
    status: int = 200,
    outcome: Outcome | None = None,
    refused: FileRefused | None = None,
    token: str = "",
) -> HttpResponse:
    context = {
        "section": "subscribers",
        "form": form,
        "outcome": outcome,
        "refused": refused,
        "faults": [(fault, sentence_of(fault)) for fault in refused.faults] if refused else [],
        "skipped": [(line, email, gettext(said)) for line, email, said in outcome.skipped] if outcome else [],
        "token": token,
        "unlisted": refused.count - len(refused.faults) if refused else 0,
        "unskipped": outcome.skipped_count - len(outcome.skipped) if outcome else 0,
    }
    return render_screen(request, "console/subscriber_import.html", context, status=status)
