"""A text per language: written, kept, corrected and refused with the same care as the first language's."""

from typing import Any

import pytest

from incidents.actions import incident as actions
from incidents.actions.update import Draft, edit_update, publish_draft
from incidents.lib.errors import Refused
from incidents.models import Incident, Page, Update
from tests import make

pytestmark = pytest.mark.django_db

ENGLISH = {"en": {"body": "We are **looking**.", "concerned": "Users of SAML", "workaround": "Wait."}}


@pytest.fixture
def page() -> Page:
    return make.page()


@pytest.fixture
def incident(page: Page) -> Incident:
    return make.incident(page, titles={"en": "Search is late"})


def told_in_english(incident: Incident, **values: Any) -> Update:
    given = {"concerned": "SAMLをご利用のお客様", "workaround": "お待ちください。", "texts": ENGLISH}
    return make.update(incident, **{**given, **values})


def test_an_update_is_told_in_every_language_it_was_written_in(incident: Incident) -> None:
    update = told_in_english(incident)
    incident.refresh_from_db()
    assert update.texts == {"en": {**ENGLISH["en"], "body_html": "<p>We are <strong>looking</strong>.</p>"}}
    assert incident.texts == {
        "en": {
            "title": "Search is late",
            "first_title": "Search is late",
            "concerned": "Users of SAML",
            "workaround": "Wait.",
        }
    }


def test_a_further_update_keeps_a_text_only_while_the_first_language_s_stands(incident: Incident) -> None:
    told_in_english(incident)
    second = make.update(incident, workaround="再起動してください。")
    assert second.texts == {"en": {"concerned": "Users of SAML"}}


def test_an_emptied_text_falls_back(incident: Incident) -> None:
    told_in_english(incident)
    make.update(incident, texts={"en": {"concerned": " "}})
    incident.refresh_from_db()
    assert incident.texts["en"] == {
        "title": "Search is late",
        "first_title": "Search is late",
        "workaround": "Wait.",
    }


def test_a_correction_keeps_every_text_that_is_not_given_and_the_earlier_ones(incident: Incident) -> None:
    update = told_in_english(incident)
    corrected = edit_update(
        update, Draft(stage="investigating", body="正しい文", texts={"en": {"body": "Right."}})
    )
    assert corrected.texts["en"]["body"] == "Right."
    assert corrected.texts["en"]["concerned"] == "Users of SAML"
    assert update.revisions.get().told["texts"]["en"]["body"] == "We are **looking**."


def test_a_hostile_text_of_another_language_is_text(incident: Incident) -> None:
    update = told_in_english(incident, texts={"en": {"body": "<script>alert(1)</script>"}})
    assert "<script" not in update.texts["en"]["body_html"]


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"fr": {"body": "Bonjour"}}, "texts"),
        ({"ja": {"body": "本文"}}, "texts"),
        ({"en": {"body": "[" * 401}}, "body_en"),
        ({"en": {"concerned": "x" * 501}}, "concerned_en"),
        ({"en": {"workaround": "x" * 2001}}, "workaround_en"),
    ],
)
def test_a_text_that_cannot_be_so_is_refused_by_its_field(
    incident: Incident, texts: dict[str, dict[str, str]], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        make.update(incident, texts=texts)
    assert refused.value.field == field
    assert not Update.objects.exists()


@pytest.mark.parametrize(("titles", "field"), [({"en": "x" * 151}, "title_en"), ({"fr": "Panne"}, "texts")])
def test_a_title_of_another_language_is_one_line_of_a_language_of_the_page(
    page: Page, titles: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        make.incident(page, titles=titles)
    assert refused.value.field == field
    assert not Incident.objects.exists()


def test_a_new_title_takes_away_those_that_would_say_another_thing(incident: Incident) -> None:
    make.update(incident)
    assert actions.correct_incident(incident, title=incident.title).texts["en"]["title"] == "Search is late"
    corrected = actions.correct_incident(incident, title="別の題名")
    assert corrected.texts == {"en": {"first_title": "Search is late"}}
    corrected = actions.correct_incident(incident, titles={"en": "Another title"})
    assert (corrected.title, corrected.texts["en"]["title"]) == ("別の題名", "Another title")


def test_one_click_tells_the_fixed_words_in_every_language(page: Page) -> None:
    search = make.service(page, name="メール検索")
    search.texts = {"en": {"name": "Mail search"}}
    search.save()
    update = publish_draft(make.incident(page, {search: "degraded"}))
    assert "メール検索において" in update.body
    assert "unusual behaviour of Mail search" in update.texts["en"]["body"]
