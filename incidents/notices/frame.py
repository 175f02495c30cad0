"""What every mail is made of: its frame, and the words of the record in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from incidents.lib.languages import Said, said_by
from incidents.models import Incident, Page, Subscriber
from incidents.notices import links
from incidents.notices.mail_texts import MailTexts, Part, texts_of
from incidents.notices.subject import cut_stem, cut_title, one_line
from incidents.notices.words import Words, words_for


@dataclass(frozen=True)
class Content:
    template: str
    subject: str
    context: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """How a mail is read: on which page, in which language, by which clock."""

    page: Page
    words: Words
    zone: ZoneInfo
    texts: MailTexts

    @property
    def language(self) -> str:
        return self.words.language

    def url(self, path: str) -> str:
        return links.page_url(self.page, path, language=self.language)


def reading_of(subscriber: Subscriber) -> Reading:
    words = words_for(subscriber.language)
    page = subscriber.page
    return Reading(page, words, zone_of(subscriber), texts_of(page, words.language))


def zone_of(subscriber: Subscriber) -> ZoneInfo:
    return ZoneInfo(subscriber.time_zone) if subscriber.time_zone else subscriber.page.zone


def frame(reading: Reading) -> dict[str, Any]:
    return {
        "words": reading.words,
        "page": reading.page,
        "closing": reading.texts.say(Part.CLOSING),
        "why": reading.words.why.format(reading.page.name),
        "home_url": reading.url("/"),
        "history_url": reading.url("/history"),
        "manage_url": reading.url("/manage"),
    }


def stem(incident: Incident, reading: Reading, *, first: str) -> str:
    """The same in every subject of the incident."""
    field = "first_title" if incident.first_title else "title"
    title = cut_title(said(incident, field, reading.words, first=first).text)
    return subject_stem(Part.INCIDENT_SUBJECT, reading, title=title, reference=incident.reference)


def subject_stem(part: Part, reading: Reading, **values: str) -> str:
    named = {**values, "page": one_line(reading.page.name)}
    return cut_stem(reading.texts.say(part, **named))


def said(row: Any, field: str, words: Words, *, first: str) -> Said:
    """In the language of the mail; what nobody wrote in it is in the `first` language of the page that tells."""
    return said_by(row, field, language=words.language, first=first)
