"""`/v1/subscribers`: who is told, what was told them, and all of them as a file."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404

from incidents.actions.exporting import note_export
from incidents.actions.leaving import end_subscription
from incidents.api.answers import say
from incidents.api.v1.answers import Call, answering
from incidents.api.v1.inputs import PAGING, read_query
from incidents.api.v1.shapes import tell_history, tell_subscriber
from incidents.models import Scope, Subscriber, SubscriberState
from incidents.queries.subscriber_file import CSV_TYPE, write_subscribers
from incidents.queries.subscriber_list import history_before, search_subscribers, subscribers_before


@answering(Scope.READ)
def list_subscribers(call: Call) -> HttpResponseBase:
    query = read_query(call.request, "page", "search", "state", *PAGING)
    state = query.one_of("state", SubscriberState.values)
    found = search_subscribers(words=query.text("search"), state=state, pages=query.pages)
    rows, rest = subscribers_before(found, before=query.cursor, most=query.limit)
    return say({"data": [tell_subscriber(row) for row in rows], "next": None if rest is None else str(rest)})


@answering(Scope.WRITE, method="DELETE")
def end(call: Call, public_id: str) -> HttpResponseBase:
    """Unsubscribes; what was told stays on the record. Asked twice, the second changes nothing."""
    read_query(call.request)
    subscriber = get_object_or_404(Subscriber, public_id=public_id)
    end_subscription(subscriber, actor_name=call.actor_name)
    return HttpResponse(status=204)


@answering(Scope.READ)
def list_history(call: Call, public_id: str) -> HttpResponseBase:
    query = read_query(call.request, *PAGING)
    subscriber = get_object_or_404(Subscriber, public_id=public_id)
    rows, rest = history_before(subscriber, before=query.cursor, most=query.limit)
    return say({"data": [tell_history(row) for row in rows], "next": None if rest is None else str(rest)})


@answering(Scope.ADMIN)
def export(call: Call) -> HttpResponseBase:
    """The file that `import_subscribers` reads."""
    page = read_query(call.request, "page").one_page
    note_export(page, "subscribers", actor_name=call.actor_name)
    response = StreamingHttpResponse(write_subscribers(page), content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="subscribers.csv"'
    return response
