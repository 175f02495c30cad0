"""A document as PDF: tagged, its fonts inside, with the text edition attached, from which it is read back."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from incidents.lib.errors import Refused
from incidents.reports.blocks import (
    Block,
    Cell,
    Code,
    Figure,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    read_blocks,
)
from incidents.reports.document import SECTIONS, Document
from incidents.reports.figures import LOGO, Picture
from incidents.reports.footnotes import find_notes
from incidents.reports.typesetting import typeset
from incidents.reports.words import (
    NUMBER_LABEL,
    TITLE,
    WORDS,
    name_headings,
    show_date,
    show_period,
    show_revision,
    show_signatures,
    show_title,
    show_withdrawal,
    stamp_entries,
)

FONT = "Noto Sans CJK JP"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_POINTS_PER_PIXEL = 0.75  # 96 pixels to the inch
_MOST_POINTS = (459.0, 420.0)
_MOST_LOGO_POINTS = (150.0, 40.0)


def write(
    document: Document,
    figures: Mapping[str, Picture],
    *,
    text: str,
    render_markdown: Callable[[str], str],
) -> bytes:
    """`text` is the text edition. Refused where the report cannot be set."""
    with TemporaryDirectory(prefix="report-") as made:
        folder = _Folder(Path(made), figures)
        sheet = _make_sheet(document, folder, text=text, render_markdown=render_markdown)
        (folder.path / "sheet.json").write_text(json.dumps(sheet, ensure_ascii=False), encoding="utf-8")
        noon = datetime.combine(document.issued_on, time(12), UTC)
        return typeset(folder.path, at=noon)


class _Folder:
    """All that the typesetter may read."""

    def __init__(self, path: Path, figures: Mapping[str, Picture]) -> None:
        self.path = path
        self.figures = figures
        self.kept: dict[str, str] = {}

    def place(self, name: str, most: tuple[float, float]) -> dict[str, Any] | None:
        """Where the picture is and its width in points; None where there is none."""
        picture = self.figures.get(name)
        if picture is None:
            return None
        if name not in self.kept:
            self.kept[name] = self._keep(picture)
        width, height = picture.width * _POINTS_PER_PIXEL, picture.height * _POINTS_PER_PIXEL
        scale = min(1.0, most[0] / width, most[1] / height)
        return {"path": self.kept[name], "width": width * scale}

    def _keep(self, picture: Picture) -> str:
        if picture.media_type not in _ENDINGS:
            raise Refused("expected a figure in PNG, JPEG, WebP or GIF", field="figures")
        file = f"{len(self.kept)}.{_ENDINGS[picture.media_type]}"
        (self.path / file).write_bytes(picture.data)
        return file


def _make_sheet(
    document: Document, folder: _Folder, *, text: str, render_markdown: Callable[[str], str]
) -> dict[str, Any]:
    day, words = document.issued_on, WORDS[document.language]

    def show(markdown: str) -> list[dict[str, Any]]:
        return list(_show_blocks(read_blocks(render_markdown(markdown)), folder))

    return {
        "font": FONT,
        "language": document.language,
        "date": [day.year, day.month, day.day],
        "text": text,
        "attached": words.attached,
        "withdrawn": show_withdrawal(document),
        "issued": show_date(day, document.language),
        "revised": show_revision(document),
        "organisation": document.organisation,
        "letterhead": document.letterhead,
        "logo": folder.place(LOGO, _MOST_LOGO_POINTS),
        "label": NUMBER_LABEL,
        "number": document.number,
        "signatures": [
            {"role": role, "name": name, "date": date} for role, name, date in show_signatures(document)
        ],
        "kind": TITLE,
        "title": show_title(document),
        "opening": show(document.opening),
        "parts": list(_show_parts(document, show)),
        "end": words.end,
    }


def _show_parts(document: Document, show: Callable[[str], list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for block, heading in name_headings(document).items():
        part: dict[str, Any] = {"heading": f"■ {heading}", "blocks": [], "entries": []}
        if block in SECTIONS:
            part["blocks"] = show(getattr(document, block))
        elif block == "period":
            part["blocks"] = [_show_line("".join(show_period(document)))]
        else:
            part["blocks"] = [_show_line(WORDS[document.language].lead)]
            part["entries"] = [
                {"stamp": stamp, "text": entry.text} for entry, stamp in stamp_entries(document)
            ]
        yield part


def _show_line(text: str) -> dict[str, Any]:
    return {"kind": "paragraph", "runs": [_show_run(Run(text))]}


def _show_blocks(blocks: tuple[Block, ...], folder: _Folder) -> Iterator[dict[str, Any]]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                line = "".join(run.text for run in runs)
                kind = "note" if any(place == 1 for place, _ in find_notes(line)) else "paragraph"
                yield {"kind": kind, "runs": _show_runs(runs)}
            case Heading(runs):
                yield {"kind": "heading", "runs": _show_runs(runs)}
            case Code(text):
                yield {"kind": "code", "text": text}
            case Rule():
                yield {"kind": "rule"}
            case Figure():
                yield from _show_figure(block, folder)
            case Quote(quoted):
                yield {"kind": "quote", "blocks": list(_show_blocks(quoted, folder))}
            case Table(rows):
                yield {"kind": "table", "rows": [[_show_cell(cell) for cell in row] for row in rows]}
            case Listing(items):
                shown = [
                    {"mark": f"{item.number}.", "blocks": list(_show_blocks(item.blocks, folder))}
                    for item in items
                ]
                yield {"kind": "list", "numbered": items[0].number is not None, "items": shown}


def _show_figure(figure: Figure, folder: _Folder) -> Iterator[dict[str, Any]]:
    placed = folder.place(figure.name, _MOST_POINTS)
    if placed:
        alternative = figure.alternative or figure.caption or figure.name
        yield {"kind": "figure", **placed, "alternative": alternative, "caption": figure.caption}


def _show_cell(cell: Cell) -> dict[str, Any]:
    return {"runs": _show_runs(cell.runs), "align": cell.align}


def _show_runs(runs: tuple[Run, ...]) -> list[dict[str, Any]]:
    return [_show_run(run) for run in runs]


def _show_run(run: Run) -> dict[str, Any]:
    return {"text": run.text, "styles": run.styles, "link": run.link}
