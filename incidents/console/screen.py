from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from incidents.console.access import StaffRequest
from incidents.lib import times
from incidents.notices.links import page_url


def render_screen(
    request: StaffRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A screen or a part of one; all of them know the page and its address, the person and the present instant."""
    standing = {
        "page": request.page,
        "page_url": page_url(request.page, ""),
        "staff": request.user,
        "now": times.now(),
    }
    return render(request, template, {**standing, **context}, status=status)


def status_of(*forms: Any) -> int:
    """422 where a form was sent with something wrong, else 200."""
    return 422 if any(form is not None and form.errors for form in forms) else 200
