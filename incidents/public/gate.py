"""Stands before every address of a private page, those that nobody thought of too."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from incidents.models import Page
from incidents.public.door import answer_door, home_of_door, is_admitted, seal
from incidents.public.members_urls import FEEDS
from incidents.public.visit import find_page
from incidents.queries import endpoints, members, report_links, staff_alerts, subscribers

Handler = Callable[[HttpRequest], HttpResponse]
# What belongs to no page, or asks by itself who may see it.
ELSEWHERE = re.compile(r"/(?:console|admin|static|ping|observations|hooks|v1)/|/(?:healthz|readyz)$")
ROBOTS = "/robots.txt"  # of a private page it says nothing but that robots must stay away
BY_TOKEN = re.compile(
    rf"(?:/[a-z]{{2}})?/(confirm|keep|last-only|endpoints|manage|unsubscribe|members|alerts)/"
    rf"([^/]+)(/(?:{FEEDS}))?",
    re.IGNORECASE,
)
SHARED = re.compile(r"(?:/[a-z]{2})?/shared/([^/]+)(?:/[^/]+)?", re.IGNORECASE)


def guard_private_pages(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        page = None if ELSEWHERE.match(request.path) else find_page(request)
        if page is None or not page.is_private:
            return get_response(request)
        return seal(_answer(request, page, get_response))

    return middleware


def _answer(request: HttpRequest, page: Page, get_response: Handler) -> HttpResponse:
    if is_admitted(request, page):
        home = home_of_door(request.path, page)
        return HttpResponseRedirect(home) if home else get_response(request)
    if request.path == ROBOTS or _is_named_by_token(request.path, page):
        return get_response(request)
    return answer_door(request, page)


def _is_named_by_token(path: str, page: Page) -> bool:
    """Links in mails work wherever they are opened, and show no more than what they are for."""
    found = BY_TOKEN.fullmatch(path)
    shared = SHARED.fullmatch(path)
    if shared is not None:
        return _is_shared(shared[1], page)
    if found is None:
        return False
    if found[3]:
        return found[1] == "members" and members.find_feed_reader(found[2], page) is not None
    return _FINDERS[found[1].lower()](found[2], page)


def _is_shared(token: str, page: Page) -> bool:
    shared = report_links.find_shared(token, now=timezone.now())
    return shared is not None and shared.link.report.incident.page_id == page.pk


def _confirms(token: str, page: Page) -> bool:
    link = subscribers.find_confirming(token)
    return link is not None and link.wish.subscriber.page_id == page.pk


def _keeps(token: str, page: Page) -> bool:
    link = subscribers.find_keeping(token)
    return link is not None and link.subscriber.page_id == page.pk


def _wants_last_only(token: str, page: Page) -> bool:
    link = subscribers.find_last_only(token)
    return link is not None and link.subscriber.page_id == page.pk


def _owns(token: str, page: Page) -> bool:
    link = endpoints.find_owning(token)
    return link is not None and link.wish.subscriber.page_id == page.pk


def _manages(token: str, page: Page) -> bool:
    link = subscribers.find_managing(token)
    return link is not None and link.subscriber.page_id == page.pk


def _unsubscribes(token: str, page: Page) -> bool:
    subscriber = subscribers.find_unsubscribing(token)
    return subscriber is not None and subscriber.page_id == page.pk


def _is_member(token: str, page: Page) -> bool:
    return members.find_linked(token, page) is not None


def _is_on_duty(token: str, page: Page) -> bool:
    found = staff_alerts.find_by_link(token)
    return found is not None and found[0].page_id == page.pk


_FINDERS: dict[str, Callable[[str, Page], bool]] = {
    "confirm": _confirms,
    "keep": _keeps,
    "last-only": _wants_last_only,
    "endpoints": _owns,
    "manage": _manages,
    "unsubscribe": _unsubscribes,
    "members": _is_member,
    "alerts": _is_on_duty,
}
