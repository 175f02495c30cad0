"""A feed as RSS 2.0."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from incidents.lib.xml import document, element
from incidents.snapshots.edition import Edition
from incidents.snapshots.feeds.entries import Entry

TYPE = "application/rss+xml; charset=utf-8"
PATH = "/history.rss"


def write(entries: Sequence[Entry], edition: Edition, *, title: str) -> bytes:
    feed = element("rss", version="2.0", xmlns_atom="http://www.w3.org/2005/Atom")
    channel = ET.SubElement(feed, "channel")
    newest = max((entry.told_at for entry in entries), default=edition.page.created_at)
    channel.extend(
        (
            element("title", title),
            element("link", edition.url("/")),
            element("description", edition.page.organisation or edition.page.name),
            element("language", edition.language),
            element("pubDate", _date(newest, edition)),
            element("atom:link", rel="self", type="application/rss+xml", href=edition.url(PATH)),
        )
    )
    channel.extend(_item(entry, edition) for entry in entries)
    return document(feed)


def _item(entry: Entry, edition: Edition) -> ET.Element:
    made = element("item")
    made.extend(
        (
            element("title", entry.title),
            element("description", entry.html),
            element("category", entry.status),
            element("pubDate", _date(entry.told_at, edition)),
            element("link", entry.url),
            element("guid", entry.url, isPermaLink="true"),
        )
    )
    return made


def _date(at: datetime, edition: Edition) -> str:
    """Of the newest update, as RFC 822 has it, in the zone of the page."""
    return format_datetime(at.astimezone(edition.page.zone))
