"""The addresses that mails lead to, and the tokens in them."""

from urllib.parse import urlsplit

from django.conf import settings

from incidents.lib import tokens
from incidents.models import Page, Subscriber

CONFIRM, MANAGE, UNSUBSCRIBE = "confirm", "manage", "unsubscribe"


def page_url(page: Page, path: str, *, language: str = "") -> str:
    """`path` on the page's host; under `/<language>` unless that is the page's first."""
    prefix = f"/{language}" if language in page.languages and language != page.first_language else ""
    return f"{_origin(page)}{prefix}{path}"


def mail_host(page: Page) -> str:
    """The right side of Message-IDs and List-Ids: the page's host without its port."""
    return page.host.partition(":")[0].lower()


def confirm_url(subscriber: Subscriber) -> str:
    token = tokens.sign(CONFIRM, f"{subscriber.public_id}.{subscriber.confirm_nonce}")
    return page_url(subscriber.page, f"/confirm/{token}", language=subscriber.language)


def manage_url(subscriber: Subscriber) -> str:
    token = tokens.sign(MANAGE, f"{subscriber.public_id}.{subscriber.manage_nonce}")
    return page_url(subscriber.page, f"/manage/{token}", language=subscriber.language)


def unsubscribe_token(subscriber: Subscriber) -> str:
    """Never expires, and can do nothing but unsubscribe."""
    return tokens.sign(UNSUBSCRIBE, subscriber.public_id)


def return_path(public_id: str, *, fallback: str) -> str:
    """The envelope's sender: signed and one per delivery where bounces come back to a domain of ours."""
    if not settings.BOUNCE_DOMAIN:
        return fallback
    return f"b+{public_id}.{tokens.short_mac('bounce', public_id)}@{settings.BOUNCE_DOMAIN}"


def _origin(page: Page) -> str:
    """SITE_URL for the page it names; a second page is a second host under the same scheme."""
    site = urlsplit(settings.SITE_URL)
    if page.host in (site.netloc, site.hostname):
        return f"{site.scheme}://{site.netloc}"
    return f"{site.scheme}://{page.host}"
