"""What a mail says that asks one person to confirm something, or tells that it was done."""

from incidents.lib.addresses import mask
from incidents.models import Notice, NoticeKind, Page, Wish
from incidents.notices import links
from incidents.notices.frame import Content, Reading, frame, said
from incidents.notices.mail_texts import Part, texts_of
from incidents.notices.subject import one_line
from incidents.notices.wish_words import WishWords, wish_words_for
from incidents.notices.words import words_for, write_time


def wish_content(notice: Notice, wish: Wish, page: Page) -> Content:
    """In the language of the wish, and with no word that a visitor typed."""
    words = words_for(wish.language)
    reading = Reading(page, words, page.zone, texts_of(page, words.language))
    own = wish_words_for(notice.kind, words.language)
    places = {"page": page.name, "about": _about(wish, language=words.language)}
    context = {
        **frame(reading),
        "intro": _intro(notice, own, reading, places),
        "preheader": own.ignore,
        "action": own.action,
        "asked": _asked(notice, wish, reading),
        "ignore": own.ignore,
        "action_url": _address(notice, wish, language=words.language),
    }
    return Content("personal", own.subject.format(page=one_line(page.name)), context)


def _intro(notice: Notice, own: WishWords, reading: Reading, places: dict[str, str]) -> str:
    """A page may ask for the confirmation of a subscription in its own words."""
    if notice.kind == NoticeKind.CONFIRM:
        return reading.texts.say(Part.CONFIRMATION)
    return own.intro.format(**places)


def _asked(notice: Notice, wish: Wish, reading: Reading) -> str:
    """When and from which network this was asked for, so that a stranger's wish can be known as one."""
    if not wish.requested_from:
        return ""
    at = write_time(notice.created_at, zone=reading.zone, language=reading.language)
    return reading.words.asked.format(at, one_line(wish.requested_from))


def _about(wish: Wish, *, language: str) -> str:
    if wish.incident is not None:
        first = wish.incident.page.first_language
        title = said(wish.incident, "title", words_for(language), first=first).text
        return f"{one_line(title)} ({wish.incident.reference})"
    return mask(wish.about.email) if wish.about is not None else ""


def _address(notice: Notice, wish: Wish, *, language: str) -> str:
    if notice.kind == NoticeKind.KEEP and wish.about is not None:
        return links.keep_url(wish.about, language=language)
    if notice.kind == NoticeKind.MOVED:
        return links.page_url(wish.subscriber.page, "/subscribe", language=language)
    return links.confirm_url(wish)
