"""A report as the record tells it: the document is made anew from the tables each time, never stored."""

from collections.abc import Mapping
from typing import cast
from zoneinfo import ZoneInfo

from incidents.actions.references import propose_number
from incidents.lib import times
from incidents.models import LogKind, Logo, Report, ReportLine
from incidents.queries.incident import changes, updates_in_order
from incidents.reports.document import Document, Edition, Language, Line
from incidents.reports.figures import LOGO, Picture
from incidents.reports.phrases import PHRASES, UpdateKind


def document_of(report: Report, *, language: str = "") -> Document:
    """The document in one language (default: the one it is written in); a draft is dated
    today and numbered as it would be if it were issued now.
    """
    tongue = cast(Language, language or report.language)
    issued_on = report.issued_on or times.now().astimezone(ZoneInfo(report.time_zone)).date()
    return Document(
        language=tongue,
        edition=cast(Edition, report.edition),
        issued_on=issued_on,
        revision=report.revision,
        revised_on=report.revised_on,
        organisation=report.organisation,
        number=report.number or propose_number(code=report.service.code, issued_on=issued_on),
        service=report.service.name,
        subject=report.subject,
        zone=report.time_zone,
        period_from=report.period_from,
        period_from_approximate=report.from_is_approximate,
        period_until=report.period_until,
        period_until_approximate=report.until_is_approximate,
        what_happened=report.what_happened,
        scope=report.scope,
        cause=report.cause,
        measures=report.measures,
        timeline=timeline_of(report, language=tongue),
        letterhead=tuple(filter(None, map(str.strip, report.incident.page.letterhead.splitlines()))),
    )


def figures_of(report: Report) -> dict[str, Picture]:
    """The report's pictures by their names, and the page's logo."""
    figures = {
        figure.name: Picture(bytes(figure.image), figure.media_type, figure.width, figure.height)
        for figure in report.figures.all()
    }
    logo = Logo.objects.filter(page=report.incident.page).first()
    if logo:
        figures[LOGO] = Picture(bytes(logo.png), "image/png", logo.width, logo.height)
    return figures


def timeline_of(report: Report, *, language: Language) -> tuple[Line, ...]:
    """The included lines in order: by instant, then by order of writing."""
    changed = changes(updates_in_order(report.incident))
    lines = report.lines.filter(is_included=True).select_related("entry")
    ordered = lines.order_by("entry__happened_at", "entry_id")
    return tuple(_line(row, changed=changed, language=language) for row in ordered)


def _line(row: ReportLine, *, changed: Mapping[int, str], language: Language) -> Line:
    entry = row.entry
    if entry.kind == LogKind.PUBLIC_UPDATE and entry.update_id is not None:
        kind = UpdateKind(changed[entry.update_id])
        text = row.wording or PHRASES[language][kind]
        return Line(entry.happened_at, text, joined=row.is_joined, update=kind)
    return Line(entry.happened_at, row.wording or entry.text, joined=row.is_joined)
