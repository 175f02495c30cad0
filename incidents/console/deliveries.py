"""Proof of delivery: one notice, and what became of each of its mails."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.retrying import RETRYABLE, Retried, retry_failed
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import number_in
from incidents.console.refusals import sentence_of
from incidents.console.screen import render_screen
from incidents.lib.errors import Refused
from incidents.models import Notice
from incidents.notices.render import TOLD_TO_MANY
from incidents.queries.deliveries import LOST, RETRYING, UNWRITTEN, all_notices, deliveries_after, prove

PER_PAGE = 50
# In the order of a mail's life; those that are not there are left out, but for the first.
SHOWN = ("sent", UNWRITTEN, "queued", "sending", RETRYING, "held", "failed", "parked", "expired", "cancelled")


@staff_view
@require_safe
def show_notice(request: StaffRequest, notice_id: int) -> HttpResponse:
    notice = _find(request, notice_id)
    proof = prove(notice)
    failed, rest = deliveries_after(
        notice, states=LOST, after=number_in(request, "after") or 0, most=PER_PAGE
    )
    counts = [(name, proof.counts[name]) for name in SHOWN]
    context = {
        "section": "mail",
        "notice": notice,
        "proof": proof,
        "counts": [(name, n) for name, n in counts if n or name == "sent"],
        "lost": LOST,
        "failed": failed,
        "rest": rest,
        "retryable": sum(proof.counts[state] for state in RETRYABLE),
        "may_retry": notice.kind in TOLD_TO_MANY,
        "is_past_its_life": notice.expires_at <= timezone.now(),
    }
    return render_screen(request, "console/notice.html", context)


@staff_view
@require_POST
def retry(request: StaffRequest, notice_id: int) -> HttpResponse:
    notice = _find(request, notice_id)
    try:
        retried = retry_failed(notice, fresh_life="fresh_life" in request.POST, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, _say(retried))
    return redirect("console:notice", notice_id=notice.pk)


def _say(retried: Retried) -> str:
    said = [ngettext("%(n)s mail is sent again.", "%(n)s mails are sent again.", retried.queued)]
    if retried.gone:
        said.append(_("%(gone)s left or may not be written to."))
    if retried.overtaken:
        said.append(_("%(overtaken)s know a later update already."))
    values = {"n": retried.queued, "gone": retried.gone, "overtaken": retried.overtaken}
    return " ".join(sentence % values for sentence in said)


def _find(request: StaffRequest, notice_id: int) -> Notice:
    return get_object_or_404(all_notices(), page=request.page, pk=notice_id)
