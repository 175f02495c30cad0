"""Subscribing, confirming, choosing and leaving: GET shows a page with a button, only POST acts.

Mail scanners open every link, so that a link alone must change nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from incidents.actions import subscriber as subscriber_actions
from incidents.actions.phone import is_offered
from incidents.lib.errors import Refused
from incidents.lib.timing import taking_a_whole_step
from incidents.models import Page, Subscriber
from incidents.public.subscribing_forms import ALL, AddressForm, ChoicesForm, SubscribeForm, choices_of
from incidents.public.visit import Visit, find_page, forget_visitor, is_own_form, misdirected
from incidents.queries import subscribers
from incidents.queries.subscribers import Link, LinkState

View = Callable[..., HttpResponse]


def acting(*, from_anywhere: bool = False) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A view of (Visit, …) that acts on POST, without a CSRF token: published files carry none, and what a
    form or a link's token may do depends on no cookie. Other sites' forms are turned away by their origin
    unless they may come `from_anywhere`."""

    def wrap(view: View) -> Callable[..., HttpResponseBase]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, language: str = "", **parts: str) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD", "POST"):
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            page = find_page(request)
            if page is None:
                return misdirected()
            visit = Visit(request, page, language if language in page.languages else page.first_language)
            with translation.override(visit.language):
                if language and language not in page.languages[1:]:
                    response = link_not_found(visit)
                elif request.method == "POST" and not from_anywhere and not is_own_form(request):
                    response = say(visit, _("This form was sent from another site."), status=403)
                else:
                    response = _act(view, visit, parts)
            forget_visitor(request)
            response.headers["Cache-Control"] = "private, no-store"
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return answer

    return wrap


def mask_address(address: str) -> str:
    """Enough for its owner to know it by: a link may have been passed on."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


@acting()
def subscribe(visit: Visit) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = SubscribeForm(visit.page, data, initial={"language": visit.language, "which": ALL})
    if data is None or not form.is_valid():
        context = {"form": form, "offers_sms": is_offered()}
        return visit.render("public/subscribe.html", context, status=_form_status(data))
    if not form.is_from_a_machine:
        with taking_a_whole_step():
            subscriber_actions.subscribe(
                visit.page,
                email=form.cleaned_data["email"],
                language=form.cleaned_data["language"],
                service_ids=form.service_ids,
            )
    return say(visit, _("Check your mailbox"), _mailed_if_possible())


@acting()
def confirm(visit: Visit, token: str) -> HttpResponse:
    link = _of_page(subscribers.find_confirming(token), visit.page)
    if link is None:
        return link_not_found(visit)
    visit = _spoken_to(visit, link.subscriber)
    if visit.request.method != "POST":
        return visit.render(
            "public/confirm.html", {"link": link, "address": mask_address(link.subscriber.email)}
        )
    if link.state is LinkState.EXPIRED:
        subscriber_actions.send_confirmation_again(token)
        return say(visit, _("Check your mailbox"), _mailed_if_possible())
    subscriber_actions.confirm(token)
    return say(visit, _("Your subscription is confirmed"), _("From now on we will notify you by email."))


@acting()
def manage(visit: Visit) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = AddressForm(data)
    if data is None or not form.is_valid():
        context = {"form": form, "choices": None}
        return visit.render("public/manage.html", context, status=_form_status(data))
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
    link = _of_page(subscribers.find_managing(token), visit.page)
    if link is None:
        return link_not_found(visit)
    visit = _spoken_to(visit, link.subscriber)
    if link.state is not LinkState.VALID:
        return say(
            visit,
            _("This link has expired"),
            _("A link to change your choices works once, for 15 minutes. Ask for another one."),
            status=410,
            way_on=("/manage", _("Ask for a link")),
        )
    return _show_or_change(visit, link.subscriber, token)


def _show_or_change(visit: Visit, subscriber: Subscriber, token: str) -> HttpResponse:
    data = visit.request.POST if visit.request.method == "POST" else None
    form = ChoicesForm(visit.page, data, initial=choices_of(subscriber))
    if data is None or not form.is_valid():
        context = {
            "form": form,
            "choices": form,
            "address": mask_address(subscriber.email),
            "unsubscribe_token": subscribers.unsubscribe_token(subscriber),
        }
        return visit.render("public/manage.html", context, status=_form_status(data))
    subscriber_actions.change_choices(
        token, language=form.cleaned_data["language"], service_ids=form.service_ids
    )
    return say(visit, _("Your choices are saved"))


@acting(from_anywhere=True)
def unsubscribe(visit: Visit, token: str) -> HttpResponse:
    """Also the one click of RFC 8058: a POST without cookies, answered 200 without a redirect."""
    subscriber = subscribers.find_unsubscribing(token)
    if subscriber is None or subscriber.page_id != visit.page.pk:
        return link_not_found(visit)
    visit = _spoken_to(visit, subscriber)
    if visit.request.method != "POST":
        return visit.render("public/unsubscribe.html", {"address": mask_address(subscriber.email)})
    subscriber_actions.unsubscribe(token)
    return say(visit, _("You are unsubscribed"), _("No more notices will be sent to this address."))


def _act(view: View, visit: Visit, parts: dict[str, str]) -> HttpResponse:
    """Refused after the form was good means that something changed meanwhile, such as a link used twice."""
    try:
        return view(visit, **parts)
    except Refused as error:
        return say(visit, str(error), status=409)


def _spoken_to(visit: Visit, subscriber: Subscriber) -> Visit:
    """In the subscriber's language: a link in a header is the same for all. `acting` restores the language."""
    if subscriber.language not in visit.page.languages:
        return visit
    translation.activate(subscriber.language)
    return replace(visit, language=subscriber.language)


def _of_page(link: Link | None, page: Page) -> Link | None:
    return link if link is not None and link.subscriber.page_id == page.pk else None


def _mailed_if_possible() -> str:
    return _(
        "If this address can be subscribed, we have sent a confirmation link to it. Open it and press the button."
    )


def link_not_found(visit: Visit) -> HttpResponse:
    text = _("Part of its address may be missing. Copy the whole link from the email.")
    return say(visit, _("This link is not valid"), text, status=404)


def _form_status(data: object) -> int:
    return 200 if data is None else 422


def say(
    visit: Visit, heading: str, text: str = "", *, status: int = 200, way_on: tuple[str, str] | None = None
) -> HttpResponse:
    """`way_on` is a path on the page and the words of its link."""
    context = {"heading": heading, "text": text, "way_on": way_on}
    return visit.render("public/subscribing_done.html", context, status=status)
