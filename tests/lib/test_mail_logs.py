"""Lines as Postfix, HAProxy, nginx and the kernel write them, and lines that someone wrote to be misread."""

import time
from datetime import datetime
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.mail_logs import Arrival, Broken, Reading, make_reader
from tests.make import JST, jst

NOW = jst("2020-09-01 12:00")
AT = jst("2020-09-01 09:07")
MX = "Sep  1 09:07:00 mx1"


def read(form: str, line: str, now: datetime = NOW, **how: Any) -> Arrival | None:
    return make_reader(form, Reading(zone=JST, **how))(line, now)


def refused(address: str, host: str = "", domain: str = "") -> Arrival:
    return Arrival(address, "refused", AT, host, domain)


def accepted(address: str, host: str = "") -> Arrival:
    return Arrival(address, "accepted", AT, host)


REJECT = (
    "NOQUEUE: reject: RCPT from mail-1.unverified.sender.example[192.0.2.7]: 554 5.7.1 "
    "<mail-1.unverified.sender.example[192.0.2.7]>: Client host rejected: Access denied; "
    "from=<someone@Sender.example> to=<archive@example.jp> proto=ESMTP helo=<mail-1.sender.example>"
)


@pytest.mark.parametrize(
    ("line", "arrival"),
    [
        (
            f"{MX} postfix/smtpd[811]: {REJECT}",
            refused("192.0.2.7", "mail-1.unverified.sender.example", "sender.example"),
        ),
        (
            f"2020-09-01T00:07:00.000+00:00 mx1 postfix/smtpd[811]: {REJECT}",
            refused("192.0.2.7", "mail-1.unverified.sender.example", "sender.example"),
        ),
        (
            f"{MX} postfix-in/smtpd[811]: NOQUEUE: reject: CONNECT from unknown[2001:db8::5]: 421 4.7.0 x",
            refused("2001:db8::5"),
        ),
        (
            f"{MX} postfix/smtpd[811]: 4Bgs1Y2Xz: reject: DATA from unknown[IPv6:2001:db8::5]:40112: 554 5.5.1 x",
            refused("2001:db8::5"),
        ),
        (
            f"{MX} postfix/smtpd[811]: NOQUEUE: milter-reject: RCPT from a.example[192.0.2.7]: 550 5.7.1 x; from=<>",
            refused("192.0.2.7", "a.example"),
        ),
        (
            f"{MX} postfix/postscreen[9]: NOQUEUE: reject: RCPT from [192.0.2.7]:4711: 550 x; from=<a@b.example>",
            refused("192.0.2.7", "", "b.example"),
        ),
        (
            f"{MX} postfix/submission/smtpd[811]: 3F2A1C0012: client=mail.Sender.example[198.18.3.4]",
            accepted("198.18.3.4", "mail.sender.example"),
        ),
        (f"{MX} postfix/smtpd[811]: connect from mail.sender.example[198.18.3.4]", None),
        (f"{MX} postfix/smtpd[811]: disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 quit=1", None),
        (f"{MX} postfix/qmgr[5]: 3F2A1C0012: from=<a@b.example>, size=1, nrcpt=1 (queue active)", None),
        (f"{MX} sshd[811]: {REJECT}", None),
        ("", None),
    ],
)
def test_postfix_says_what_it_took_and_what_it_turned_away(line: str, arrival: Arrival | None) -> None:
    assert read("postfix", line) == arrival


@pytest.mark.parametrize(
    "line",
    [
        f"{MX} postfix/smtpd[811]: warning: non-SMTP command from unknown[203.0.113.9]: "
        f"x postfix/smtpd[811]: {REJECT}",
        f"{MX} postfix/cleanup[5]: 3F2A: message-id=<NOQUEUE: reject: RCPT from x[192.0.2.7]: 554>",
        f"{MX} evil postfix/smtpd[811]: {REJECT}",
    ],
)
def test_what_others_had_written_into_a_line_is_no_arrival(line: str) -> None:
    assert read("postfix", line) is None


@pytest.mark.parametrize(
    "line",
    [
        f"{MX} postfix/smtpd[811]: NOQUEUE: reject: RCPT from x[192.0.2.777]: 554 x",
        f"{MX} postfix/smtpd[811]: NOQUEUE: reject: RCPT from x[mail.example]: 554 x",
        f"Sep 31 09:07:00 mx1 postfix/smtpd[811]: {REJECT}",
        f"2020-13-01T09:07:00+09:00 mx1 postfix/smtpd[811]: {REJECT}",
    ],
)
def test_what_cannot_be_is_broken(line: str) -> None:
    with pytest.raises(Broken):
        read("postfix", line)


def haproxy(address: str, server: str, state: str) -> str:
    return (
        f"{MX} haproxy[77]: {address}:41234 [01/Sep/2020:09:07:00.123] smtp_in smtp_out/{server} "
        f"1/0/5007 212 {state} 0/0/0/0/3 0/0"
    )


@pytest.mark.parametrize(
    ("line", "arrival"),
    [
        (haproxy("198.18.3.4", "mx1", "--"), accepted("198.18.3.4")),
        (haproxy("198.18.3.4", "mx1", "CD"), accepted("198.18.3.4")),
        (haproxy("2001:db8::5", "<NOSRV>", "PR"), refused("2001:db8::5")),
        (haproxy("::ffff:192.0.2.7", "mx1", "SC"), refused("192.0.2.7")),
        (haproxy("192.0.2.7", "<NOSRV>", "SC").partition("haproxy[77]: ")[2], refused("192.0.2.7")),
        (f"{MX} haproxy[77]: Proxy smtp_in started.", None),
    ],
)
def test_haproxy_says_whose_connection_it_ended(line: str, arrival: Arrival | None) -> None:
    assert read("haproxy", line) == arrival


@pytest.mark.parametrize(
    ("line", "arrival"),
    [
        ("198.18.3.4 [01/Sep/2020:09:07:00 +0900] TCP 200 1204 88 0.512", accepted("198.18.3.4")),
        ("2001:db8::5 [01/Sep/2020:00:07:00 +0000] TCP 403 0 0 0.000", refused("2001:db8::5")),
        ('192.0.2.7 - - [01/Sep/2020:09:07:00 +0900] "GET / HTTP/1.1" 403 0', None),
    ],
)
def test_nginx_s_stream_log_has_a_status(line: str, arrival: Arrival | None) -> None:
    assert read("nginx", line) == arrival


def kernel(
    prefix: str, *, address: str = "192.0.2.7", protocol: str = "TCP", port: int = 25, flags: str = "SYN"
) -> str:
    return (
        f"{MX} kernel: [  812.345678] {prefix}IN=eth0 OUT= MAC=52:54:00 SRC={address} DST=198.51.100.1 LEN=60 "
        f"TOS=0x00 TTL=50 ID=1 DF PROTO={protocol} SPT=4711 DPT={port} WINDOW=64240 RES=0x00 {flags} URGP=0"
    )


@pytest.mark.parametrize(
    ("line", "arrival"),
    [
        (kernel("DROP "), refused("192.0.2.7")),
        (kernel("smtp-REJECT: ", address="2001:db8::5"), refused("2001:db8::5")),
        (kernel("[UFW BLOCK] "), refused("192.0.2.7")),
        (kernel("[UFW ALLOW] "), accepted("192.0.2.7")),
        (kernel("DROP ", flags="ACK"), None),
        (kernel("DROP ", port=22), None),
        (kernel("seen "), None),
    ],
)
def test_the_firewall_s_prefix_says_what_it_did(line: str, arrival: Arrival | None) -> None:
    assert read("iptables", line, port=25) == arrival


def test_without_a_port_the_firewall_s_drops_of_all_ports_count() -> None:
    assert read("iptables", kernel("DROP ", port=22)) == refused("192.0.2.7")


def test_a_pattern_of_one_s_own_names_the_address_and_what_else_it_can() -> None:
    pattern = r"^(?P<at>\S+) (?P<outcome>DENY|PASS) src=(?P<address>\S+) name=(?P<host>\S*)"
    line = "2020-09-01T09:07:00+09:00 DENY src=192.0.2.7 name=A.example"
    assert read("regex", line, pattern=pattern) == refused("192.0.2.7", "a.example")
    assert read("regex", line.replace("DENY", "PASS"), pattern=pattern).outcome == "accepted"  # type: ignore[union-attr]
    assert read("regex", "src=192.0.2.7", pattern=r"src=(?P<address>\S+)", outcome="accepted") == Arrival(
        "192.0.2.7", "accepted", NOW
    )
    assert read("regex", "nothing", pattern=pattern) is None


@pytest.mark.parametrize(
    "pattern", ["", "(", r"(?P<a>x)", r"(?P<address>x)(?=y)", r"(?P<address>x)" + "y" * 1000]
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(Refused) as refusal:
        make_reader("regex", Reading(zone=JST, pattern=pattern))
    assert refusal.value.field == "pattern"


def test_a_pattern_made_to_be_slow_is_not() -> None:
    reader = make_reader("regex", Reading(zone=JST, pattern=r"(a+)+(?P<address>1)$"))
    began = time.monotonic()
    assert reader("a" * 8_000, NOW) is None
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("now", "stamp", "at"),
    [
        (jst("2021-01-02 00:10"), "Dec 31 23:59:00", jst("2020-12-31 23:59")),
        (jst("2020-12-31 23:59"), "Jan  1 00:01:00", jst("2021-01-01 00:01")),
        (jst("2021-02-01 00:00"), "Feb 29 09:00:00", jst("2020-02-29 09:00")),
    ],
)
def test_a_stamp_without_a_year_is_of_the_last_one_that_it_fits(
    now: datetime, stamp: str, at: datetime
) -> None:
    arrival = read("postfix", f"{stamp} mx1 postfix/smtpd[811]: {REJECT}", now)
    assert arrival is not None
    assert arrival.at == at
