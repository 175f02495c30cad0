"""A text pinned over a page."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from incidents.actions.announcement import pin_announcement, unpin_announcement
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Announcement, Page
from incidents.queries.announcement import pinned_announcement
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")


@pytest.fixture
def page() -> Page:
    return make.page()


def pinned(page: Page, *, at: Any = NOON) -> str:
    found = pinned_announcement(page, now=at)
    return found.body if found else ""


def test_one_text_is_pinned_and_the_next_takes_its_place(page: Page) -> None:
    with times.at(NOON):
        pin_announcement(page, body="一つ目")
        pin_announcement(page, body="**二つ目**", texts={"en": {"body": "The *second*"}}, actor=make.staff())
    assert pinned(page) == "**二つ目**"
    newest, first = Announcement.objects.all()
    assert (first.unpinned_at, newest.unpinned_at) == (NOON, None)
    assert newest.texts == {"en": {"body": "The *second*", "body_html": "<p>The <em>second</em></p>"}}


def test_it_is_taken_down_once(page: Page) -> None:
    with times.at(NOON):
        pin_announcement(page, body="お知らせ")
        unpin_announcement(page)
    with times.at(NOON + timedelta(hours=1)):
        unpin_announcement(page)
    assert pinned(page) == ""
    assert Announcement.objects.get().unpinned_at == NOON


def test_it_is_shown_until_its_end(page: Page) -> None:
    with times.at(NOON):
        pin_announcement(page, body="お知らせ", until=NOON + timedelta(hours=1))
    assert pinned(page, at=NOON + timedelta(minutes=59)) == "お知らせ"
    assert pinned(page, at=NOON + timedelta(minutes=60)) == ""


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": " "}, "body"),
        ({"body": "[" * 401}, "body"),
        ({"until": NOON}, "until"),
        ({"texts": {"en": {"body": "[" * 401}}}, "body_en"),
        ({"texts": {"fr": {"body": "Bonjour"}}}, "texts"),
    ],
)
def test_what_cannot_be_so_is_refused_by_its_field_and_what_was_pinned_stays(
    page: Page, values: dict[str, Any], field: str
) -> None:
    with times.at(NOON):
        pin_announcement(page, body="先のお知らせ")
        with pytest.raises(Refused) as refused:
            pin_announcement(page, **{"body": "本文", **values})
    assert refused.value.field == field
    assert pinned(page) == "先のお知らせ"


def test_the_database_itself_holds_one_at_a_time(page: Page) -> None:
    Announcement.objects.create(page=page, body="a", body_html="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Announcement.objects.create(page=page, body="b", body_html="b")
