"""A message goes out by SMTP and is found by IMAP, one step a check, on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import mail_round_trip
from incidents.monitors.checkers.mail_round_trip import MARKER_HEADER, Server
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.certificates import Authority, make_authority
from tests.mail_servers import PASSWORD, USER, Mailbox, Post, serving_imap, serving_smtp
from tests.make import jst
from tests.streams import drip, hang, serving_streams

LOOPBACK = Guard(["127.0.0.0/8"])
NOON = jst("2026-03-02 12:00")


@dataclass
class Trip:
    """A monitor's checks one after the other, each given what the one before remembered."""

    post: Post
    mailbox: Mailbox
    authority: Authority
    memory: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        return {
            "smtp_server": f"127.0.0.1:{self.post.port}",
            "smtp_user": USER,
            "smtp_password": PASSWORD,
            "sender": "monitor@example.com",
            "imap_server": f"127.0.0.1:{self.mailbox.port}",
            "imap_user": USER,
            "imap_password": PASSWORD,
            "authorities": self.authority.pem,
            "limit_minutes": 540,
            "key": "key",
        }

    def step(self, *, minutes: float = 0, guard: Guard = LOOPBACK, **settings: Any) -> Result:
        given = {**self.settings(), "memory": self.memory, **settings}
        probe = Probe("mail_round_trip", "probe@example.com", mail_round_trip.read_settings(given))
        with times.at(NOON + timedelta(minutes=minutes)):
            [result] = check_all([probe], guard=guard)
        if result.memory is not None:
            self.memory = dict(result.memory)
        return result


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    yield make_authority()


@pytest.fixture
def trip(authority: Authority) -> Iterator[Trip]:
    box = Mailbox()
    with (
        serving_smtp(Post(box), starttls=authority.server_tls()) as post,
        serving_imap(box, tls=authority.server_tls()) as mailbox,
    ):
        yield Trip(post, mailbox, authority)


def test_a_message_that_arrives_passes_with_its_delay(trip: Trip) -> None:
    trip.mailbox.delays = True
    sent = trip.step()
    assert (sent.is_final, sent.detail) == (False, "sent")
    waiting = trip.step(minutes=5)
    assert (waiting.is_final, waiting.detail) == (False, "on its way for 5 min")
    trip.mailbox.deliver(arrived_at=NOON + timedelta(minutes=8))
    arrived = trip.step(minutes=10)
    assert (arrived.ok, arrived.is_final, arrived.detail) == (True, True, "arrived after 8 min")
    assert arrived.latency_ms == 8 * 60_000


def test_the_message_is_marked_says_what_it_is_and_holds_no_link(trip: Trip) -> None:
    trip.step()
    message = trip.mailbox.mails[0].message
    assert message[MARKER_HEADER] == trip.memory["marker"]
    assert message["Subject"] == f"Round trip {trip.memory['marker']}"
    assert (message["From"], message["To"]) == ("monitor@example.com", "probe@example.com")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "http" not in message.as_string()


def test_while_the_next_message_is_on_its_way_the_last_outcome_holds(trip: Trip) -> None:
    trip.step()
    assert trip.step(minutes=1).ok
    trip.mailbox.delays = True
    for minutes in (2, 3):
        still = trip.step(minutes=minutes)
        assert (still.ok, still.is_final, still.latency_ms) == (True, True, None)


def test_a_lost_message_fails_after_the_limit_and_until_the_next_one_arrives(trip: Trip) -> None:
    trip.mailbox.delays = True
    trip.step()
    assert not trip.step(minutes=539).is_final
    lost = trip.step(minutes=541)
    assert (lost.ok, lost.is_final) == (False, True)
    assert lost.detail == "the message of 2026-03-02 03:00 UTC has not arrived within 9 h 0 min"
    sent = trip.step(minutes=542)
    assert (sent.ok, sent.is_final, sent.detail) == (False, True, "sent")
    trip.mailbox.deliver(arrived_at=NOON + timedelta(minutes=543))
    assert trip.step(minutes=544).detail == "arrived after 60 s"


def test_a_message_that_arrives_over_the_limit_fails_with_its_delay(trip: Trip) -> None:
    trip.mailbox.delays = True
    trip.step()
    trip.mailbox.deliver(arrived_at=NOON + timedelta(minutes=541))
    late = trip.step(minutes=545)
    assert (late.ok, late.latency_ms) == (False, 541 * 60_000)
    assert late.detail == "arrived after 9 h 1 min, over the limit of 9 h 0 min"


def test_checks_that_were_not_made_in_time_blame_no_message_that_was(trip: Trip) -> None:
    trip.mailbox.delays = True
    trip.step()
    trip.mailbox.deliver(arrived_at=NOON + timedelta(minutes=2))
    assert trip.step(minutes=700).detail == "arrived after 2 min"


@pytest.mark.parametrize("minutes_off", [-30, 30])
def test_a_mailbox_whose_clock_is_wrong_is_not_believed(trip: Trip, minutes_off: int) -> None:
    trip.mailbox.delays = True
    trip.step()
    trip.mailbox.deliver(arrived_at=NOON + timedelta(minutes=minutes_off))
    assert trip.step(minutes=3).detail == "arrived after 3 min"


def test_found_messages_and_late_forerunners_are_removed_and_no_others(trip: Trip) -> None:
    trip.mailbox.take(b"Subject: Round trip key-of-an-earlier-one\r\n\r\n")
    trip.mailbox.take(b"Subject: Round trip other\r\n\r\n")
    trip.mailbox.take(b"Subject: Private\r\n\r\n")
    trip.step()
    trip.step(minutes=1)
    left = [str(mail.message["Subject"]) for mail in trip.mailbox.mails]
    assert left == ["Round trip other", "Private"]


def test_a_mailbox_that_removes_no_single_message_keeps_what_its_owner_deleted(trip: Trip) -> None:
    trip.mailbox.offers_single_expunge = False
    trip.mailbox.take(b"Subject: Private\r\n\r\n")
    trip.mailbox.mails[0].is_deleted = True
    trip.step()
    assert trip.step(minutes=1).ok
    assert [mail.is_deleted for mail in trip.mailbox.mails] == [True, True]
    assert "EXPUNGE" not in trip.mailbox.said


def test_a_mailbox_without_authenticate_is_opened_by_login(trip: Trip) -> None:
    trip.mailbox.offers_plain = False
    trip.step()
    assert trip.step(minutes=1).ok


def test_word_from_where_it_arrived_stands_in_for_a_mailbox(trip: Trip) -> None:
    trip.step(imap_server="")
    assert not trip.step(minutes=1, imap_server="").is_final
    at = (NOON + timedelta(minutes=4)).isoformat()
    other = {"marker": "another", "at": at}
    assert not trip.step(minutes=5, imap_server="", receipt=other).is_final
    receipt = {"marker": trip.memory["marker"], "at": at}
    assert trip.step(minutes=6, imap_server="", receipt=receipt).detail == "arrived after 4 min"
    assert trip.mailbox.said == []


def test_a_refused_message_fails_and_is_sent_again_at_the_next_check(trip: Trip) -> None:
    trip.post.at_dot = ["452 4.3.1 no space"]
    refused = trip.step()
    assert (refused.ok, refused.is_final) == (False, True)
    assert refused.detail == "after the message: 452 4.3.1 no space"
    trip.post.at_rcpt = ["550 5.1.1 no such user"]
    assert trip.step(minutes=1).detail == "RCPT: 550 5.1.1 no such user"
    assert trip.step(minutes=2).detail == "sent"


def test_a_mailbox_that_cannot_be_asked_fails_and_the_message_is_still_waited_for(trip: Trip) -> None:
    trip.step()
    trip.mailbox.login_fails = True
    assert trip.step(minutes=1).detail == "AUTHENTICATE: NO [AUTHENTICATIONFAILED] no"
    assert trip.step(minutes=2, imap_folder="Elsewhere").ok is False
    trip.mailbox.login_fails = False
    assert trip.step(minutes=3).ok


@pytest.mark.parametrize("talk", [hang, drip])
def test_a_mailbox_that_hangs_is_left_at_the_total_deadline(trip: Trip, talk: Any) -> None:
    trip.step()
    with serving_streams(talk) as served:
        settings = mail_round_trip.read_settings(
            {
                **trip.settings(),
                "imap_server": f"127.0.0.1:{served.port}",
                "imap_tls": "starttls",
                "memory": trip.memory,
            }
        )
        quick = replace(settings, total_ms=400)
        [result] = check_all([Probe("mail_round_trip", "probe@example.com", quick)], guard=LOOPBACK)
    assert (result.ok, result.detail, result.memory) == (False, "no complete answer within 400 ms", None)


def test_the_operator_s_server_may_stand_inside_and_those_of_staff_may_not(trip: Trip) -> None:
    assert "is not one that may be reached" in trip.step(guard=Guard()).detail
    own = Server("127.0.0.1", trip.post.port, "starttls", USER, PASSWORD)
    assert trip.step(guard=Guard(), smtp_server="", own_server=own).detail == "sent"
    assert "is not one that may be reached" in trip.step(minutes=1, guard=Guard()).detail


OWN = Server("mail.example.com", 587, "starttls")
BOX = {"imap_server": "imap.example.com", "imap_user": "probe"}


@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("", {"own_server": OWN}, "target"),
        ("nobody", {"own_server": OWN}, "target"),
        ("a@example.com", {}, "smtp_server"),
        ("a@example.com", {"smtp_server": "http://x"}, "smtp_server"),
        ("a@example.com", {"smtp_server": "x.example:587", "smtp_tls": "maybe"}, "smtp_tls"),
        ("a@example.com", {"smtp_server": "x.example", "smtp_password": "p", "smtp_tls": "none"}, "smtp_tls"),
        ("a@example.com", {"own_server": OWN, **BOX, "imap_password": "p", "imap_tls": "none"}, "imap_tls"),
        ("a@example.com", {"own_server": OWN, "imap_server": "imap.example.com"}, "imap_user"),
        ("a@example.com", {"own_server": OWN, **BOX, "imap_folder": 'a"\r\nx'}, "imap_folder"),
        ("a@example.com", {"own_server": OWN, "sender": "a b"}, "sender"),
        ("a@example.com", {"own_server": OWN, "limit_minutes": 0}, "limit_minutes"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        mail_round_trip.find_hosts(target, mail_round_trip.read_settings(settings))
    assert refused.value.field == field
