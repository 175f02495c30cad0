"""A reader's mailbox: what the SMTP server took for one address, and the links in it."""

import re
from email.message import EmailMessage

from incidents.notices.outbox import deliver_due
from tests.smtp import Sink

LINK = re.compile(r"http://[^\s\"<>]+")


class Mailbox:
    def __init__(self, sink: Sink, address: str) -> None:
        self._sink = sink
        self.address = address

    @property
    def mails(self) -> list[EmailMessage]:
        return [got.message for got in self._sink.received if got.recipient == self.address]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def fetch(self) -> EmailMessage:
        """Has the due mails sent; answers the one that came for this address, which must be one."""
        known = len(self.mails)
        deliver_due()
        (newest,) = self.mails[known:]
        return newest

    def fetch_nothing(self) -> None:
        known = len(self.mails)
        deliver_due()
        assert self.subjects[known:] == []


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(mail: EmailMessage, path: str) -> str:
    """The one link of the text whose path begins with `path`."""
    found: str
    (found,) = {link for link in LINK.findall(text_of(mail)) if path in link}
    return found


def links_in(mail: EmailMessage) -> set[str]:
    """All that a scanner would open: of the text, the HTML and the headers."""
    html = mail.get_body(("html",))
    assert html is not None
    headers = " ".join(str(value) for value in mail.values())
    return set(LINK.findall(f"{text_of(mail)} {html.get_content()} {headers}"))
