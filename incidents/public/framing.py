"""The one exception from being shown on our own pages only."""

from django.http import HttpResponseBase


def allow_framing(response: HttpResponseBase) -> None:
    """Lets any site show it in a frame. Nothing in it may act: a frame can be laid under a visitor's click."""
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    response._csp_replace = {"frame-ancestors": ["*"], "form-action": ["'none'"]}  # type: ignore[attr-defined]
