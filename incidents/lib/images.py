"""Pictures that people upload: read with care, and written anew so that nothing of theirs is left but the picture."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from incidents.lib.errors import Refused

# SVG is none of them: it is a program, not a picture.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
FIGURES = {"PNG": "image/png", "JPEG": "image/jpeg"}
LONGEST_EDGE = 2400
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000


@dataclass(frozen=True)
class Picture:
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Drawn:
    """A picture drawn anew in the format it came in."""

    data: bytes
    media_type: str
    width: int
    height: int


def redraw_figure(data: bytes, *, claimed: str, field: str = "") -> Drawn:
    """A still picture of a document as PNG or JPEG, upright and without anything else that its file held.

    `claimed` is the media type that came with it: a file that is another is refused.
    """
    _check_bytes(data, field=field)
    if claimed.startswith("image/svg") or b"<svg" in data[:1000]:
        raise Refused("expected a picture of pixels in PNG or JPEG, not a drawing in SVG", field=field)
    try:
        image = _read(data, formats=tuple(FIGURES), field=field)
        _check_figure(image, claimed=claimed, field=field)
        return _draw(image)
    except Refused:
        raise
    except Exception:  # the parsers raise whatever they stumble over
        raise Refused("expected a picture in PNG or JPEG", field=field) from None


def _check_figure(image: Image.Image, *, claimed: str, field: str) -> None:
    found = FIGURES[str(image.format)]
    if claimed.replace("image/jpg", "image/jpeg") != found:
        raise Refused(f"the file calls itself {claimed or 'nothing'} but holds {found}", field=field)
    if getattr(image, "n_frames", 1) > 1:
        raise Refused("expected a still picture, not an animation", field=field)


def _draw(image: Image.Image) -> Drawn:
    upright = ImageOps.exif_transpose(image)
    has_holes = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    upright = upright.convert("RGBA" if has_holes else "RGB")
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.LANCZOS)
    plain = Image.new(upright.mode, upright.size)
    plain.paste(upright)
    target = io.BytesIO()
    if image.format == "JPEG":
        plain.save(target, "JPEG", quality=88, optimize=True)
    else:
        plain.save(target, "PNG", optimize=True)
    return Drawn(target.getvalue(), FIGURES[str(image.format)], plain.width, plain.height)


def redraw(data: bytes, *, width: int, height: int, field: str = "") -> Picture:
    """The picture as PNG, made smaller where it exceeds `width` or `height` pixels; of an animation the first
    frame. Refused says what is wrong."""
    _check_bytes(data, field=field)
    try:
        return _write(_read(data, formats=FORMATS, field=field), width=width, height=height)
    except Refused:
        raise
    except Exception:  # the parsers raise whatever they stumble over
        raise Refused("expected a picture in PNG, JPEG, WebP or GIF", field=field) from None


def _check_bytes(data: bytes, *, field: str) -> None:
    if len(data) > MAX_BYTES:
        raise Refused(f"expected a picture of at most {MAX_BYTES // 1024 // 1024} MB", field=field)


def _read(data: bytes, *, formats: tuple[str, ...], field: str) -> Image.Image:
    """The size is known from the header, before anything is unpacked."""
    checked = Image.open(io.BytesIO(data), formats=formats)
    if checked.width * checked.height > MAX_PIXELS:
        raise Refused(f"expected a picture of at most {MAX_PIXELS // 1_000_000} million pixels", field=field)
    checked.verify()
    return Image.open(io.BytesIO(data), formats=formats)  # one that was verified cannot be read any more


def _write(image: Image.Image, *, width: int, height: int) -> Picture:
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    upright.thumbnail((width, height), Image.Resampling.LANCZOS)
    plain = Image.new("RGBA", upright.size)
    plain.paste(upright)
    target = io.BytesIO()
    plain.save(target, "PNG", optimize=True)
    return Picture(target.getvalue(), plain.width, plain.height)
