"""Subscribing, confirming, choosing and leaving."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import leaving
from incidents.actions import subscriber as subscriber_actions
from incidents.actions.phone import is_offered
from incidents.lib.addresses import mask
from incidents.lib.errors import Refused
from incidents.lib.timing import taking_a_whole_step
from incidents.models import Channel, Subscriber, SubscriberState, Wish, WishKind
from incidents.public import endpoints
from incidents.public.acting import (
    acting,
    check_mailbox,
    form_status,
    link_not_found,
    origin_of,
    say,
    spoken_in,
)
from incidents.public.choosing_forms import ManageForm, SubscribeForm, described
from incidents.public.subscribing_forms import AddressForm
from incidents.public.visit import Visit
from incidents.queries import subscribers
from incidents.queries.subscribers import LinkState


@acting()
def subscribe(visit: Visit) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = SubscribeForm(visit.page, data)
    if data is None or not form.is_valid():
        context = {"form": form, "offers_sms": is_offered()}
        return visit.render("public/subscribe.html", context, status=form_status(data))
    if not form.is_from_a_machine:
        with taking_a_whole_step():
            subscriber_actions.subscribe(
                visit.page,
                email=form.cleaned_data["email"],
                choices=form.choices,
                origin=origin_of(visit),
            )
    return check_mailbox(visit)


@acting()
def confirm(visit: Visit, token: str) -> HttpResponse:
    link = subscribers.find_confirming(token)
    if link is None or link.wish.subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    wish = link.wish
    visit = spoken_in(visit, wish.language)
    if visit.request.method != "POST":
        context = {
            "link": link,
            "address": mask(wish.subscriber.email),
            "before": mask(wish.about.email) if wish.about else "",
            "chosen": described(wish, language=visit.language),
        }
        return visit.render("public/confirm.html", context)
    if link.state is LinkState.EXPIRED:
        subscriber_actions.send_confirmation_again(token, origin=origin_of(visit))
        return check_mailbox(visit)
    return _say_confirmed(visit, subscriber_actions.confirm(token))


def _say_confirmed(visit: Visit, wish: Wish) -> HttpResponse:
    if wish.kind == WishKind.MOVE:
        text = _("From now on the notices go to this address, and the earlier one has been told.")
        return say(visit, _("Your address is changed"), text)
    if wish.kind == WishKind.FOLLOW:
        text = _("We will email you each update of it.")
        return say(visit, _("You follow this incident"), text)
    return say(visit, _("Your subscription is confirmed"), _("From now on we will notify you by email."))


@acting()
def manage(visit: Visit) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = AddressForm(data)
    if data is None or not form.is_valid():
        context = {"form": form, "choices": None}
        return visit.render("public/manage.html", context, status=form_status(data))
    if not form.is_from_a_machine:
        with taking_a_whole_step():
            subscriber_actions.request_manage_link(visit.page, form.cleaned_data["email"])
    return say(
        visit,
        _("Check your mailbox"),
        _("If this address is subscribed, we have sent it a link to change your choices."),
    )


@acting()
def manage_choices(visit: Visit, token: str) -> HttpResponse:
    link = subscribers.find_managing(token)
    if link is None or link.subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    visit = spoken_in(visit, link.subscriber.language)
    if link.state is not LinkState.VALID:
        return say(
            visit,
            _("This link has expired"),
            _("A link to change your choices works once, for 15 minutes. Ask for another one."),
            status=410,
            way_on=("/manage", _("Ask for a link")),
        )
    if link.subscriber.channel == Channel.WEBHOOK and "renew_secret" in visit.request.POST:
        return endpoints.renew_secret(visit, token)
    return _show_or_change(visit, link.subscriber, token)


def _show_or_change(visit: Visit, subscriber: Subscriber, token: str) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = ManageForm(visit.page, data, subscriber=subscriber)
    if data is not None and form.is_valid() and _is_changed(visit, form, token):
        text = _(
            "If the new address can be used, we have sent a confirmation link to it. "
            "Until it is confirmed, the notices go to the earlier one."
        )
        return say(visit, _("Your choices are saved"), text if form.cleaned_data.get("new_email") else "")
    context = {
        "form": form,
        "choices": form,
        "address": _shown_place(subscriber),
        "is_webhook": subscriber.channel == Channel.WEBHOOK,
        "unsubscribe_token": subscribers.unsubscribe_token(subscriber),
    }
    return visit.render("public/manage.html", context, status=form_status(data))


def _is_changed(visit: Visit, form: ManageForm, token: str) -> bool:
    """What is refused stands beside its field."""
    try:
        with taking_a_whole_step():
            subscriber_actions.change_choices(
                token,
                form.choices,
                unfollow=form.unfollowed,
                new_email=form.cleaned_data.get("new_email", ""),
                origin=origin_of(visit),
            )
    except Refused as refused:
        if refused.field not in form.fields:
            raise
        form.add_error(refused.field, str(refused))
        return False
    return True


@acting(from_anywhere=True)
def unsubscribe(visit: Visit, token: str) -> HttpResponse:
    """Also the one click of RFC 8058: a POST without cookies, answered 200 without a redirect."""
    subscriber = subscribers.find_unsubscribing(token)
    if subscriber is None or subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    visit = spoken_in(visit, subscriber.language)
    if visit.request.method != "POST":
        context = {"address": _shown_place(subscriber), "is_locked": subscriber.is_locked}
        return visit.render("public/unsubscribe.html", context)
    if leaving.unsubscribe(token).state == SubscriberState.UNSUBSCRIBED:
        return say(visit, _("You are unsubscribed"), _("No more notices will be sent to this address."))
    text = _(
        "This is a shared mailbox. Those who keep it have been told, and the notices stop in 24 hours "
        "unless one of them decides otherwise."
    )
    return say(visit, _("The notices stop in 24 hours"), text)


@acting()
def keep(visit: Visit, token: str) -> HttpResponse:
    link = subscribers.find_keeping(token)
    if link is None or link.subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    visit = spoken_in(visit, link.subscriber.language)
    address = mask(link.subscriber.email)
    if link.state is LinkState.EXPIRED and link.subscriber.state == SubscriberState.ACTIVE:
        text = _("This mailbox was unsubscribed once more. Open the link in the newest email about it.")
        return say(visit, _("This link has expired"), text, status=410)
    if link.state is LinkState.EXPIRED:
        text = _("It can be subscribed again.")
        way_on = ("/subscribe", _("Subscribe"))
        return say(visit, _("This mailbox is not subscribed any more."), text, status=410, way_on=way_on)
    if visit.request.method == "POST":
        leaving.keep(token)
    elif link.state is LinkState.VALID:
        return visit.render("public/keep.html", {"address": address})
    text = _("Notices go on being sent to %(address)s.") % {"address": address}
    return say(visit, _("The subscription is kept"), text)


def _shown_place(subscriber: Subscriber) -> str:
    """Where the notices go, as far as it may be shown to whoever holds the link."""
    return mask(subscriber.email) if subscriber.channel == Channel.EMAIL else subscriber.place
