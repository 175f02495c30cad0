"""Pictures that people upload: read with care, and written anew so that nothing of theirs is left but the picture."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from incidents.lib.errors import Refused

# SVG is none of them: it is a program, not a picture.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000


@dataclass(frozen=True)
class Picture:
    png: bytes
    width: int
    height: int


def redraw(data: bytes, *, width: int, height: int, field: str = "") -> Picture:
    """The picture as PNG, made smaller where it exceeds `width` or `height` pixels; of an animation the first
    frame. Refused says what is wrong."""
    if len(data) > MAX_BYTES:
        raise Refused(f"expected a picture of at most {MAX_BYTES // 1024 // 1024} MB", field=field)
    try:
        return _write(_read(data, field=field), width=width, height=height)
    except Refused:
        raise
    except Exception:  # the parsers raise whatever they stumble over
        raise Refused("expected a picture in PNG, JPEG, WebP or GIF", field=field) from None


def _read(data: bytes, *, field: str) -> Image.Image:
    """The size is known from the header, before anything is unpacked."""
    checked = Image.open(io.BytesIO(data), formats=FORMATS)
    if checked.width * checked.height > MAX_PIXELS:
        raise Refused(f"expected a picture of at most {MAX_PIXELS // 1_000_000} million pixels", field=field)
    checked.verify()
    return Image.open(io.BytesIO(data), formats=FORMATS)  # one that was verified cannot be read any more


def _write(image: Image.Image, *, width: int, height: int) -> Picture:
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    upright.thumbnail((width, height), Image.Resampling.LANCZOS)
    plain = Image.new("RGBA", upright.size)
    plain.paste(upright)
    target = io.BytesIO()
    plain.save(target, "PNG", optimize=True)
    return Picture(target.getvalue(), plain.width, plain.height)
