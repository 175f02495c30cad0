import pytest
from django import forms
from django.utils import translation

from incidents.console.refusals import refuse_into, sentence_of
from incidents.lib.errors import Refused


class Form(forms.Form):
    title = forms.CharField()


def test_an_unknown_sentence_is_said_as_it_is() -> None:
    assert sentence_of(Refused("no such thing")) == "no such thing"


def test_what_a_sentence_speaks_of_is_kept() -> None:
    with translation.override("en"):
        said = sentence_of(Refused("INC-20200904-01 is not a draft any more"))
    assert said == "INC-20200904-01 is not a draft any more"


@pytest.mark.parametrize(("field", "at"), [("title", "title"), ("scope", "__all__"), ("", "__all__")])
def test_a_refusal_stands_at_the_field_it_names_or_over_the_form(field: str, at: str) -> None:
    form = Form({"title": "x"})
    assert form.is_valid()
    refuse_into(form, Refused("no", field=field))
    assert list(form.errors) == [at]


def test_a_refusal_with_two_bounds_is_whole_in_japanese() -> None:
    with translation.override("ja"):
        assert (
            sentence_of(Refused("a log entry has 1 to 5000 characters"))
            == "ログは1～5000文字で入力してください。"
        )


@pytest.mark.parametrize(
    ("begins", "japanese"),
    [("https://", "https://で始まる"), ("http:// or https://", "http://またはhttps://で始まる")],
)
def test_the_schemes_a_url_may_begin_with_are_joined_in_japanese(begins: str, japanese: str) -> None:
    with translation.override("ja"):
        assert sentence_of(Refused(f"expected a URL that begins with {begins}")).startswith(japanese)
