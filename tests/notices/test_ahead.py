"""The next letter, written while the server takes the one before."""

from contextlib import closing

import pytest
from django.utils import timezone

from incidents.lib.errors import Refused
from incidents.models import Delivery, Notice, NoticeKind
from incidents.notices import fanout, outbox
from incidents.notices.ahead import WrittenAhead
from incidents.notices.channel import Letter
from incidents.notices.channels.email import SmtpSender
from tests.make_notices import make_incident, make_page, make_subscribers, make_update
from tests.smtp import Sink

pytestmark = pytest.mark.django_db


def letter() -> Letter:
    data = b"Subject: x\r\n\r\nhello\r\n"
    return Letter(name="n", sender="status@status.example", recipient="reader@example.com", data=data)


def row(kind: str = NoticeKind.UPDATE) -> Delivery:
    return Delivery(pk=1, notice=Notice(kind=kind))


def written(delivery: Delivery) -> Letter:
    return letter()


def test_what_was_written_ahead_is_for_that_row_alone() -> None:
    ahead, first, again = WrittenAhead(written), row(), row()
    ahead.expect([first])
    assert ahead.take(first) is None
    ahead.write()
    assert ahead.take(first) == letter()
    assert ahead.take(again) is None  # loaded again, it may have changed
    ahead.expect([again])
    assert ahead.take(again) is None


def test_what_one_person_alone_is_told_is_written_in_its_turn() -> None:
    ahead, personal = WrittenAhead(written), row(NoticeKind.CONFIRM)
    ahead.expect([personal])
    ahead.write()
    assert ahead.take(personal) is None


def test_what_cannot_be_written_is_left_to_its_turn() -> None:
    def refuse(delivery: Delivery) -> Letter:
        raise Refused("no")

    ahead, delivery = WrittenAhead(refuse), row()
    ahead.expect([delivery])
    ahead.write()
    assert ahead.take(delivery) is None


def test_a_sender_has_something_else_done_once_a_letter_is_handed_over(sink: Sink) -> None:
    done: list[int] = []
    with closing(SmtpSender()) as sender:
        sender.meanwhile = lambda: done.append(len(sink.received))
        sender.send(letter())
        sender.send(letter())
    assert len(done) == len(sink.received) == 2


def test_each_reader_has_the_mail_that_is_theirs(sink: Sink) -> None:
    page = make_page()
    addresses = {reader.email for reader in make_subscribers(page, 5)}
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert outbox.deliver_due() == 5
    assert {mail.recipient for mail in sink.received} == addresses
    for mail in sink.received:
        assert mail.message["To"] == mail.recipient
    links = {mail.message["List-Unsubscribe"] for mail in sink.received}
    assert len(links) == 5
