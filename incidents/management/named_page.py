from django.core.management import CommandError, CommandParser

from incidents.management.first_page import ensure_page
from incidents.models import Page
from incidents.queries.page import all_pages


def add_page_option(parser: CommandParser) -> None:
    parser.add_argument("--page", metavar="HOST", help="where there are several pages: the one of this host")


def page_named(host: str | None) -> Page:
    """The only page there is needs no name; where there is none yet it is made."""
    pages = all_pages()
    if host is None and len(pages) <= 1:
        return ensure_page()
    found = next((page for page in pages if page.host == host), None)
    if found is None:
        known = ", ".join(page.host for page in pages)
        raise CommandError(f"--page: expected the host of a page, one of {known or '(there is none)'}")
    return found
