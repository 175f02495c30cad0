"""Turns a delivery into the letter that is sent."""

import re
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path

from css_inline import CSSInliner
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from incidents.lib.addresses import is_clean
from incidents.lib.dkim import Key, Signer, read_key
from incidents.lib.errors import Refused
from incidents.models import Delivery, Notice, NoticeKind, Page, Subscriber
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.content import content_of
from incidents.notices.frame import Content, zone_of
from incidents.notices.message import Headers, Personal, Prepared, new_marks, prepare
from incidents.notices.subject import one_line

# Mail clients keep style attributes where they drop style sheets; the rules for dark screens stay in one.
_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_NO_ID_CHARACTER = re.compile(r"[^a-z0-9-]")
TOLD_TO_MANY = (NoticeKind.UPDATE, NoticeKind.REPORT, NoticeKind.MEASURES, NoticeKind.MAINTENANCE)


class Mailroom:
    """Prepared mails of one pass. It is not kept longer, so that an edited text is soon the one that is sent."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[int, int, str, str], Prepared] = {}
        self._sender = _sender()[1]
        self._signer = _signer()

    def letter(self, delivery: Delivery) -> Letter:
        """Refused when the address could not stand in a header."""
        subscriber, notice, page = delivery.reader, delivery.notice, delivery.reader.page
        if not is_clean(subscriber.email):
            raise Refused("The address cannot be written to.", field="email")
        personal = Personal(
            recipient=subscriber.email,
            message_id=f"{delivery.public_id}@{links.mail_host(page)}",
            date=format_datetime(timezone.now().astimezone(zone_of(subscriber))),
            unsubscribe_url=links.unsubscribe_url(subscriber, page),
            last_only_url=links.last_only_url(subscriber, notice.incident, page) if notice.incident else "",
        )
        return Letter(
            name=delivery.public_id,
            sender=links.return_path(delivery.public_id, fallback=self._sender),
            recipient=subscriber.email,
            data=self._prepared_for(notice, subscriber).fill(personal, self._signer),
        )

    def _prepared_for(self, notice: Notice, subscriber: Subscriber) -> Prepared:
        if notice.kind not in TOLD_TO_MANY:
            return prepare_mail(notice, subscriber)
        key = (notice.pk, subscriber.page_id, subscriber.language, subscriber.time_zone)
        if key not in self._prepared:
            self._prepared[key] = prepare_mail(notice, subscriber)
        return self._prepared[key]


def prepare_mail(notice: Notice, subscriber: Subscriber) -> Prepared:
    content = content_of(notice, subscriber)
    marks = new_marks()
    body = body_of(content, unsubscribe_url=marks.unsubscribe_url, last_only_url=marks.last_only_url)
    return prepare(_headers(notice, subscriber, content.subject), marks=marks, text=body.text, html=body.html)


@dataclass(frozen=True)
class Body:
    text: str
    html: str


def body_of(content: Content, **urls: str) -> Body:
    """Both forms of a mail; `urls` are the links that differ from reader to reader."""
    context = {**content.context, "subject": content.subject, **urls}
    return Body(
        text=render_to_string(f"notices/{content.template}.txt", context),
        html=_INLINER.inline(render_to_string(f"notices/{content.template}.html", context)),
    )


def thread_id(notice: Notice, page: Page) -> str:
    """The message every mail of an incident answers, though nobody ever sent it: one thread an incident, and
    one a maintenance."""
    if notice.maintenance_update is not None:
        name = f"maintenance-{notice.maintenance_update.maintenance.public_id}"
    elif notice.incident is not None:
        name = notice.incident.reference.lower()
    else:
        return ""
    return f"<{_NO_ID_CHARACTER.sub('', name)}@{links.mail_host(page)}>"


def _headers(notice: Notice, subscriber: Subscriber, subject: str) -> Headers:
    page = subscriber.page
    name, address = _sender()
    is_list = notice.kind in TOLD_TO_MANY
    return Headers(
        subject=one_line(subject),
        sender=address,
        sender_name=one_line(name or page.name),
        reply_to=_reply_to(page),
        thread=thread_id(notice, page),
        list_id=f"notices.{links.mail_host(page)}" if is_list else "",
        list_name=one_line(page.name),
        help_url=links.page_url(page, "/manage", language=subscriber.language),
    )


def _reply_to(page: Page) -> str:
    return page.reply_to if is_clean(page.reply_to.lower()) else ""


def _sender() -> tuple[str, str]:
    return parseaddr(str(settings.DEFAULT_FROM_EMAIL))


def _signer() -> Signer | None:
    if settings.DKIM_KEY_FILE is None:
        return None
    key = _read_key(settings.DKIM_KEY_FILE)
    return Signer(_sender()[1].rpartition("@")[2].lower(), settings.DKIM_SELECTOR, key)


@lru_cache
def _read_key(path: Path) -> Key:
    return read_key(path.read_bytes())
