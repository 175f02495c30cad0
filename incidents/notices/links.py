"""The addresses that mails lead to and come from."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from incidents.lib import tokens
from incidents.models import Incident, Page, Subscriber, Wish
from incidents.queries import subscribers

_NO_HOST_CHARACTER = re.compile(r"[^a-z0-9.:-]")


def page_url(page: Page, path: str, *, language: str = "") -> str:
    """`path` on the page's host; under `/<language>` unless that is the page's first."""
    prefix = f"/{language}" if language in page.languages and language != page.first_language else ""
    return f"{_origin(page.host, str(settings.SITE_URL))}{prefix}{path}"


def mail_host(page: Page) -> str:
    """The right side of Message-IDs and List-Ids: the page's host without its port."""
    return _host(page.host).partition(":")[0]


def confirm_url(wish: Wish) -> str:
    return page_url(
        wish.subscriber.page, f"/confirm/{subscribers.confirm_token(wish)}", language=wish.language
    )


def keep_url(subscriber: Subscriber, *, language: str) -> str:
    return page_url(subscriber.page, f"/keep/{subscribers.keep_token(subscriber)}", language=language)


def last_only_url(subscriber: Subscriber, incident: Incident, page: Page) -> str:
    """Where a reader asks to hear nothing but the end of one incident; `page` is the reader's."""
    path = f"/last-only/{subscribers.last_only_token(subscriber, incident)}"
    return page_url(page, path, language=subscriber.language)


def manage_url(subscriber: Subscriber) -> str:
    path = f"/manage/{subscribers.manage_token(subscriber)}"
    return page_url(subscriber.page, path, language=subscriber.language)


def unsubscribe_url(subscriber: Subscriber, page: Page) -> str:
    """The same for the header's one click and for the reader: its page speaks the subscriber's language."""
    return page_url(page, f"/unsubscribe/{subscribers.unsubscribe_token(subscriber)}")


def return_path(public_id: str, *, fallback: str) -> str:
    """The envelope's sender: signed and one per delivery where bounces come back to a domain of ours."""
    if not settings.BOUNCE_DOMAIN:
        return fallback
    return f"b+{public_id}.{tokens.short_mac('bounce', public_id)}@{settings.BOUNCE_DOMAIN}"


@lru_cache
def _origin(page_host: str, site_url: str) -> str:
    """SITE_URL for the page it names; a second page is a second host under the same scheme and port."""
    site = urlsplit(site_url)
    host = _host(page_host)
    if host in (site.netloc, site.hostname):
        return f"{site.scheme}://{site.netloc}"
    return f"{site.scheme}://{host}{f':{site.port}' if site.port else ''}"


def _host(page_host: str) -> str:
    """Nothing but what a host may hold: it stands in headers."""
    return _NO_HOST_CHARACTER.sub("", page_host.lower())
