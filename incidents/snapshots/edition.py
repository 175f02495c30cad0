"""A page in one of its languages: what every rendering of it needs, and nothing of who reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_info

from incidents.models import Page
from incidents.notices.links import page_url
from incidents.snapshots.theme import look_of


@dataclass(frozen=True)
class LanguageLink:
    code: str
    name: str
    href: str


@dataclass(frozen=True)
class Edition:
    page: Page
    language: str
    now: datetime

    @property
    def prefix(self) -> str:
        """What stands before every address: nothing in the page's first language, /en in English."""
        return "" if self.language == self.page.first_language else f"/{self.language}"

    def path(self, path: str) -> str:
        """`path` as it is asked for in this language: "/" is "/" or "/en/"."""
        return f"{self.prefix}{path}"

    def url(self, path: str) -> str:
        """Absolute, by the page's configured host and never by what a visitor asked for."""
        return page_url(self.page, path, language=self.language)

    def other_languages(self, path: str) -> tuple[LanguageLink, ...]:
        """The same page in the other languages; `path` without a language."""
        # Quoted from one slash on: "//elsewhere.test" in an address must not become a link to it.
        path = "/" + quote(path.lstrip("/"))
        return tuple(
            LanguageLink(
                code=code,
                name=get_language_info(code)["name_local"],
                href=path if code == self.page.first_language else f"/{code}{path}",
            )
            for code in self.page.languages
            if code != self.language
        )

    def render(self, name: str, context: Mapping[str, Any] | None = None, *, path: str) -> bytes:
        """A template that extends `public/base.html`; `path` is the address without its language."""
        with translation.override(self.language):
            return render_to_string(name, {**self.context(path), **(context or {})}).encode()

    def context(self, path: str) -> dict[str, Any]:
        return {
            "page": self.page,
            "language": self.language,
            "prefix": self.prefix,
            "path": path,
            "url": self.url(path),
            "other_languages": self.other_languages(path),
            "now": self.now,
            "look": look_of(self.page, language=self.language),
        }


def editions(page: Page, *, now: datetime) -> tuple[Edition, ...]:
    return tuple(Edition(page, language, now) for language in page.languages)
