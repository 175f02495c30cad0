"""What is pinned over the page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions.announcement import pin_announcement, unpin_announcement
from incidents.console.access import StaffRequest, staff_view
from incidents.console.fields import InstantField, Lines
from incidents.console.preview import preview_of
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.console.translations import Translation, add_translations, translations_of, written_texts
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Announcement, Page
from incidents.queries.announcement import pinned_row


class AnnouncementForm(forms.Form):
    body = forms.CharField(
        label=gettext_lazy("Body"),
        max_length=20_000,
        widget=Lines(7),
        help_text=gettext_lazy("Markdown. Raw HTML is shown as text."),
    )

    def __init__(self, data: Any = None, *, page: Page, pinned: Announcement | None) -> None:
        super().__init__(data, initial={"body": pinned.body if pinned else ""})
        self.languages = page.languages[1:]
        add_translations(self, ["body"], languages=self.languages, texts=pinned.texts if pinned else {})
        self.fields["until"] = InstantField(
            label=gettext_lazy("Shown until"),
            required=False,
            original=pinned.until if pinned else None,
            help_text=gettext_lazy("Empty: until it is taken down."),
        )

    def translations(self) -> list[Translation]:
        return list(translations_of(self, ["body"], languages=self.languages))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: StaffRequest) -> HttpResponse:
    pinned = pinned_row(request.page, now=times.now())
    form = AnnouncementForm(request.POST or None, page=request.page, pinned=pinned)
    if form.is_valid() and "preview" not in request.POST:
        try:
            pin_announcement(
                request.page,
                body=form.cleaned_data["body"],
                texts=written_texts(form.cleaned_data, ["body"], languages=form.languages),
                until=form.cleaned_data["until"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The announcement is on the page."))
            return redirect("console:announcement")
    context = {
        "form": form,
        "pinned": pinned,
        "preview": preview_of(form["body"].value() or ""),
        "section": "announcement",
    }
    return render_screen(request, "console/announcement.html", context, status=status_of(form))


@staff_view
@require_POST
def unpin(request: StaffRequest) -> HttpResponse:
    unpin_announcement(request.page, actor=request.user)
    messages.success(request, _("The announcement is taken down."))
    return redirect("console:announcement")
