"""Texts that stand in another language than the page around them, because nobody wrote them in its own."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext

register = template.Library()


def name_only(language: str) -> str:
    """What marks such a text, in the active language: 日本語のみ, Japanese only."""
    if language == "ja":
        return gettext("Japanese only")
    if language == "en":
        return gettext("English only")
    return str(get_language_info(language)["name_local"])


@register.filter
def lang(language: str | None) -> SafeString | str:
    """The attribute that tells readers aloud how to pronounce it; nothing without a language."""
    return format_html(' lang="{}"', language) if language else ""


@register.filter
def only(language: str | None) -> SafeString | str:
    """The mark that is seen; nothing without a language."""
    return format_html(' <span class="only-in">{}</span>', name_only(language)) if language else ""
