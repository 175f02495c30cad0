"""Subjects as monitoring systems write them, read into what fires and what is over."""

import time
from typing import Any

import pytest

from incidents.alerts.formats.mail import Mail, MailReading, read_mail, read_reading
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused

PAIRS = [
    ("[FIRING:1] DiskFull (web1 critical)", "[RESOLVED] DiskFull (web1 critical)"),
    ("[FIRING:2, RESOLVED:1] DiskFull web1", "[RESOLVED] DiskFull web1"),
    (
        "** PROBLEM Service Alert: web1/HTTP is CRITICAL **",
        "** RECOVERY Service Alert: web1/HTTP is OK **",
    ),
    ("** PROBLEM Host Alert: web1 is DOWN **", "** RECOVERY Host Alert: web1 is UP **"),
    ("[PROBLEM] HTTP on web1 is WARNING!", "[RECOVERY] HTTP on web1 is OK!"),
    ("Problem: High CPU on web1", "Resolved in 1h 5m 3s: High CPU on web1"),
    ("Check_MK: web1/CPU OK -> CRIT", "Check_MK: web1/CPU CRIT -> OK"),
    ("DOWN alert: Shop (shop.example.com) is DOWN", "UP alert: Shop (shop.example.com) is UP"),
    ('ALARM: "errors" in EU (Ireland)', 'OK: "errors" in EU (Ireland)'),
    ("[Triggered on {host:web1}] Load", "[Recovered on {host:web1}] Load"),
    ("PROBLEM: disk of web1 at 91% since 12:04", "RECOVERY: disk of web1 at 45.5% since 12:34:10"),
    ("【障害】メール検索（web1）", "【復旧】メール検索（web1）"),
    ("メール検索 障害発生", "メール検索 障害復旧"),
    ("Fwd: PROBLEM web1", "PROBLEM web1 RECOVERY".replace("PROBLEM web1 ", "") + " web1"),
    ("ＰＲＯＢＬＥＭ： web1", "RECOVERY: web1"),
]


def read(subject: str, text: str = "", **reading: Any) -> list[Heard]:
    return read_mail(MailReading(**reading), Mail(subject, "nagios@example.com", text))


@pytest.mark.parametrize(("begins", "ends"), PAIRS)
def test_beginning_and_end_of_one_thing_are_known_to_be_that(begins: str, ends: str) -> None:
    (begun,), (ended,) = read(begins), read(ends)
    assert (begun.firing, ended.firing) == (True, False)
    assert begun.key == ended.key
    assert len(begun.key) >= 4


def test_no_two_of_these_are_the_same_thing() -> None:
    one = ["web1/HTTP", "web2/HTTP", "web1/SSH", "web10/HTTP"]
    keys = {read(f"** PROBLEM Service Alert: {name} is CRITICAL **")[0].key for name in one}
    assert len(keys) == len(one)


@pytest.mark.parametrize(
    "subject",
    [
        "** ACKNOWLEDGEMENT Service Alert: web1/HTTP is CRITICAL **",
        "** DOWNTIMESTART Host Alert: web1 is DOWN **",
        "** FLAPPINGSTART Service Alert: web1/HTTP is WARNING **",
        "Re: [FIRING:1] DiskFull",
        "返信: 【障害】メール検索",
        "Weekly report of your monitors",
        "Downtime of web1 is planned",
        "Cooldown finished, backup upgraded",
        "",
    ],
)
def test_what_begins_and_ends_nothing_changes_nothing(subject: str) -> None:
    assert read(subject) == []


def test_where_the_subject_says_nothing_the_text_does() -> None:
    body = "Notification Type: PROBLEM\nHost: web1\nPassword: hunter2\nInfo: https://me:x@db/ timed out\n"
    (begun,) = read("Monitoring of web1", body)
    (ended,) = read("Monitoring of web1", body.replace("PROBLEM", "RECOVERY"))
    assert (begun.firing, ended.firing, begun.key) == (True, False, ended.key)
    assert begun.labels == {
        "subject": "Monitoring of web1",
        "from": "nagios@example.com",
        "notification type": "PROBLEM",
        "host": "web1",
        "info": "https://db/ timed out",
    }


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("PROBLEM: x is CRITICAL", "critical"),
        ("PROBLEM: x is WARNING", "minor"),
        ("[FIRING:1] x (major)", "major"),
        ("DOWN: x", ""),
    ],
)
def test_a_severity_is_taken_from_the_subject(subject: str, severity: str) -> None:
    assert read(subject)[0].severity == severity


def test_a_source_may_have_words_of_its_own_and_a_pattern_for_its_key() -> None:
    reading = read_reading({"firing": ["Störung"], "resolved": ["behoben"], "key": r"Ticket ID: (\d+)"})
    (begun,) = read_mail(reading, Mail("Störung im Netz", text="Ticket ID: 4711"))
    (ended,) = read_mail(reading, Mail("Ist behoben", text="Ticket ID: 4711"))
    assert (begun.key, begun.firing, ended.key, ended.firing) == ("4711", True, "4711", False)
    assert read_mail(reading, Mail("PROBLEM: x")) == []


def test_what_is_not_said_of_a_reading_is_as_usual() -> None:
    assert read_reading({}) == MailReading()


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ([], "mapping"),
        ({"firing": "DOWN"}, "firing"),
        ({"firing": [""]}, "firing"),
        ({"resolved": [1]}, "resolved"),
        ({"resolved": ["x"] * 51}, "resolved"),
        ({"key": "("}, "key"),
        ({"key": 1}, "key"),
    ],
)
def test_a_reading_that_cannot_work_names_its_field(stored: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_reading(stored)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "evil", ["(" * 50_000, "in 1m " * 20_000, "a: " * 30_000, "-> " * 30_000, "DOWN:1" * 20_000]
)
def test_no_mail_takes_long(evil: str) -> None:
    began = time.process_time()
    read(evil, evil)
    assert time.process_time() - began < 1
