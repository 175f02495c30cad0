"""`/v1/customers`: who they are, and for one of them what its people were sent."""

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404

from incidents.actions.exporting import note_export
from incidents.api.answers import say
from incidents.api.v1.answers import Call, answering
from incidents.api.v1.inputs import LARGEST_ID, PAGING, read_query
from incidents.api.v1.shapes import tell_customer
from incidents.models import Customer, Scope
from incidents.queries.customer_file import write_customer
from incidents.queries.customers import customers_before
from incidents.queries.subscriber_file import CSV_TYPE


@answering(Scope.READ)
def list_customers(call: Call) -> HttpResponseBase:
    query = read_query(call.request, "page", *PAGING)
    rows, rest = customers_before(query.pages, before=query.cursor, most=query.limit)
    return say({"data": [tell_customer(row) for row in rows], "next": None if rest is None else str(rest)})


@answering(Scope.ADMIN)
def export(call: Call, customer_id: int) -> HttpResponseBase:
    """Each delivery to one of its contacts, with what their servers said."""
    read_query(call.request)
    customer = get_object_or_404(Customer.objects.select_related("page"), pk=min(customer_id, LARGEST_ID))
    note_export(customer, "deliveries", actor_name=call.actor_name)
    response = StreamingHttpResponse(write_customer(customer), content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="deliveries.csv"'
    return response
