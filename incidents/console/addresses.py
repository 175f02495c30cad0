"""Single addresses: erased on request, or let through again after they were held back."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.erasure import erase_subscriber
from incidents.actions.suppression import lift_suppression
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import refuse_into
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused


class AddressForm(forms.Form):
    email = forms.CharField(label=gettext_lazy("Email address or telephone number"), max_length=254)


class ErasureForm(AddressForm):
    again = forms.CharField(label=gettext_lazy("The same address again"), max_length=254)

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again.strip().lower() != str(self.cleaned_data.get("email", "")).strip().lower():
            raise forms.ValidationError(_("The two addresses differ. Nothing was erased."))
        return again


@staff_view
@require_safe
def show_addresses(request: StaffRequest) -> HttpResponse:
    return _render(request)


@staff_view
@require_POST
def erase(request: StaffRequest) -> HttpResponse:
    form = ErasureForm(request.POST, prefix="erase")
    if form.is_valid():
        try:
            count = erase_subscriber(form.cleaned_data["email"], actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            said = ngettext(
                "The address is erased, with %(n)s subscription.",
                "The address is erased, with %(n)s subscriptions.",
                count,
            )
            messages.success(request, said % {"n": count})
            return redirect("console:addresses")
    return _render(request, erasing=form)


@staff_view
@require_POST
def lift(request: StaffRequest) -> HttpResponse:
    form = AddressForm(request.POST, prefix="lift")
    if form.is_valid():
        try:
            ended = lift_suppression(form.cleaned_data["email"], actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The address may subscribe again."))
            if ended:
                said = ngettext(
                    "Its %(n)s subscription stays ended until its owner confirms a new one.",
                    "Its %(n)s subscriptions stay ended until its owner confirms new ones.",
                    ended,
                )
                messages.warning(request, said % {"n": ended})
            return redirect("console:addresses")
    return _render(request, lifting=form)


def _render(
    request: StaffRequest, *, erasing: ErasureForm | None = None, lifting: AddressForm | None = None
) -> HttpResponse:
    context = {
        "section": "mail",
        "erasing": erasing or ErasureForm(prefix="erase"),
        "lifting": lifting or AddressForm(prefix="lift"),
    }
    return render_screen(request, "console/addresses.html", context, status=status_of(erasing, lifting))
