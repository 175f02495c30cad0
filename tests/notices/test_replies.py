import pytest

from incidents.notices.channel import Outcome
from incidents.notices.replies import Phase, judge_reply


@pytest.mark.parametrize(
    ("phase", "code", "text", "outcome"),
    [
        (Phase.AFTER_DOT, 250, "2.0.0 queued", Outcome.SENT),
        (Phase.RCPT, 421, "4.3.2 closing", Outcome.RETRY),
        (Phase.RCPT, 450, "greylisted", Outcome.RETRY),
        (Phase.RCPT, 451, "4.7.1 try again", Outcome.RETRY),
        (Phase.RCPT, 452, "4.2.2 full", Outcome.RETRY),
        (Phase.AFTER_DOT, 454, "throttled", Outcome.RETRY),
        (Phase.RCPT, 550, "5.1.1 no such user", Outcome.FAILED),
        (Phase.RCPT, 550, "no such user", Outcome.FAILED),
        (Phase.RCPT, 550, "5.1.10 null MX", Outcome.FAILED),
        (Phase.RCPT, 551, "not here", Outcome.FAILED),
        (Phase.RCPT, 552, "mailbox full", Outcome.RETRY),
        (Phase.AFTER_DOT, 550, "5.2.2 over quota", Outcome.RETRY),
        (Phase.AFTER_DOT, 554, "5.6.0 bad content", Outcome.FAILED),
        (Phase.AFTER_DOT, 554, "5.7.1 policy", Outcome.OUR_FAULT),
        (Phase.AFTER_DOT, 550, "5.7.26 unauthenticated", Outcome.OUR_FAULT),
        (Phase.MAIL_FROM, 550, "sender not allowed", Outcome.OUR_FAULT),
        (Phase.MAIL_FROM, 451, "later", Outcome.RETRY),
        (Phase.RCPT, 501, "syntax", Outcome.OUR_FAULT),
        (Phase.RCPT, 501, "5.1.3 bad recipient syntax", Outcome.FAILED),
        (Phase.RCPT, 553, "5.1.2 no such domain", Outcome.FAILED),
        (Phase.RCPT, 503, "sequence", Outcome.OUR_FAULT),
        (Phase.MAIL_FROM, 530, "5.7.0 authenticate first", Outcome.OUR_FAULT),
        (Phase.CONNECT, 535, "5.7.8 wrong password", Outcome.UNREACHABLE),
        (Phase.CONNECT, 554, "no service here", Outcome.UNREACHABLE),
        (Phase.AFTER_DOT, -1, "rubbish", Outcome.RETRY),
    ],
)
def test_a_reply_means(phase: Phase, code: int, text: str, outcome: Outcome) -> None:
    assert judge_reply(phase, code, text).outcome is outcome


def test_a_reply_is_kept_in_one_short_line() -> None:
    answer = judge_reply(Phase.RCPT, 550, "5.1.1 no\r\n such user " + "x" * 400)
    assert answer.text.startswith("5.1.1 no such user x")
    assert len(answer.text) == 300


@pytest.mark.parametrize(
    ("phase", "code", "is_about_recipient"),
    [
        (Phase.RCPT, 550, True),
        (Phase.RCPT, 421, False),
        (Phase.RCPT, 530, False),
        (Phase.MAIL_FROM, 550, False),
        (Phase.AFTER_DOT, 554, True),
    ],
)
def test_a_reply_is_about_the_recipient_or_about_us(
    phase: Phase, code: int, is_about_recipient: bool
) -> None:
    assert judge_reply(phase, code, "5.7.1 denied").is_about_recipient is is_about_recipient


@pytest.mark.parametrize(
    ("phase", "code", "is_about_us"),
    [
        (Phase.CONNECT, 535, True),
        (Phase.MAIL_FROM, 530, True),
        (Phase.MAIL_FROM, 550, True),
        (Phase.MAIL_FROM, 451, False),
        (Phase.RCPT, 550, False),
        (Phase.AFTER_DOT, 554, False),
    ],
)
def test_what_refuses_our_login_or_address_refuses_everybodys_mail(
    phase: Phase, code: int, is_about_us: bool
) -> None:
    assert judge_reply(phase, code, "no").is_about_us is is_about_us


@pytest.mark.parametrize(
    ("code", "text", "asks_patience"),
    [
        (451, "4.7.0 temporarily deferred", True),
        (421, "4.7.28 rate limit for your address", True),
        (454, "Throttling failure: Maximum sending rate exceeded.", True),
        (452, "4.5.3 too many messages", True),
        (450, "4.2.1 mailbox busy", False),
        (450, "4.7.1 Greylisted, please try again", False),
        (450, "4.2.0 Recipient address rejected: Greylisting in action", False),
        (550, "5.7.1 rate of spam", False),
    ],
)
def test_a_reply_that_asks_for_patience_is_known(code: int, text: str, asks_patience: bool) -> None:
    assert judge_reply(Phase.RCPT, code, text).asks_patience is asks_patience
