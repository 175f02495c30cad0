"""The typesetter: a folder with `sheet.json` and its pictures becomes a PDF. It reads nothing else, nor the network."""

from datetime import datetime
from functools import cache
from pathlib import Path

import manimgx_fonts_cjk
import typst

from incidents.lib.errors import Refused

_SHEET = Path(__file__).with_name("sheet.typ")
_FONTS = Path(manimgx_fonts_cjk.__file__).parent
_NO_GLYPH = "could not be displayed"


def typeset(folder: Path, *, at: datetime) -> bytes:
    """`at` is the time of making that the file states. Refused where a picture cannot be read."""
    try:
        try:
            return _compile(folder, at=at, standards=["ua-1"])
        except typst.TypstError as error:
            if _NO_GLYPH not in error.message:
                raise
            # PDF/UA forbids a character without a glyph, as an emoji is; without it the page shows a box.
            return _compile(folder, at=at, standards=[])
    except typst.TypstError as error:
        raise Refused(f"expected figures that can be printed: {error.message}", field="figures") from None


def _compile(folder: Path, *, at: datetime, standards: "list[typst.PDFStandard]") -> bytes:
    compiler = typst.Compiler(
        _SHEET.read_bytes(),
        root=folder,
        font_paths=_fonts(),
        package_path=folder,
        package_cache_path=folder,
    )
    made = compiler.compile(format="pdf", timestamp=at, pdf_standards=standards)
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(_FONTS)])
