import pytest

from incidents.lib.languages import Said, said

ENGLISH = {"en": {"title": "Search is late"}}


@pytest.mark.parametrize(
    ("text", "texts", "language", "expected"),
    [
        ("検索遅延", ENGLISH, "ja", Said("検索遅延", "ja")),
        ("検索遅延", ENGLISH, "en", Said("Search is late", "en")),
        ("検索遅延", {}, "en", Said("検索遅延", "ja")),
        ("検索遅延", {"en": {"body": "…"}}, "en", Said("検索遅延", "ja")),
        ("検索遅延", {"en": {"title": ""}}, "en", Said("検索遅延", "ja")),
        ("", ENGLISH, "en", Said("Search is late", "en")),
        ("", ENGLISH, "ja", Said("", "ja")),
        ("", {}, "en", Said("", "en")),
    ],
)
def test_a_text_nobody_wrote_is_that_of_the_first_language(
    text: str, texts: dict[str, dict[str, str]], language: str, expected: Said
) -> None:
    assert said(text, texts, field="title", language=language, first="ja") == expected
