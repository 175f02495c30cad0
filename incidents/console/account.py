from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from incidents.actions.access import set_language
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import sentence_of
from incidents.lib.errors import Refused


@staff_view
@require_POST
def choose_language(request: StaffRequest) -> HttpResponse:
    try:
        set_language(request.user, request.POST.get("language", ""))
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    back = request.POST.get("back", "")
    return redirect(
        back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "console:dashboard"
    )
