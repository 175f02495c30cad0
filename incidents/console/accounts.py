"""How allauth signs staff in and writes to them."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from incidents.console.account_mail import post_room


@dataclass(frozen=True)
class Site:
    """What allauth's mails call the site."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Staff accounts are made by staff, never by visitors."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Names the host of SITE_URL: the one in the request is whatever its sender wrote."""
        host = urlsplit(settings.SITE_URL).netloc
        told = {"request": self.request, "email": email, "current_site": Site(host, host), **context}
        post_room.take(partial(self.render_mail, template_prefix, email, told))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.SITE_URL}{path.replace('UID-KEY', key)}"
