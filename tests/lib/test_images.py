import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from incidents.lib.errors import Refused
from incidents.lib.images import MAX_BYTES, redraw


def picture(form: str = "PNG", size: tuple[int, int] = (400, 100), **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#1d4f91").save(target, form, **options)
    return target.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes do not show."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_of_any_accepted_format_becomes_a_png(form: str) -> None:
    drawn = redraw(picture(form), width=800, height=200)
    again = Image.open(io.BytesIO(drawn.png))
    assert (again.format, again.size, (drawn.width, drawn.height)) == ("PNG", (400, 100), (400, 100))


@pytest.mark.parametrize(
    ("size", "becomes"), [((1600, 200), (800, 100)), ((400, 400), (200, 200)), ((10, 5), (10, 5))]
)
def test_a_large_picture_is_made_smaller_and_keeps_its_shape(
    size: tuple[int, int], becomes: tuple[int, int]
) -> None:
    drawn = redraw(picture(size=size), width=800, height=200)
    assert (drawn.width, drawn.height) == becomes


def test_nothing_is_left_of_what_the_file_told_beside_the_picture() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "taken at home")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    for data in (picture(pnginfo=notes), picture("JPEG", exif=exif), picture("PNG", exif=exif)):
        assert b"taken at home" in data
        drawn = redraw(data, width=800, height=200)
        assert b"home" not in drawn.png
        assert not Image.open(io.BytesIO(drawn.png)).info


def test_a_photo_that_lies_on_its_side_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn = redraw(picture("JPEG", (100, 40), exif=exif), width=800, height=200)
    assert (drawn.width, drawn.height) == (40, 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.4",
        picture()[:60],
        picture("JPEG")[:200],
        picture("GIF")[:20],
        picture("BMP"),
        picture("TIFF"),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        bomb(0, 10),
    ],
)
def test_what_is_no_such_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="PNG, JPEG, WebP or GIF") as refused:
        redraw(data, width=800, height=200, field="logo")
    assert refused.value.field == "logo"


@pytest.mark.parametrize("size", [(30_000, 30_000), (1_000_000, 1_000_000), (20_001, 1_000)])
def test_a_bomb_is_refused_by_what_its_header_claims(size: tuple[int, int]) -> None:
    with pytest.raises(Refused):
        redraw(bomb(*size), width=800, height=200)


def test_a_file_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(Refused, match="5 MB"):
        redraw(picture() + b"\0" * MAX_BYTES, width=800, height=200)
