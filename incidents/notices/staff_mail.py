"""A mail to one of staff, whatever it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.utils import timezone

from incidents.models import Delivery, StaffContact
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.frame import Content, Reading, frame
from incidents.notices.gist import Fact
from incidents.notices.mail_texts import texts_of
from incidents.notices.message import Headers, Personal, new_marks, prepare
from incidents.notices.render import body_of
from incidents.notices.subject import one_line
from incidents.notices.words import words_for


@dataclass(frozen=True)
class StaffMail:
    """`action` is what its one link does; mails of one `thread` stand together in a mailbox."""

    subject: str
    text: str
    facts: Sequence[Fact]
    action: str
    action_url: str
    ignore: str
    thread: str


def staff_letter(delivery: Delivery, contact: StaffContact, mail: StaffMail) -> Letter:
    words, page = words_for(contact.language), delivery.notice.page
    reading = Reading(page, words, page.zone, texts_of(page, words.language))
    facts = "\n".join(f"{fact.label}{words.colon}{fact.value}" for fact in mail.facts)
    context = {
        **frame(reading),
        "closing": "",
        "intro": mail.text,
        "preheader": facts,
        "action": mail.action,
        "action_url": mail.action_url,
        "asked": facts,
        "ignore": mail.ignore,
    }
    marks, (name, address) = new_marks(), parseaddr(str(settings.DEFAULT_FROM_EMAIL))
    body = body_of(Content("personal", mail.subject, context))
    headers = Headers(
        subject=mail.subject,
        sender=address,
        sender_name=one_line(name or page.name),
        reply_to="",
        thread=f"<{mail.thread}@{links.mail_host(page)}>",
        list_id="",
        list_name="",
        help_url="",
    )
    personal = Personal(
        recipient=contact.place,
        message_id=f"{delivery.public_id}@{links.mail_host(page)}",
        date=format_datetime(timezone.now().astimezone(page.zone)),
        unsubscribe_url="",
        last_only_url="",
    )
    data = prepare(headers, marks=marks, text=body.text, html=body.html).fill(personal)
    return Letter(delivery.public_id, address, contact.place, data)
