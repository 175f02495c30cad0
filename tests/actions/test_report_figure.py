"""Figures of a draft: what is kept of a picture, and what is no picture."""

import io

import pytest
from PIL import Image

from incidents.actions.report import draft_report
from incidents.actions.report_figure import add_figure, remove_figure
from incidents.lib.errors import Refused
from incidents.lib.images import LONGEST_EDGE, MAX_BYTES
from incidents.models import AuditEntry, Figure, Report
from tests import make
from tests.lib.test_images import bomb, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def report() -> Report:
    incident = make.incident(make.page())
    make.update(incident)
    return draft_report(incident)


@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_drawn_anew_in_its_own_format(report: Report, form: str, media_type: str) -> None:
    figure = add_figure(report, picture(form), claimed=media_type)
    again = Image.open(io.BytesIO(bytes(figure.image)))
    assert (again.format, figure.media_type) == (form, media_type)
    assert again.size == (figure.width, figure.height) == (400, 100)


def test_nothing_of_what_a_camera_wrote_is_left_and_it_stands_upright(report: Report) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "taken at home", 6
    figure = add_figure(report, picture("JPEG", (100, 40), exif=exif), claimed="image/jpeg")
    assert b"home" not in bytes(figure.image)
    assert not Image.open(io.BytesIO(bytes(figure.image))).getexif()
    assert (figure.width, figure.height) == (40, 100)


def test_a_clear_ground_stays_clear(report: Report) -> None:
    target = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(target, "PNG")
    figure = add_figure(report, target.getvalue(), claimed="image/png")
    assert Image.open(io.BytesIO(bytes(figure.image))).convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


def test_a_large_picture_is_made_to_fit(report: Report) -> None:
    figure = add_figure(report, picture(size=(4000, 100)), claimed="image/png")
    assert (figure.width, figure.height) == (LONGEST_EDGE, 60)


def animation(form: str) -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    frames[0].save(target, form, save_all=True, append_images=frames[1:])
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "claimed", "sentence"),
    [
        (picture("JPEG"), "image/png", "the file calls itself image/png but holds image/jpeg"),
        (picture("PNG"), "text/html", "the file calls itself text/html but holds image/png"),
        (picture("PNG"), "", "the file calls itself nothing but holds image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "not a drawing in SVG"),
        (b"<?xml version='1.0'?><svg/>", "image/png", "not a drawing in SVG"),
        (animation("PNG"), "image/png", "expected a still picture, not an animation"),
        (animation("GIF"), "image/gif", "expected a picture in PNG or JPEG"),
        (picture("WEBP"), "image/webp", "expected a picture in PNG or JPEG"),
        (picture()[:60], "image/png", "expected a picture in PNG or JPEG"),
        (b"", "image/png", "expected a picture in PNG or JPEG"),
        (b"%PDF-1.4", "image/png", "expected a picture in PNG or JPEG"),
        (bomb(30_000, 30_000), "image/png", "expected a picture"),
        (bomb(20_001, 1_000), "image/png", "at most 20 million pixels"),
        (picture() + b"\0" * MAX_BYTES, "image/png", "at most 5 MB"),
    ],
)
def test_what_is_no_such_picture_is_refused_and_nothing_is_kept(
    report: Report, data: bytes, claimed: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        add_figure(report, data, claimed=claimed)
    assert refused.value.field == "figure"
    assert not Figure.objects.exists()


def test_a_name_is_never_used_again(report: Report) -> None:
    first, second = (add_figure(report, picture(), claimed="image/png") for _ in range(2))
    remove_figure(report, first.name)
    third = add_figure(report, picture(), claimed="image/png")
    assert (first.name, second.name, third.name) == ("figure-1", "figure-2", "figure-3")
    assert AuditEntry.objects.filter(action="remove_report_figure").count() == 1
