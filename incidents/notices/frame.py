"""What every mail is made of: its frame, and the words of the record in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incidents.lib.languages import Said, said_by
from incidents.models import Incident, Page
from incidents.notices import links
from incidents.notices.subject import cut_title
from incidents.notices.words import Words


@dataclass(frozen=True)
class Content:
    template: str
    subject: str
    context: Mapping[str, Any]


def frame(page: Page, words: Words) -> dict[str, Any]:
    return {
        "words": words,
        "page": page,
        "why": words.why.format(page.name),
        "home_url": links.page_url(page, "/", language=words.language),
        "manage_url": links.page_url(page, "/manage", language=words.language),
    }


def stem(incident: Incident, words: Words, *, first: str) -> str:
    """The same in every subject of the incident."""
    field = "first_title" if incident.first_title else "title"
    return f"{cut_title(said(incident, field, words, first=first).text)} ({incident.reference})"


def said(row: Any, field: str, words: Words, *, first: str) -> Said:
    """In the language of the mail; what nobody wrote in it is in the `first` language of the page that tells."""
    return said_by(row, field, language=words.language, first=first)
