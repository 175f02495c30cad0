"""Who reads a page by a right of their own: what a password or a member link opens, and for how long."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents.lib import tokens
from incidents.lib.languages import said_by
from incidents.models import Customer, CustomerNote, Incident, Maintenance, Page
from incidents.queries.shown import shown_incidents

VISIT_LIFE = timedelta(hours=12)
MOST_NOTES = 50


@dataclass(frozen=True)
class NoteView:
    """`path` and `title` are those of what it stands beside, empty for a note by itself; `language` is that of
    the text where it is not the reader's."""

    body_html: str
    language: str
    published_at: datetime
    path: str
    title: str


def entry_token(page: Page) -> str:
    """What a right password earns: it ends with its time, and with the password."""
    return tokens.sign("enter", f"{page.pk}.{_ends_at()}.{_fingerprint(page)}")


def opens_page(token: str, page: Page) -> bool:
    page_id, _, rest = (tokens.read("enter", token) or "").partition(".")
    ends_at, _, fingerprint = rest.partition(".")
    is_its_own = page_id == str(page.pk) and secrets.compare_digest(fingerprint, _fingerprint(page))
    return bool(page.password) and is_its_own and _is_to_come(ends_at)


def link_token(customer: Customer) -> str:
    """What the member link carries; it shows a button."""
    return tokens.sign("member-link", customer.link_nonce)


def feed_token(customer: Customer) -> str:
    """Reads feeds, and can do nothing else: feed readers hand addresses around."""
    return tokens.sign("member-feed", customer.link_nonce)


def visit_token(customer: Customer) -> str:
    """What the button earns: it ends with its time, and with the link."""
    return tokens.sign("member", f"{customer.link_nonce}.{_ends_at()}")


def find_linked(token: str, page: Page) -> Customer | None:
    return _with_nonce(tokens.read("member-link", token), page)


def find_feed_reader(token: str, page: Page) -> Customer | None:
    return _with_nonce(tokens.read("member-feed", token), page)


def find_visiting(token: str, page: Page) -> Customer | None:
    nonce, _, ends_at = (tokens.read("member", token) or "").partition(".")
    return _with_nonce(nonce, page) if _is_to_come(ends_at) else None


def notes_for(customer: Customer, *, language: str) -> tuple[NoteView, ...]:
    """What is meant for the customer, the newest first; what is said beside a draft waits for its publication."""
    open_to_all = Q(incident=None) | Q(incident__in=shown_incidents(customer.page))
    found = customer.notes.filter(open_to_all, withdrawn_at=None).select_related("incident", "maintenance")
    return tuple(_note_view(note, page=customer.page, language=language) for note in found[:MOST_NOTES])


def notes_beside(place: Incident | Maintenance) -> QuerySet[CustomerNote]:
    """For staff: each with whom it is for, those that were withdrawn too."""
    return place.customer_notes.select_related("created_by").prefetch_related("customers")


def notes_by_themselves(page: Page) -> QuerySet[CustomerNote]:
    """The same of those that stand beside nothing."""
    alone = page.customer_notes.filter(incident=None, maintenance=None)
    return alone.select_related("created_by").prefetch_related("customers")[:MOST_NOTES]


def _note_view(note: CustomerNote, *, page: Page, language: str) -> NoteView:
    translated = note.texts.get(language)
    place = note.incident or note.maintenance
    is_spoken = translated is not None or language == page.first_language
    return NoteView(
        body_html=translated["body_html"] if translated else note.body_html,
        language="" if is_spoken else page.first_language,
        published_at=note.published_at,
        path=_path_of(note),
        title=said_by(place, "title", language=language, first=page.first_language).text if place else "",
    )


def _path_of(note: CustomerNote) -> str:
    if note.incident:
        return f"/incidents/{note.incident.reference}"
    return f"/maintenance/{note.maintenance.public_id}" if note.maintenance else ""


def _with_nonce(nonce: str | None, page: Page) -> Customer | None:
    found = Customer.objects.filter(page=page, link_nonce=nonce).first() if nonce else None
    if found is not None:
        found.page = page
    return found


def _ends_at() -> int:
    return int((timezone.now() + VISIT_LIFE).timestamp())


def _is_to_come(ends_at: str) -> bool:
    return ends_at.isdecimal() and int(ends_at) > timezone.now().timestamp()


def _fingerprint(page: Page) -> str:
    """Of the password's hash, which is salted: another password, or the same set again, has another."""
    return tokens.hash_secret(page.password)[:16]
