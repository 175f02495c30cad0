"""Post-incident reports: as they were issued, edition by edition; those from the past as the record tells them.

What takes long to write (PDF, Word) was written when the edition was issued, and is only copied here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from incidents.lib.markdown import render_with_figures
from incidents.models import Edition as Kind
from incidents.models import IssuedEdition, IssuedFile
from incidents.queries.published import EditionKey, ReportKey
from incidents.queries.report import find_issued, shown_editions
from incidents.reports import html
from incidents.reports.build import document_of, figures_of
from incidents.reports.differences import compare
from incidents.reports.document import Document
from incidents.reports.figures import LOGO
from incidents.reports.frozen import (
    FIGURE,
    document_in,
    printed_formats,
    sizes_of,
    untranslated,
    withdrawn_on,
)
from incidents.reports.writers import MEDIA_TYPES, WRITERS
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import page_file, per_language
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

WRITTEN_HERE = ("txt", "md")
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
LABELS = {"txt": "", "md": "Markdown", "pdf": "PDF", "docx": "Word"}


@dataclass(frozen=True)
class Issued:
    """One line of the list of editions; `kind` is translated when it is shown."""

    revision: int
    kind: object
    on: date
    changes: str
    path: str
    withdrawn_on: date | None = None


def sources(site: Site) -> Iterator[Source]:
    for key in site.reports:
        yield _report_source(site, key)
        yield from (_earlier_source(site, key, edition) for edition in key.editions[1:])
        if any(edition.shows_text for edition in key.editions):
            yield _files_source(site, key)


def _report_source(site: Site, key: ReportKey) -> Source:
    path = f"/reports/{key.number}"
    has_text = not key.editions or key.editions[0].shows_text
    paths = [path, *(f"{path}.{ending}" for ending in WRITTEN_HERE if has_text)]
    return per_language(site, f"report:{key.number}", key.key, paths, lambda e: _report_files(e, key))


def _earlier_source(site: Site, key: ReportKey, edition: EditionKey) -> Source:
    path = f"/reports/{key.number}/{edition.revision}"
    name = f"report:{key.number}:{edition.revision}"
    return per_language(site, name, key.key, [path], lambda e: [_earlier_file(e, key, edition.revision)])


def _report_files(edition: Edition, key: ReportKey) -> Iterator[File]:
    path = f"/reports/{key.number}"
    if not key.editions:
        yield from _past_files(edition, key.number)
        return
    issued = _editions_of(key)
    yield page_file(edition, path, "public/report.html", _context(edition, key, issued[0], issued))
    if issued[0].shows_text:
        yield from _texts(edition, path, document_in(issued[0], edition.language))


def _earlier_file(edition: Edition, key: ReportKey, revision: int) -> File:
    issued = _editions_of(key)
    one = next(one for one in issued if one.revision == revision)
    path = f"/reports/{key.number}/{revision}"
    return page_file(edition, path, "public/report.html", _context(edition, key, one, issued))


def _past_files(edition: Edition, number: str) -> Iterator[File]:
    """Of a report that was taken in and has no frozen edition."""
    report = find_issued(number, page=edition.page)
    assert report is not None
    document = document_of(report, language=edition.language)
    path = f"/reports/{number}"
    context = {
        "document": document,
        "number": number,
        "reference": report.incident.reference,
        "written_in": "" if report.language == edition.language else report.language,
        "article": html.write(document, render_markdown=render_with_figures, figures=figures_of(report)),
        "files": _offered(WRITTEN_HERE, path),
    }
    yield page_file(edition, path, "public/report.html", context)
    yield from _texts(edition, path, document)


def _texts(edition: Edition, path: str, document: Document) -> Iterator[File]:
    for ending in WRITTEN_HERE:
        body = WRITERS[ending](document, {})
        address = edition.path(f"{path}.{ending}")
        yield File(address, body, MEDIA_TYPES[ending], language=edition.language)


def _editions_of(key: ReportKey) -> list[IssuedEdition]:
    """Those on the page, the newest first."""
    found = shown_editions().filter(pk__in=[edition.id for edition in key.editions])
    return list(found.select_related("report__incident__page", "report__service"))


def _context(
    edition: Edition, key: ReportKey, shown: IssuedEdition, issued: list[IssuedEdition]
) -> dict[str, Any]:
    document = document_in(shown, edition.language)
    is_newest = shown is issued[0]
    path = f"/reports/{key.number}"
    context = {
        "document": document,
        "number": key.number,
        "reference": shown.report.incident.reference,
        "revision": shown.revision,
        "newest": "" if is_newest else path,
        "editions": [_line_of(one, path, is_newest=one is issued[0]) for one in issued],
        "withdrawn": shown if shown.withdrawn_at else None,
        "withdrawn_on": withdrawn_on(shown),
    }
    if not shown.shows_text:
        return context
    before = next((one for one in issued if one.revision < shown.revision and one.shows_text), None)
    return {
        **context,
        "written_in": untranslated(shown, document),
        "article": _article(shown, document, key),
        "files": _offered((*WRITTEN_HERE, *printed_formats()), path) if is_newest else [],
        "before": before,
        "differences": compare(document_in(before, edition.language), document) if before else (),
    }


def _line_of(one: IssuedEdition, path: str, *, is_newest: bool) -> Issued:
    document = document_in(one, one.report.language)
    return Issued(
        revision=one.revision,
        kind=Kind(one.edition).label,
        on=document.revised_on or document.issued_on,
        changes=one.changes,
        path=path if is_newest else f"{path}/{one.revision}",
        withdrawn_on=withdrawn_on(one),
    )


def _article(shown: IssuedEdition, document: Document, key: ReportKey) -> str:
    files = next(one.files for one in key.editions if one.id == shown.pk)
    figures = sizes_of(shown)

    def address(name: str) -> str:
        return figure_address(key.number, *files[f"{FIGURE}{name}"])

    return html.write(document, render_markdown=render_with_figures, figures=figures, address=address)


def figure_address(number: str, media_type: str, digest: str) -> str:
    """By what it shows and not by its name, which staff gave it."""
    return f"/reports/{number}/figures/{digest[:20]}.{ENDINGS.get(media_type, 'bin')}"


def _offered(endings: tuple[str, ...], path: str) -> list[dict[str, str]]:
    return [{"label": LABELS.get(ending, ending), "path": f"{path}.{ending}"} for ending in endings]


def _files_source(site: Site, key: ReportKey) -> Source:
    """The printed editions of the newest, and the pictures of all."""
    wanted: dict[str, tuple[int, str, str]] = {}
    for edition in reversed([edition for edition in key.editions if edition.shows_text]):
        for name, (media_type, digest) in edition.files.items():
            if name.startswith(FIGURE) and name != f"{FIGURE}{LOGO}":
                wanted[figure_address(key.number, media_type, digest)] = (edition.id, name, "")
    newest = key.editions[0]
    for page_edition in site.editions if newest.shows_text else ():
        for ending in printed_formats():
            name = f"{page_edition.language}.{ending}"
            name = name if name in newest.files else f"{key.language}.{ending}"
            if name in newest.files:
                address = page_edition.path(f"/reports/{key.number}.{ending}")
                wanted[address] = (newest.id, name, page_edition.language)
    return Source(f"report-files:{key.number}", key.key, tuple(wanted), partial(_copies, wanted))


def _copies(wanted: Mapping[str, tuple[int, str, str]]) -> Iterator[File]:
    editions = {edition_id for edition_id, _name, _language in wanted.values()}
    names = {name for _edition, name, _language in wanted.values()}
    files = {
        (file.edition_id, file.name): file
        for file in IssuedFile.objects.filter(edition__in=editions, name__in=names)
    }
    for address, (edition_id, name, language) in wanted.items():
        file = files[edition_id, name]
        yield File(address, bytes(file.body), file.media_type, language=language)
