import pytest

from incidents.lib import times
from incidents.models import Announcement
from tests import make
from tests.console.conftest import Desk

ADDRESS = "/console/announcement/"
NOON = make.jst("2020-09-04 12:46")


def test_an_announcement_is_pinned_in_every_language_and_taken_down(desk: Desk) -> None:
    sent = {"body": "計画停電のお知らせ", "body_en": "A **power cut**", "until": "2020-09-05T10:00"}
    with times.at(NOON):
        assert desk.client.post(ADDRESS, sent)["Location"] == ADDRESS
        html = desk.client.get(ADDRESS).content.decode()
    assert "計画停電のお知らせ" in html and "On the page now" in html
    pinned = Announcement.objects.get()
    assert pinned.until == make.jst("2020-09-05 10:00")
    assert pinned.texts["en"]["body_html"] == "<p>A <strong>power cut</strong></p>"
    assert pinned.pinned_by == desk.staff
    desk.client.post(f"{ADDRESS}unpin/")
    assert "On the page now" not in desk.client.get(ADDRESS).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": ""}, "body"),
        ({"until": "2020-09-04T12:00"}, "until"),
        ({"until": "soon"}, "until"),
        ({"body_en": "[" * 401}, "body_en"),
    ],
)
def test_a_wrong_announcement_names_its_field_and_keeps_the_text(
    desk: Desk, wrong: dict[str, str], field: str
) -> None:
    with times.at(NOON):
        response = desk.client.post(ADDRESS, {"body": "Keep me", "body_en": "Me too", **wrong})
    html = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in html
    assert "Keep me" in html or "Me too" in html
    assert not Announcement.objects.exists()


def test_without_script_the_preview_is_a_button_that_saves_nothing(desk: Desk) -> None:
    response = desk.client.post(ADDRESS, {"body": "**bold**", "preview": "1"})
    assert "<strong>bold</strong>" in response.content.decode()
    assert not Announcement.objects.exists()
