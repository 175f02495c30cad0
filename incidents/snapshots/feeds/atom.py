"""A feed as Atom (RFC 4287)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from incidents.lib.xml import document, element
from incidents.notices.links import mail_host
from incidents.snapshots.edition import Edition
from incidents.snapshots.feeds.entries import Entry

TYPE = "application/atom+xml; charset=utf-8"
PATH = "/history.atom"


def write(entries: Sequence[Entry], edition: Edition, *, title: str) -> bytes:
    feed = element("feed", xmlns="http://www.w3.org/2005/Atom", xml_lang=edition.language)
    newest = max((entry.updated_at for entry in entries), default=edition.page.created_at)
    feed.extend(
        (
            element("id", _tag(edition, edition.path("/history"))),
            element("title", title),
            element("updated", _date(newest)),
            element("link", rel="alternate", type="text/html", href=edition.url("/")),
            element("link", rel="self", type="application/atom+xml", href=edition.url(PATH)),
            _author(edition),
        )
    )
    feed.extend(_entry(entry, edition) for entry in entries)
    return document(feed)


def _entry(entry: Entry, edition: Edition) -> ET.Element:
    made = element("entry")
    made.extend(
        (
            element("id", _tag(edition, _identity(entry, edition))),
            element("published", _date(entry.published_at)),
            element("updated", _date(entry.updated_at)),
            element("link", rel="alternate", type="text/html", href=entry.url),
            element("title", entry.title),
            element("category", term=entry.status),
            element("content", entry.html, type="html"),
        )
    )
    return made


def _author(edition: Edition) -> ET.Element:
    author = element("author")
    author.append(element("name", edition.page.organisation or edition.page.name))
    return author


def _tag(edition: Edition, what: str) -> str:
    return f"tag:{mail_host(edition.page)},2005:{what}"


def _identity(entry: Entry, edition: Edition) -> str:
    """In another language it is another entry."""
    return f"{edition.prefix}/{entry.identity}" if edition.prefix else entry.identity


def _date(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
