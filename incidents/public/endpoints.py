"""Having notices posted to a webhook or a chat: GET shows a page with a button, only POST acts."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import endpoint as endpoint_actions
from incidents.lib.addresses import mask
from incidents.lib.errors import Refused
from incidents.lib.timing import taking_a_whole_step
from incidents.models import Channel, SubscriberState, Wish
from incidents.public.acting import acting, form_status, link_not_found, origin_of, say
from incidents.public.choosing_forms import described
from incidents.public.endpoint_forms import EndpointForm
from incidents.public.subscribing_forms import AddressForm
from incidents.public.visit import Visit
from incidents.queries import endpoints
from incidents.queries.subscribers import LinkState


@acting()
def subscribe_webhook(visit: Visit) -> HttpResponse:
    return _subscribe(visit, is_chat=False)


@acting()
def subscribe_chat(visit: Visit) -> HttpResponse:
    return _subscribe(visit, is_chat=True)


def _subscribe(visit: Visit, *, is_chat: bool) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = EndpointForm(visit.page, data, is_chat=is_chat)
    if data is not None and form.is_valid() and (form.is_from_a_machine or _request(visit, form)):
        return say(visit, _("Check your mailbox"), _mailed_if_possible())
    context = {"form": form, "is_chat": is_chat}
    return visit.render("public/endpoint.html", context, status=form_status(data))


def _request(visit: Visit, form: EndpointForm) -> bool:
    """Whether it was taken; else the form says why not."""
    try:
        with taking_a_whole_step():
            endpoint_actions.request_endpoint(
                visit.page,
                channel=form.chosen_channel,
                endpoint=form.cleaned_data["endpoint"],
                email=form.cleaned_data["email"],
                choices=form.choices,
                origin=origin_of(visit),
            )
    except Refused as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


@acting()
def confirm_endpoint(visit: Visit, token: str) -> HttpResponse:
    link = endpoints.find_owning(token)
    if link is None or link.wish.subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    if visit.request.method == "POST" and endpoints.can_be_sent_again(link.wish):
        endpoint_actions.send_owner_link_again(token, origin=origin_of(visit))
        return say(visit, _("Check your mailbox"), _mailed_if_possible())
    if visit.request.method != "POST" or link.state is not LinkState.VALID:
        return _show(visit, link.wish, link.state)
    try:
        subscriber = endpoint_actions.confirm_endpoint(token)
    except Refused as error:
        return _show(visit, link.wish, link.state, error=str(error))
    if subscriber.state != SubscriberState.ACTIVE:
        return _show(visit, link.wish, LinkState.EXPIRED)
    return _show(visit, link.wish, LinkState.DONE, secret=subscriber.secret)


def _show(visit: Visit, wish: Wish, state: LinkState, *, error: str = "", secret: str = "") -> HttpResponse:
    """`secret` only in the answer to the step that proved the endpoint."""
    subscriber = wish.subscriber
    context = {
        "state": state,
        "chosen": described(wish, language=visit.language),
        "place": subscriber.place,
        "address": mask(subscriber.email) if endpoints.can_be_sent_again(wish) else "",
        "channel": Channel(subscriber.channel).label,
        "is_webhook": subscriber.channel == Channel.WEBHOOK,
        "error": error,
        "secret": secret,
    }
    status = 422 if error else 410 if state is LinkState.EXPIRED else 200
    return visit.render("public/endpoint_confirm.html", context, status=status)


def renew_secret(visit: Visit, token: str) -> HttpResponse:
    """`token` is one that manages a webhook."""
    subscriber = endpoint_actions.renew_secret(token)
    context = {"place": subscriber.place, "secret": subscriber.secret}
    return visit.render("public/endpoint_secret.html", context)


@acting()
def links(visit: Visit) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = AddressForm(data)
    if data is None or not form.is_valid():
        return visit.render("public/endpoint_links.html", {"form": form}, status=form_status(data))
    if not form.is_from_a_machine:
        with taking_a_whole_step():
            endpoint_actions.request_links(visit.page, form.cleaned_data["email"])
    return say(
        visit,
        _("Check your mailbox"),
        _("If this address owns webhooks or chats here, we have sent it a link to each of them."),
    )


def _mailed_if_possible() -> str:
    return _(
        "If this can be subscribed, we have sent a confirmation link to the email address. "
        "Open it and press the button. An address is sent one such email in ten minutes."
    )
