"""A report for one named customer, by a link that expires.

Opening is a POST, as whatever is noted by a link is: scanners of mail open every link.
"""

import re

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions.report_link import note_opened
from incidents.lib.markdown import render_with_figures
from incidents.models import IssuedEdition
from incidents.public.acting import acting, link_not_found, say
from incidents.public.visit import Visit
from incidents.queries.report_links import Shared, find_shared
from incidents.reports import html
from incidents.reports.frozen import (
    FIGURE,
    body_of,
    document_in,
    printed_formats,
    sizes_of,
    untranslated,
    withdrawn_on,
)
from incidents.reports.writers import MEDIA_TYPES

_FIGURE_FILE = re.compile(r"figure-([0-9a-f]{20})")
SHARED_TEXTS = ("txt", "md")


@acting()
def open_report(visit: Visit, token: str) -> HttpResponse:
    """Says what it leads to; its button shows the newest edition and notes that it was opened."""
    shared = _find(visit, token)
    if shared is None:
        return link_not_found(visit)
    if shared.edition is None:
        return _over(visit, shared)
    is_opened = visit.request.method == "POST"
    if is_opened:
        note_opened(shared.link)
    context = _context(visit, shared, shared.edition, token, is_opened=is_opened)
    return visit.render("public/shared_report.html", context)


@acting()
def get_file(visit: Visit, token: str, name: str) -> HttpResponse:
    """`report.pdf`, or a picture of it."""
    shared = _find(visit, token)
    if shared is None or shared.edition is None or not shared.edition.shows_text:
        return link_not_found(visit) if shared is None else _over(visit, shared)
    figure = _FIGURE_FILE.fullmatch(name)
    if figure:
        files = shared.edition.files.filter(name__startswith=FIGURE, digest__startswith=figure[1])
        file = files.first()
        return HttpResponse(bytes(file.body), content_type=file.media_type) if file else link_not_found(visit)
    stem, _dot, ending = name.partition(".")
    if stem != "report" or ending not in (*SHARED_TEXTS, *printed_formats()):
        return link_not_found(visit)
    body = body_of(shared.edition, visit.language, ending, is_named=True)
    answer = HttpResponse(body, content_type=MEDIA_TYPES[ending])
    number = shared.link.report.number
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.{ending}"'
    return answer


def _find(visit: Visit, token: str) -> Shared | None:
    shared = find_shared(token, now=timezone.now())
    if shared is None or shared.link.report.incident.page_id != visit.page.pk:
        return None
    return shared


def _over(visit: Visit, shared: Shared) -> HttpResponse:
    if shared.is_revoked:
        text = _("It was taken back. Please ask whoever sent it to you for a new one.")
        return say(visit, _("This link no longer works"), text, status=410)
    if shared.is_expired:
        text = _("Please ask whoever sent it to you for a new one.")
        return say(visit, _("This link has expired"), text, status=410)
    text = _("It is being written. The link works once it is issued.")
    return say(visit, _("The report is not there yet"), text, status=404)


def _context(
    visit: Visit, shared: Shared, edition: IssuedEdition, token: str, *, is_opened: bool
) -> dict[str, object]:
    document = document_in(edition, visit.language, is_named=True)
    context = {
        "number": document.number,
        "title": document.title,
        "customer": shared.link.customer.name,
        "expires_at": shared.link.expires_at,
        "withdrawn": edition if edition.withdrawn_at else None,
        "withdrawn_on": withdrawn_on(edition),
        "address": f"{visit.prefix}/shared/{token}",
    }
    if not (is_opened and edition.shows_text):
        return context
    digests = dict(edition.files.filter(name__startswith=FIGURE).values_list("name", "digest"))

    def address(name: str) -> str:
        return f"{visit.prefix}/shared/{token}/figure-{digests[f'{FIGURE}{name}'][:20]}"

    article = html.write(
        document, render_markdown=render_with_figures, figures=sizes_of(edition), address=address
    )
    return {
        **context,
        "article": article,
        "written_in": untranslated(edition, document),
        "changes": edition.changes,
        "endings": [*SHARED_TEXTS, *printed_formats()],
    }
