"""`/v1/notices`: what was told, and the proof of its delivery."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404

from incidents.actions.retrying import retry_failed
from incidents.api.answers import say
from incidents.api.v1.answers import Call, Conflict, answering
from incidents.api.v1.inputs import LARGEST_ID, PAGING, read_flags, read_query
from incidents.api.v1.shapes import tell_delivery, tell_notice, tell_proof
from incidents.lib.errors import Refused
from incidents.models import DeliveryState, Notice, NoticeKind, Scope
from incidents.queries.deliveries import all_notices, deliveries_after, notices_before, prove


@answering(Scope.READ)
def list_notices(call: Call) -> HttpResponseBase:
    query = read_query(call.request, "page", "incident", "kind", *PAGING)
    found = all_notices().filter(page__in=query.pages)
    if kind := query.one_of("kind", NoticeKind.values):
        found = found.filter(kind=kind)
    if reference := query.text("incident"):
        found = found.filter(incident__reference=reference)
    rows, rest = notices_before(found, before=query.cursor, most=query.limit)
    return say({"data": [tell_notice(notice) for notice in rows], "next": _text(rest)})


@answering(Scope.READ)
def show_notice(call: Call, notice_id: int) -> HttpResponseBase:
    read_query(call.request)
    return say(tell_proof(prove(_find(notice_id))))


@answering(Scope.READ)
def list_deliveries(call: Call, notice_id: int) -> HttpResponseBase:
    query = read_query(call.request, "state", *PAGING)
    state = query.one_of("state", DeliveryState.values)
    states = [state] if state else DeliveryState.values
    rows, rest = deliveries_after(_find(notice_id), states=states, after=query.cursor or 0, most=query.limit)
    return say({"data": [tell_delivery(delivery) for delivery in rows], "next": _text(rest)})


@answering(Scope.WRITE, method="POST")
def retry(call: Call, notice_id: int) -> HttpResponseBase:
    """Sends again what failed. Asked twice, the second is a conflict: nothing has failed any more."""
    read_query(call.request)
    flags = read_flags(call.request, "fresh_life")
    notice = _find(notice_id)
    try:
        retried = retry_failed(notice, fresh_life=flags.get("fresh_life", False), actor_name=call.actor_name)
    except Refused as refused:
        raise Conflict(str(refused), field=refused.field) from None
    return say(vars(retried))


def _find(notice_id: int) -> Notice:
    return get_object_or_404(all_notices(), pk=min(notice_id, LARGEST_ID))


def _text(cursor: int | None) -> str | None:
    return None if cursor is None else str(cursor)
