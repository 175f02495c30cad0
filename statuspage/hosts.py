"""Which hosts are answered: those of ALLOWED_HOSTS, and those of the pages, which staff choose while it runs.

ALLOWED_HOSTS is read once, and a `*` in it would let any Host into what is made of it. So a host that the
setting does not name is looked up among the pages, and only then taken for this one request; all others
stay refused by Django.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from incidents.queries.page import is_host_of_a_page

Handler = Callable[[HttpRequest], HttpResponse]
BELIEVED_SECONDS = 10.0


def accept_pages(get_response: Handler) -> Handler:
    """A host that was a page's is believed to be one for ten seconds; what is not is asked for each time."""
    known: dict[str, float] = {}

    def is_page(host: str) -> bool:
        now = time.monotonic()
        if now - known.get(host, float("-inf")) > BELIEVED_SECONDS:
            known.pop(host, None)
            if is_host_of_a_page(host):
                known[host] = now
        return host in known

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_HOST", "")
        host, _port = split_domain_port(given)
        if host and not validate_host(host, settings.ALLOWED_HOSTS) and is_page(host):
            request.get_host = lambda: given  # type: ignore[method-assign]
        return get_response(request)

    return middleware
