"""Who is really asking, where a reverse proxy stands in front."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def _is_trusted(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return False
    return any(parsed in network for network in settings.TRUSTED_PROXIES)


def _client(hops: list[str], *, peer: str) -> str:
    """The nearest address that no trusted proxy owns; what stands left of it may be invented."""
    for hop in reversed(hops):
        if not _is_trusted(peer):
            break
        peer = hop.strip()
    return peer


def trust_proxies(get_response: Handler) -> Handler:
    """Sets the client's address and the scheme from the headers of TRUSTED_PROXIES, and of nobody else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        if _is_trusted(peer):
            hops = [hop for hop in forwarded.split(",") if hop.strip()]
            request.META["REMOTE_ADDR"] = _client(hops, peer=peer)
            if scheme in ("http", "https"):
                request.META["wsgi.url_scheme"] = scheme
        return get_response(request)

    return middleware
