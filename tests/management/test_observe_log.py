"""Logs read for an SPF monitor: each line once, whatever happens to the file."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.actions.monitor import set_monitor_enabled
from incidents.actions.spf import Source, record_published
from incidents.lib import times
from incidents.lib.mail_logs import Reading, make_reader
from incidents.management.observing import Observer
from incidents.models import Incident, LogPosition, Monitor, SourceHour
from tests import make
from tests.make import JST, jst

pytestmark = pytest.mark.django_db
NOW = jst("2020-09-01 12:00")


def line(address: str, *, minute: int = 7, verdict: str = "reject") -> str:
    stamp = f"Sep  1 09:{minute:02}:00 mx1 postfix/smtpd[811]: "
    if verdict == "accept":
        return f"{stamp}3F2A1C0012: client=mail.sender.example[{address}]\n"
    return f"{stamp}NOQUEUE: reject: RCPT from unknown[{address}]: 554 5.7.1 x; from=<a@sender.example> to=<b@c.jp>\n"


@pytest.fixture
def monitor() -> Monitor:
    return make.monitor(make.service(make.page()), "spf", target="sender.example", interval_seconds=3600)


@pytest.fixture
def clock() -> Iterator[None]:
    with times.at(NOW):
        yield


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text("")
    return path


def observe(monitor: Monitor, path: Path | str, **options: Any) -> None:
    call_command("observe_log", str(path), monitor=str(monitor.public_id), format="postfix", **options)


def counts() -> dict[tuple[str, str], int]:
    return {(row.address, row.outcome): row.count for row in SourceHour.objects.all()}


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(lines)


@pytest.mark.usefixtures("clock")
def test_it_goes_on_where_it_stopped(monitor: Monitor, log: Path) -> None:
    append(log, line("192.0.2.7"), line("198.18.0.1", verdict="accept"), "half a li")
    observe(monitor, log)
    assert counts() == {("192.0.2.7", "refused"): 1, ("198.18.0.1", "accepted"): 1}
    append(log, "ne\n", line("192.0.2.7", minute=9))
    observe(monitor, log)
    observe(monitor, log)
    assert counts()["192.0.2.7", "refused"] == 2
    row = SourceHour.objects.get(address="192.0.2.7")
    assert (row.first_at, row.last_at) == (jst("2020-09-01 09:07"), jst("2020-09-01 09:09"))
    assert row.domain == "sender.example"


@pytest.mark.usefixtures("clock")
def test_a_rotation_loses_nothing_and_counts_nothing_twice(monitor: Monitor, log: Path) -> None:
    append(log, line("192.0.2.1"))
    observe(monitor, log)
    append(log, line("192.0.2.2"))
    log.rename(log.with_name("mail.log.1"))
    log.write_text(line("192.0.2.3"))
    observe(monitor, log)
    assert counts() == {(f"192.0.2.{n}", "refused"): 1 for n in (1, 2, 3)}


@pytest.mark.usefixtures("clock")
def test_an_emptied_file_is_read_from_its_beginning(monitor: Monitor, log: Path) -> None:
    append(log, line("192.0.2.1"), line("192.0.2.1"))
    observe(monitor, log)
    log.write_text(line("192.0.2.2"))
    observe(monitor, log)
    assert counts() == {("192.0.2.1", "refused"): 2, ("192.0.2.2", "refused"): 1}


@pytest.mark.usefixtures("clock")
def test_a_file_is_followed_through_a_rotation_until_it_is_told_to_stop(monitor: Monitor, log: Path) -> None:
    append(log, line("192.0.2.1"))
    pauses = []

    def wait(seconds: float) -> bool:
        if not seconds:
            return False
        pauses.append(seconds)
        if len(pauses) == 1:
            log.rename(log.with_name("mail.log.1"))
            append(log.with_name("mail.log.1"), line("192.0.2.2"))
            log.write_text(line("192.0.2.3"))
        return len(pauses) == 2

    Observer(monitor, make_reader("postfix", Reading(zone=JST))).read_file(log, wait=wait)
    assert counts() == {(f"192.0.2.{n}", "refused"): 1 for n in (1, 2, 3)}


@pytest.mark.usefixtures("clock")
def test_hostile_lines_are_passed_over_and_counted(
    monitor: Monitor, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.open("wb") as file:
        file.write(b"\xff\xfe\x00\n" + b"x" * 5_000_000 + b"\n" + line("192.0.2.1").encode())
        file.write(line("192.0.2.999").encode() + line("192.0.2.1").replace("Sep  1", "Aug  1").encode())
        file.write(b"\x00" * 300 + b"\n" + line("192.0.2.1").replace("Sep  1 09", "Sep  1 18").encode())
    observe(monitor, log)
    assert "1 sources, 1 other lines, 4 broken, 1 too old" in capsys.readouterr().out
    assert counts() == {("192.0.2.1", "refused"): 1}


@pytest.mark.usefixtures("clock")
def test_what_is_read_is_judged_at_once(monitor: Monitor, log: Path) -> None:
    published = {"networks": [["198.18.0.0/16", ["sender.example"], "ip4:198.18.0.0/16"]], "unflattened": []}
    record_published(monitor, {**published, "lookups": 0, "ttl": 300, "fault_kind": "", "fault": ""}, at=NOW)
    append(log, *[line("192.0.2.7")] * 30, *[line("198.18.0.1", verdict="accept")] * 60)
    observe(monitor, log)
    assert "192.0.2.7" in Incident.objects.get().log.get().text
    assert Incident.objects.get().started_at == jst("2020-09-01 09:07")


@pytest.mark.usefixtures("clock")
def test_a_line_is_kept_with_the_position_behind_it_or_not_at_all(monitor: Monitor, log: Path) -> None:
    append(log, line("192.0.2.7"))
    set_monitor_enabled(monitor, False)
    monitor.enabled = True  # as it was when the log was opened
    with pytest.raises(Exception, match="paused"):
        Observer(monitor, make_reader("postfix", Reading(zone=JST))).read_file(log)
    assert not LogPosition.objects.exists()


@pytest.mark.usefixtures("clock")
def test_a_pipe_is_read_to_its_end_and_what_came_is_kept_while_it_is_quiet(monitor: Monitor) -> None:
    reading, writing = os.pipe()
    observer = Observer(monitor, make_reader("postfix", Reading(zone=JST)))
    kept: list[Source] = []
    quiet = threading.Event()

    def write() -> None:
        os.write(writing, (line("192.0.2.7") + line("192.0.2.8")[:40]).encode())
        quiet.wait(10)
        os.write(writing, line("192.0.2.8")[40:].encode().rstrip(b"\n"))
        os.close(writing)

    def note(lines: Any) -> None:
        kept.extend(observer._sources(lines))
        if kept:
            quiet.set()

    observer._keep = note  # type: ignore[method-assign]
    writer = threading.Thread(target=write)
    writer.start()
    observer.read_stream(reading)
    writer.join()
    os.close(reading)
    assert [source.address for source in kept] == ["192.0.2.7", "192.0.2.8"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"monitor": "nonsense"}, "monitor: expected the id of an SPF monitor"),
        ({"monitor": "00000000-0000-4000-8000-000000000000"}, "monitor: expected the id"),
        ({"format": "regex"}, "pattern: expected a pattern"),
        ({"zone": "../etc"}, "zone: expected an IANA time zone"),
    ],
)
def test_options_that_cannot_be_used_are_named(
    monitor: Monitor, log: Path, options: dict[str, str], said: str
) -> None:
    given = {"monitor": str(monitor.public_id), "format": "postfix", **options}
    with pytest.raises(CommandError, match=said):
        call_command("observe_log", str(log), **given)


def test_a_file_that_is_not_there_is_named(monitor: Monitor, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.log: No such file"):
        observe(monitor, tmp_path / "none.log")
