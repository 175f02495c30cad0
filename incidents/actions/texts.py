"""Texts in a page's other languages, as they are saved."""

from collections.abc import Mapping

from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.lib.markdown import render
from incidents.models import Page


def check_languages(texts: Texts, *, page: Page) -> None:
    for language in texts:
        if language not in page.languages[1:]:
            raise Refused(f"{language} is not one of the page's other languages", field="texts")


def written(texts: Texts, *, longest: Mapping[str, int], page: Page) -> dict[str, dict[str, str]]:
    """Those that say something, without space around them; refuses one that is longer than its field takes."""
    check_languages(texts, page=page)
    cleaned = {
        language: {name: text for name in longest if (text := own.get(name, "").strip())}
        for language, own in texts.items()
    }
    for language, own in cleaned.items():
        check_lengths(own, longest=longest, language=language)
    return {language: own for language, own in cleaned.items() if own}


def check_lengths(texts: Mapping[str, str], *, longest: Mapping[str, int], language: str) -> None:
    for name, text in texts.items():
        if len(text) > longest[name]:
            raise Refused(f"expected at most {longest[name]} characters", field=f"{name}_{language}")


def render_field(text: str, *, field: str) -> str:
    """As `render`, with a refusal at the field that the text stands in."""
    try:
        return render(text)
    except Refused as refused:
        raise Refused(str(refused), field=field) from refused
