"""Keys of the management API: made, shown once, revoked."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions.api_token import create_token, revoke_token
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import ApiToken, Scope
from incidents.queries.api_token import all_tokens

SCOPES = (
    (Scope.READ, gettext_lazy("Read")),
    (Scope.WRITE, gettext_lazy("Read and act")),
    (Scope.ADMIN, gettext_lazy("Everything, exports too")),
)


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What uses it.")
    )
    scope = forms.ChoiceField(label=gettext_lazy("It may"), choices=SCOPES)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def list_keys(request: StaffRequest) -> HttpResponse:
    """A new key is in the answer to its own form, and nowhere else."""
    if request.method != "POST":
        return _render(request, KeyForm())
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            _token, key = create_token(**form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            return _render(request, KeyForm(), key=key)
    return _render(request, form)


@staff_view
@require_POST
def revoke(request: StaffRequest, token_id: int) -> HttpResponse:
    token = revoke_token(get_object_or_404(ApiToken, pk=token_id), actor=request.user)
    messages.success(request, _("%(name)s is revoked.") % {"name": token.name})
    return redirect("console:keys")


def _render(request: StaffRequest, form: KeyForm, *, key: str = "") -> HttpResponse:
    scopes = dict(SCOPES)
    context = {
        "section": "keys",
        "form": form,
        "key": key,
        "keys": [(token, scopes[Scope(token.scope)]) for token in all_tokens()],
    }
    return render_screen(request, "console/keys.html", context, status=status_of(form))
