"""Which page the console works on: the one chosen in this session, else the one of the host."""

from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from incidents.models import Page
from incidents.queries.page import find_page, first_page, page_for

KEY = "page"


def page_in(request: HttpRequest) -> Page | None:
    """Never none while there is a page: whoever moves a page to a host that does not lead here yet must still
    be able to move it back."""
    chosen = request.session.get(KEY)
    found = find_page(chosen) if isinstance(chosen, int) else None
    return found or page_for(request.get_host()) or first_page()


def choose_page(request: HttpRequest, page: Page) -> None:
    """Forms that were opened for the page before are not taken any more: they would act on this one."""
    request.session[KEY] = page.pk
    rotate_token(request)


def is_of_other_page(request: HttpRequest, page: Page) -> bool:
    """Whether a screen of another page asks for a part of itself."""
    shown = request.headers.get("X-Page", "")
    return bool(shown) and shown != str(page.pk)
