"""The typesetter: a folder with `sheet.json` and its pictures becomes a PDF. It reads nothing else, nor the network."""

from datetime import datetime
from pathlib import Path

import manimgx_fonts_cjk
import typst

_SHEET = Path(__file__).with_name("sheet.typ")
_FONTS = Path(manimgx_fonts_cjk.__file__).parent


def typeset(folder: Path, *, at: datetime) -> bytes:
    """`at` is the time of making that the file states."""
    compiler = typst.Compiler(
        _SHEET.read_bytes(),
        root=str(folder),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        package_path=str(folder),
        package_cache_path=str(folder),
    )
    return compiler.compile(format="pdf", timestamp=at, pdf_standards=["ua-1"])
