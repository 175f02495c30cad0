"""A report as the record tells it: the document is made anew from the tables each time, never stored."""

from collections.abc import Mapping
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

from incidents.actions.references import propose_number
from incidents.lib import times
from incidents.models import LogKind, Logo, Report, ReportLine, ReportState
from incidents.queries.incident import changes, updates_in_order
from incidents.queries.report import light_editions
from incidents.reports.document import SECTIONS, Document, Edition, Language, Line, Signed
from incidents.reports.figures import LOGO, Picture
from incidents.reports.footnotes import keep_apart
from incidents.reports.masking import mask_parties
from incidents.reports.phrases import PHRASES, UpdateKind

WRITTEN = ("organisation", "subject", *SECTIONS, "greeting", "apology")


def document_of(
    report: Report, *, language: str = "", is_named: bool = False, signatures: tuple[Signed, ...] = ()
) -> Document:
    """The document in one language (default: the one it is written in), third parties masked unless `is_named`.
    A draft is dated today and numbered as it would be if it were issued now.
    """
    tongue = cast(Language, language or report.language)
    issued_on = report.issued_on or times.now().astimezone(ZoneInfo(report.time_zone)).date()
    texts = texts_in(report, tongue)
    document = Document(
        language=tongue,
        edition=cast(Edition, report.edition),
        issued_on=issued_on,
        revision=report.revision,
        revised_on=report.revised_on,
        organisation=texts["organisation"],
        number=report.number or propose_number(code=report.service.code, issued_on=issued_on),
        service=_service_name(report, tongue),
        subject=texts["subject"],
        zone=report.time_zone,
        period_from=report.period_from,
        period_from_approximate=report.from_is_approximate,
        period_until=report.period_until,
        period_until_approximate=report.until_is_approximate,
        what_happened=texts["what_happened"],
        scope=texts["scope"],
        cause=texts["cause"],
        measures=texts["measures"],
        timeline=timeline_of(report, language=tongue),
        opening="\n\n".join(filter(None, (texts["greeting"].strip(), texts["apology"].strip()))),
        signatures=signatures,
        letterhead=tuple(filter(None, map(str.strip, report.incident.page.letterhead.splitlines()))),
        withdrawn_on=_withdrawn_on(report),
    )
    return document if is_named else mask_parties(document, report.parties)


def texts_in(report: Report, language: str) -> dict[str, str]:
    """What people wrote in a language, by field; what nobody wrote in it, as it was written first."""
    written = report.texts.get(language, {}) if language != report.language else {}
    texts = {name: str(written.get(name) or getattr(report, name)) for name in WRITTEN}
    borrowed = [language != report.language and not written.get(name) for name in SECTIONS]
    sections = keep_apart([texts[name] for name in SECTIONS], borrowed=borrowed)
    return texts | dict(zip(SECTIONS, sections, strict=True))


def _withdrawn_on(report: Report) -> date | None:
    newest = light_editions().filter(report=report).first() if report.state == ReportState.WITHDRAWN else None
    if newest is None or newest.withdrawn_at is None:
        return None
    return newest.withdrawn_at.astimezone(report.incident.page.zone).date()


def _service_name(report: Report, language: str) -> str:
    first = report.incident.page.first_language
    told = {} if language == first else report.service.texts.get(language, {})
    return str(told.get("name") or report.service.name)


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
    wording = row.wordings.get(language) or row.wording
    if entry.kind == LogKind.PUBLIC_UPDATE and entry.update_id is not None:
        kind = UpdateKind(changed[entry.update_id])
        text = wording or PHRASES[language][kind]
        return Line(entry.happened_at, text, joined=row.is_joined, update=kind)
    return Line(entry.happened_at, wording or entry.text, joined=row.is_joined)
