"""Locking a shared mailbox against one reader who unsubscribes it for all."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.actions import leaving
from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import sentence_of
from incidents.lib.errors import Refused
from incidents.models import Subscriber


@staff_view
@require_POST
def set_lock(request: StaffRequest, public_id: str) -> HttpResponse:
    """Locks, or with `unlock` unlocks; goes back to where the button stands."""
    subscriber = get_object_or_404(Subscriber, page=request.page, public_id=public_id)
    try:
        if "unlock" in request.POST:
            leaving.unlock_mailbox(subscriber, actor=request.user)
            messages.success(request, _("Every reader of this mailbox can unsubscribe it again."))
        else:
            owner = str(request.POST.get("owner", ""))
            leaving.lock_mailbox(subscriber, owner=owner, actor=request.user)
            messages.success(request, _("One reader alone cannot unsubscribe this mailbox now."))
    except Refused as refused:
        messages.warning(request, sentence_of(refused))
    return redirect(_way_back(request))


def _way_back(request: StaffRequest) -> str:
    target = str(request.POST.get("next", ""))
    is_safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_safe and target.startswith("/console/") else "/console/mail/"
