"""What Django's middleware says to browsers of every page, so that what is answered without it says the same."""

import io

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from incidents.public.framing import allow_framing
from statuspage.answers import Headers
from statuspage.shelf import BrowserHeaders

FOR_DOCUMENTS_ONLY = ("Content-Security-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy")
"""They say nothing of what a browser does not show."""


def browser_headers() -> BrowserHeaders:
    document = document_headers()
    return BrowserHeaders(
        document=document,
        framed=document_headers(framed=True),
        data=[(name, value) for name, value in document if name not in FOR_DOCUMENTS_ONLY],
    )


def document_headers(*, framed: bool = False) -> Headers:
    """In PRODUCTION as over https, since there visitors come by nothing else."""
    response = HttpResponse()
    del response["Content-Type"]
    if framed:
        allow_framing(response)
    chain = SecurityMiddleware(XFrameOptionsMiddleware(CSPMiddleware(lambda request: response)))
    scheme = "https" if settings.PRODUCTION else "http"
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "wsgi.input": io.BytesIO()}
    chain(WSGIRequest(environ | {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}))
    return list(response.items())
