"""The language and the clock that the console uses for one person on one page."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

from incidents.models import Page, Staff

OWN_ADDRESSES = ("/console/", "/admin/")


class SignInLanguageMiddleware(LocaleMiddleware):
    """The browser's language for who is not signed in yet; elsewhere the address alone decides.

    A public answer must not vary by what the browser says: caches would keep one for each.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(OWN_ADDRESSES):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(OWN_ADDRESSES):
            return super().process_response(request, response)
        return response


@contextmanager
def speaking_to(staff: Staff, *, page: Page) -> Iterator[None]:
    """Texts in the person's language; instants read and written in the page's zone."""
    with translation.override(staff.language), timezone.override(page.zone):
        yield
