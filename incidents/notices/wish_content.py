"""What a mail says that asks one person to confirm something, or tells that it was done."""

from incidents.lib.addresses import mask
from incidents.models import Notice, NoticeKind, Page, Wish
from incidents.notices import links
from incidents.notices.frame import Content, frame, said
from incidents.notices.subject import one_line
from incidents.notices.wish_words import WishWords, wish_words_for
from incidents.notices.words import words_for


def wish_content(notice: Notice, wish: Wish, page: Page) -> Content:
    """In the language of the wish, and with no word that a visitor typed."""
    words = words_for(wish.language)
    own = wish_words_for(notice.kind, words.language)
    places = {"page": page.name, "about": _about(wish, language=words.language)}
    context = {
        **frame(page, words),
        "intro": own.intro.format(**places),
        "action": own.action,
        "ignore": own.ignore.format(**places),
        "action_url": _address(notice, wish, language=words.language),
    }
    return Content("personal", _subject(own, page), context)


def _subject(own: WishWords, page: Page) -> str:
    return own.subject.format(page=one_line(page.name))


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
