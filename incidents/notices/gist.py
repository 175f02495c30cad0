"""What a notice says in few lines, for chats and text messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.models import Delivery, Notice, NoticeKind, Subscriber
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.content import content_of
from incidents.notices.endpoint_words import endpoint_words_for
from incidents.notices.subject import one_line
from incidents.notices.words import words_for

MOST_TEXT = 1_000


@dataclass(frozen=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True)
class Gist:
    """Plain text throughout; `subject` is the one of the mail. `is_good` news is an end."""

    language: str
    page: str
    subject: str
    state: str
    facts: tuple[Fact, ...]
    text: str
    url: str
    link_label: str
    manage_url: str
    manage_label: str
    is_good: bool = False


class GistWriter:
    """`write` makes the message of a gist. Nothing in it is personal, so that one serves a whole channel."""

    def __init__(self, write: Callable[[Gist], bytes]) -> None:
        self._write = write
        self._written: dict[tuple[int, int, str, str], bytes] = {}

    def letter(self, delivery: Delivery) -> Letter:
        subscriber = delivery.reader
        key = (delivery.notice_id, subscriber.page_id, subscriber.language, subscriber.time_zone)
        if key not in self._written:
            self._written[key] = self._write(gist_of(delivery.notice, subscriber))
        return Letter(
            name=delivery.public_id, sender="", recipient=subscriber.endpoint, data=self._written[key]
        )


def gist_of(notice: Notice, subscriber: Subscriber) -> Gist:
    content = content_of(notice, subscriber)
    told = _TOLD[NoticeKind(notice.kind)](content.context)
    words = words_for(subscriber.language)
    page = subscriber.page
    return Gist(
        language=words.language,
        page=one_line(page.name),
        subject=one_line(content.subject),
        state=told.state,
        facts=tuple(fact for fact in told.facts if fact.value),
        text=told.text if len(told.text) <= MOST_TEXT else told.text[: MOST_TEXT - 1] + "…",
        url=told.url,
        link_label=words.details,
        manage_url=links.page_url(page, "/endpoints", language=words.language),
        manage_label=endpoint_words_for(words.language).manage,
        is_good=told.is_good,
    )


@dataclass(frozen=True)
class _Told:
    state: str
    facts: tuple[Fact, ...]
    text: str
    url: str
    is_good: bool = False


def _update(context: Mapping[str, Any]) -> _Told:
    words = context["words"]
    facts = (
        Fact(words.state, context["state"]),
        Fact(words.changes, "\n".join(context["changes"])),
        Fact(words.services, _services(context, words.colon)),
        Fact(words.recovered_at, context["recovered_at"]),
        Fact(words.estimate, context["estimate"]),
        Fact(words.next_update, context["next_update_at"]),
    )
    is_good = bool(context["recovered_at"])
    return _Told(context["state"], facts, context["body"], context["incident_url"], is_good)


def _maintenance(context: Mapping[str, Any]) -> _Told:
    words, own = context["words"], context["own"]
    facts = (
        Fact(words.state, context["state"]),
        Fact(own.window, context["window"]),
        Fact(own.window_was, context["window_was"]),
        Fact(context["services_label"], _services(context, words.colon)),
    )
    return _Told(context["state"], facts, context["body"], context["maintenance_url"])


def _report(context: Mapping[str, Any]) -> _Told:
    words = context["words"]
    facts = (Fact(words.number, context["number"]),)
    return _Told(words.report, facts, context["intro"], context["report_url"], is_good=True)


def _measures(context: Mapping[str, Any]) -> _Told:
    words = context["words"]
    facts = (Fact(words.number, context["number"]),)
    return _Told(words.report, facts, context["body"], context["report_url"], is_good=True)


_TOLD = {
    NoticeKind.UPDATE: _update,
    NoticeKind.MAINTENANCE: _maintenance,
    NoticeKind.REPORT: _report,
    NoticeKind.MEASURES: _measures,
}


def _services(context: Mapping[str, Any], colon: str) -> str:
    return "\n".join(
        f"{service['name']}{colon}{service['status']}" if service["status"] else service["name"]
        for service in context["services"]
    )
