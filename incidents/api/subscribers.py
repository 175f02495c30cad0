"""`/api/v2/subscribers.json`: subscribing an address as the page's own form does.

Every answer is made of what was sent alone, so that it tells nothing about an address or an id.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse

from incidents.actions import endpoint as endpoint_actions
from incidents.actions import phone as phone_actions
from incidents.actions import subscriber as subscriber_actions
from incidents.actions.subscriber import Origin
from incidents.api.answers import answering, say
from incidents.api.fields import SubscriberFields, read_fields
from incidents.lib import times
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.lib.ids import short_id
from incidents.lib.networks import network_of
from incidents.lib.timing import taking_a_whole_step
from incidents.models import Channel, Page
from incidents.queries import endpoints, subscribers
from incidents.queries.choices import Choices
from incidents.queries.service import ServiceView, view_services
from incidents.queries.v2.stamps import stamp

ID = re.compile(r"[a-z0-9]{1,32}")


@answering(["GET", "HEAD", "POST", "DELETE"])
def subscribers_json(request: HttpRequest, page: Page) -> HttpResponse:
    fields = read_fields(request)
    if request.method == "POST":
        origin = Origin("api", network_of(request.META.get("REMOTE_ADDR", "")))
        if fields.first("phone_number"):
            return _subscribe_number(page, fields, origin)
        if fields.first("endpoint"):
            return _subscribe_endpoint(page, fields, origin)
        return _subscribe(page, fields, origin)
    return _leave(page, fields, acts=request.method == "DELETE")


def _subscribe(page: Page, fields: SubscriberFields, origin: Origin) -> HttpResponse:
    address, choices = _address(fields), _choices(page, fields)
    with taking_a_whole_step():
        subscriber_actions.subscribe(page, email=address, choices=choices, origin=origin)
    return say(_told(page, api_id=subscribers.api_id(page, address), email=address), status=201)


def _subscribe_endpoint(page: Page, fields: SubscriberFields, origin: Origin) -> HttpResponse:
    """The address is its owner's, who confirms both."""
    address, choices = _address(fields), _choices(page, fields)
    with taking_a_whole_step(), naming({"endpoint": "endpoint"}):
        url = endpoint_actions.request_endpoint(
            page,
            channel=Channel.WEBHOOK,
            endpoint=fields.first("endpoint"),
            email=address,
            choices=choices,
            origin=origin,
        )
    api_id = endpoints.api_id(page, Channel.WEBHOOK, url)
    told = _told(page, api_id=api_id, email=address, mode="webhook")
    return say(_with(told, endpoint=url), status=201)


def _subscribe_number(page: Page, fields: SubscriberFields, origin: Origin) -> HttpResponse:
    """`phone_country` is of no use beside a number with its country code, which is asked for."""
    choices = _choices(page, fields)
    with taking_a_whole_step(), naming({"endpoint": "phone_number"}):
        number = phone_actions.request_code(
            page, number=fields.first("phone_number"), choices=choices, origin=origin
        )
    told = _told(page, api_id=endpoints.api_id(page, Channel.SMS, number), email=None, mode="sms")
    return say(_with(told, phone_number=number, phone_country=None), status=201)


@contextmanager
def naming(fields: Mapping[str, str]) -> Iterator[None]:
    """What is refused, by the name its sender knows it by."""
    try:
        yield
    except Refused as refused:
        name = fields.get(refused.field)
        raise Refused(str(refused), field=f"subscriber[{name}]" if name else refused.field) from None


def _with(told: Mapping[str, Any], **more: str | None) -> dict[str, object]:
    return {"subscriber": {**told["subscriber"], **more}}


def _address(fields: SubscriberFields) -> str:
    try:
        return clean_address(fields.first("email"))
    except Refused as refused:
        raise Refused(str(refused), field="subscriber[email]") from None


def _choices(page: Page, fields: SubscriberFields) -> Choices:
    return Choices(language=page.first_language, services=_service_ids(page, fields))


def _service_ids(page: Page, fields: SubscriberFields) -> tuple[int, ...] | None:
    """None: all services. A group means the services in it; an incident does not narrow it down."""
    wanted = {*fields.all("component_id"), *fields.all("component_ids")}
    if not wanted:
        return None
    found = {service.id: set(_ids_of(service)) for service in view_services(page)}
    if not wanted <= set().union(*found.values()):
        raise Refused("expected the id of a component of this page", field="subscriber[component_id]")
    return tuple(service_id for service_id, ids in found.items() if ids & wanted)


def _ids_of(service: ServiceView) -> Iterator[str]:
    yield short_id("service", service.id)
    if service.group_id is not None:
        yield short_id("group", service.group_id)


def _leave(page: Page, fields: SubscriberFields, *, acts: bool) -> HttpResponse:
    """Whoever knows an id may be anyone: the address is sent a link, and its owner decides."""
    api_id = fields.first("id")
    if not ID.fullmatch(api_id):
        raise Refused("expected the id of a subscriber", field="subscriber[id]")
    if acts:
        with taking_a_whole_step():
            subscriber_actions.request_leaving(page, api_id)
    return say(_told(page, api_id=api_id, email=None), status=202 if acts else 200)


def _told(page: Page, *, api_id: str, email: str | None, mode: str = "email") -> dict[str, object]:
    return {
        "subscriber": {
            "created_at": stamp(times.now(), page.zone),
            "skip_confirmation_notification": False,
            "quarantined_at": None,
            "id": api_id,
            "mode": mode,
            "purge_at": None,
            "email": email,
        }
    }
