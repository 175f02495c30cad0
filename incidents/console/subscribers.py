"""Subscribers: who they are, what they agreed to and what was told them; and all of it as files."""

import json
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.exporting import note_export
from incidents.actions.leaving import end_subscription
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import number_in
from incidents.console.screen import render_screen
from incidents.models import Customer, Subscriber, SubscriberState
from incidents.queries.choices import open_follows
from incidents.queries.customer_file import write_customer
from incidents.queries.personal_data import personal_data
from incidents.queries.subscriber_file import CSV_TYPE, write_subscribers
from incidents.queries.subscriber_list import (
    history_before,
    search_subscribers,
    stray_events,
    subscribers_before,
)

PER_PAGE = 50


@staff_view
@require_safe
def list_subscribers(request: StaffRequest) -> HttpResponse:
    words, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    chosen = state if state in SubscriberState.values else ""
    found = search_subscribers(words=words, state=chosen, pages=[request.page])
    rows, rest = subscribers_before(found, before=number_in(request, "before"), most=PER_PAGE)
    context = {
        "section": "subscribers",
        "subscribers": rows,
        "rest": rest,
        "states": SubscriberState.values,
        "chosen": chosen,
        "words": words[:254],
    }
    return render_screen(request, "console/subscribers.html", context)


@staff_view
@require_safe
def show_subscriber(request: StaffRequest, public_id: str) -> HttpResponse:
    subscriber = _find(request, public_id)
    history, rest = history_before(subscriber, before=number_in(request, "before"), most=PER_PAGE)
    context = {
        "section": "subscribers",
        "subscriber": subscriber,
        "history": history,
        "rest": rest,
        "follows": open_follows(subscriber),
        "strays": stray_events(subscriber),
    }
    return render_screen(request, "console/subscriber.html", context)


@staff_view
@require_POST
def export_one(request: StaffRequest, public_id: str) -> HttpResponse:
    """All that is stored of the address, whatever page it is on."""
    subscriber = _find(request, public_id)
    note_export(subscriber, "personal_data", actor=request.user)
    told = json.dumps(personal_data(subscriber), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="personal-data.json"'}
    return HttpResponse(told, content_type="application/json", headers=headers)


@staff_view
@require_POST
def end(request: StaffRequest, public_id: str) -> HttpResponse:
    """Unsubscribes somebody who asked staff to."""
    end_subscription(_find(request, public_id), actor=request.user)
    messages.success(request, _("The subscription is ended. What waited for it is not sent."))
    return redirect("console:subscriber", public_id=public_id)


@staff_view
@require_POST
def export_all(request: StaffRequest) -> HttpResponseBase:
    note_export(request.page, "subscribers", actor=request.user)
    return _stream(write_subscribers(request.page), "subscribers.csv")


@staff_view
@require_POST
def export_customer(request: StaffRequest, customer_id: int) -> HttpResponseBase:
    """What was sent to the customer's contacts, when, and what their servers said."""
    customer = get_object_or_404(Customer, page=request.page, pk=customer_id)
    note_export(customer, "deliveries", actor=request.user)
    return _stream(write_customer(customer), "deliveries.csv")


def _find(request: StaffRequest, public_id: str) -> Subscriber:
    found = Subscriber.objects.select_related("page").prefetch_related("services", "groups")
    return get_object_or_404(found, page=request.page, public_id=public_id)


def _stream(lines: Iterable[str], name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(lines, content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
