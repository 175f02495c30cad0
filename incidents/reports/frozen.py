"""An edition as it was issued: its documents, its files and its pictures, kept and read back."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from incidents.actions.report_issue import Frozen
from incidents.lib.errors import Refused
from incidents.models import IssuedEdition, IssuedFile, Report, Signature, Staff
from incidents.queries.report_life import signatures_in_force
from incidents.reports.build import document_of, figures_of
from incidents.reports.document import SECTIONS, Document, Role, Signed
from incidents.reports.figures import Picture
from incidents.reports.stored import from_json, to_json
from incidents.reports.words import WORDS
from incidents.reports.writers import MEDIA_TYPES, WRITERS

TEXTUAL = ("txt", "md", "html")
"""Made from the document whenever they are asked for; the others take long, and are kept."""

NAMED, FIGURE = "named/", "figure:"

logger = logging.getLogger(__name__)

Documents = Mapping[str, Document]


@dataclass(frozen=True)
class Drawn:
    """A report as it stands, not yet written: by language, for the public and, where that differs, by name."""

    documents: Documents
    named: Documents
    figures: Mapping[str, Picture]


def printed_formats() -> tuple[str, ...]:
    return tuple(name for name in WRITERS if name not in TEXTUAL)


def draw(report: Report) -> Drawn:
    """From the record, in every language of the page; in a number of queries that does not grow with it."""
    signatures = tuple(_signed(report))
    languages = dict.fromkeys((report.language, *report.incident.page.languages))
    tongues = [language for language in languages if language in WORDS]

    def documents(*, is_named: bool) -> Documents:
        return {
            language: document_of(report, language=language, is_named=is_named, signatures=signatures)
            for language in tongues
        }

    public = documents(is_named=False)
    named = documents(is_named=True) if report.parties else {}
    return Drawn(public, named if named != public else {}, figures_of(report))


def write(drawn: Drawn) -> Frozen:
    """Writes every edition once. Refused, with the part that is to blame, where one cannot be written."""
    files = [
        *_write_all(drawn.documents, drawn.figures),
        *_write_all(drawn.named, drawn.figures, under=NAMED),
    ]
    signatures = next(iter(drawn.documents.values())).signatures
    return Frozen(
        documents={language: to_json(document) for language, document in drawn.documents.items()},
        named={language: to_json(document) for language, document in drawn.named.items()},
        signatures=[{"role": s.role, "name": s.name, "on": s.on.isoformat()} for s in signatures],
        files=[*files, *_picture_files(drawn.figures)],
    )


def freeze(report: Report) -> Frozen:
    return write(draw(report))


def document_in(edition: IssuedEdition, language: str, *, is_named: bool = False) -> Document:
    """In the language if the edition has it, else in the one that it was written in; marked once withdrawn."""
    kept = (is_named and edition.named) or edition.documents
    document = from_json(kept.get(language) or kept[edition.report.language])
    return replace(document, withdrawn_on=withdrawn_on(edition))


def body_of(edition: IssuedEdition, language: str, ending: str, *, is_named: bool = False) -> bytes:
    """One of its files: the printed ones as they were written when it was issued."""
    document = document_in(edition, language, is_named=is_named)
    under = NAMED if is_named and edition.named else ""
    kept = edition.files.filter(name=f"{under}{document.language}.{ending}").first()
    return bytes(kept.body) if kept else WRITERS[ending](document, pictures_of(edition))


def untranslated(edition: IssuedEdition, document: Document) -> str:
    """The language of those texts of it that nobody wrote in its own, else ""."""
    original = from_json(edition.documents[edition.report.language])
    if original.language == document.language:
        return ""
    sections = any(getattr(document, name) == getattr(original, name) != "" for name in SECTIONS)
    pairs = zip(document.timeline, original.timeline, strict=True)
    lines = any(line.text == first.text for line, first in pairs if line.update is None)
    return original.language if sections or lines else ""


def withdrawn_on(edition: IssuedEdition) -> date | None:
    if edition.withdrawn_at is None:
        return None
    return edition.withdrawn_at.astimezone(edition.report.incident.page.zone).date()


def pictures_of(edition: IssuedEdition) -> dict[str, Picture]:
    kept = edition.files.filter(name__startswith=FIGURE)
    return {
        file.name.removeprefix(FIGURE): Picture(bytes(file.body), file.media_type, file.width, file.height)
        for file in kept
    }


def sizes_of(edition: IssuedEdition) -> dict[str, Picture]:
    """As `pictures_of` without what they show: enough for a page that leads to their files."""
    kept = edition.files.filter(name__startswith=FIGURE).defer("body")
    return {
        file.name.removeprefix(FIGURE): Picture(b"", file.media_type, file.width, file.height)
        for file in kept
    }


def rewrite(edition: IssuedEdition, *, withdrawn_at: datetime) -> list[IssuedFile]:
    """Its files with the mark that it was withdrawn."""
    edition.withdrawn_at = withdrawn_at
    figures = pictures_of(edition)
    documents = {name: document_in(edition, name) for name in edition.documents}
    named = {name: document_in(edition, name, is_named=True) for name in edition.named}
    files = [*_write_all(documents, figures), *_write_all(named, figures, under=NAMED)]
    return [*files, *_picture_files(figures)]


def _signed(report: Report) -> Iterator[Signed]:
    in_force = signatures_in_force(report)
    for role in ("written", "checked", "approved"):
        if role in in_force:
            yield _sign(in_force[role], report)


def _sign(signature: Signature, report: Report) -> Signed:
    on = signature.signed_at.astimezone(report.incident.page.zone).date()
    return Signed(cast(Role, signature.role), _name_of(signature.staff), on)


def _name_of(staff: Staff) -> str:
    """What stands on a printed report; an address does not."""
    return " ".join(staff.name.split()) or staff.email.partition("@")[0]


def _write_all(
    documents: Documents, figures: Mapping[str, Picture], *, under: str = ""
) -> Iterator[IssuedFile]:
    for language, document in documents.items():
        for ending in WRITERS:
            body = _write_one(document, figures, ending)
            if ending not in TEXTUAL:
                yield _file(f"{under}{language}.{ending}", MEDIA_TYPES[ending], body)


def _write_one(document: Document, figures: Mapping[str, Picture], ending: str) -> bytes:
    try:
        return WRITERS[ending](document, figures)
    except Refused:
        raise
    except Exception as error:
        logger.exception("%s: the %s edition cannot be written", document.number, ending)
        raise Refused(f"the {ending} edition cannot be written: {error}") from error


def _picture_files(figures: Mapping[str, Picture]) -> Iterator[IssuedFile]:
    for name, picture in figures.items():
        size = {"width": picture.width, "height": picture.height}
        yield _file(f"{FIGURE}{name}", picture.media_type, picture.data, **size)


def _file(name: str, media_type: str, body: bytes, **size: Any) -> IssuedFile:
    digest = hashlib.sha256(body).hexdigest()
    return IssuedFile(name=name, media_type=media_type, body=body, digest=digest, **size)
