from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.lib.errors import Refused
from incidents.management.incident_facts import AnswerFacts, SeenFacts
from incidents.management.incident_file import load, parse

LEAST = """
title = "検索の遅延"
[page]
organisation = "例示株式会社"
[[services]]
slug = "mail"
name = "メール"
code = "MAIL"
"""

FULL = (
    LEAST
    + """
[[monitors]]
slug = "counts"
name = "通数"
kind = "baseline"
service = "mail"
interval_seconds = 3600
[[monitors]]
slug = "senders"
name = "転送元"
kind = "spf"
target = "_spf.sender.example"
service = "mail"
interval_seconds = 600
[[series]]
monitor = "counts"
start = 2026-03-02T10:00:00+09:00
step_seconds = 3600
values = [3, 4.5, 0]
[[published]]
monitor = "senders"
at = 2026-03-02T08:00:00+09:00
answers = [
  { name = "_spf.sender.example", records = ["v=spf1 mx"] },
  { name = "_spf.sender.example", kind = "MX", ttl = 60 },
]
[[sources]]
monitor = "senders"
seen = [{ at = 2026-03-02T10:00:00+09:00, address = "192.0.2.1" }]
[[sources]]
monitor = "senders"
address = "2001:DB8::1"
outcome = "accepted"
start = 2026-03-02T10:00:00+09:00
step_seconds = 3600
counts = [4, 0, 6]
[[staff]]
at = 2026-03-02T12:00:00+09:00
action = "publish_draft"
[[staff]]
at = 2026-03-02T12:30:00+09:00
action = "know_networks"
monitor = "senders"
networks = ["192.0.2.0/24"]
[[staff]]
at = 2026-03-09T12:00:00+09:00
action = "issue_report"
[[log]]
at = 2026-03-02T10:00:00+09:00
recorded_at = 2026-03-02T11:00:00+09:00
kind = "finding"
text = "通数が減少。"
[[updates]]
at = 2026-03-02T12:00:00+09:00
stage = "investigating"
body = "調査しています。"
services = { mail = "degraded" }
severity = "minor"
concerned = "すべてのお客様"
next_update_at = 2026-03-02T13:00:00+09:00
estimate_from = 2026-03-02T15:00:00+09:00
estimate_until = 2026-03-02T16:00:00+09:00
texts = { en = { body = "We look.", concerned = "Everyone" } }
[[updates]]
at = 2026-03-02T13:00:00+09:00
stage = "identified"
body = "設定の誤りでした。"
estimate_undecided = true
[[updates]]
at = 2026-03-02T14:00:00+09:00
stage = "resolved"
body = "復旧しました。"
recovered_at = 2026-03-02T13:30:00+09:00
joined = true
[report]
subject = "検索の遅延"
period_from = 2026-03-02T09:00:00+09:00
period_until = 2026-03-02T13:30:00+09:00
what_happened = "遅延しました。"
scope = "検索。"
cause = "設定の誤り。"
measures = "監視の追加。"
leave_out = ["monitor"]
"""
)


def test_the_least_that_is_a_file_is_read_with_its_defaults() -> None:
    file = parse(LEAST)
    assert (file.title, file.page.time_zone, file.page.languages) == (
        "検索の遅延",
        "Asia/Tokyo",
        ("ja", "en"),
    )
    assert (file.monitors, file.updates, file.report) == ((), (), None)


def test_every_table_is_read() -> None:
    file = parse(FULL)
    at_one = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert [value for _, value in file.series[0].points] == [3.0, 4.5, 0.0]
    assert file.series[0].points[0][0] == at_one
    one, several = file.sources
    assert one.seen == (SeenFacts(at_one, at_one, "192.0.2.1", "refused", 1),)
    hour = timedelta(hours=1)
    assert several.seen == (
        SeenFacts(at_one, at_one - hour, "2001:db8::1", "accepted", 4),
        SeenFacts(at_one + 2 * hour, at_one + hour, "2001:db8::1", "accepted", 6),
    )
    assert file.published[0].answers == (
        AnswerFacts("_spf.sender.example", "TXT", ("v=spf1 mx",), 300),
        AnswerFacts("_spf.sender.example", "MX", (), 60),
    )
    assert [action.action for action in file.staff] == ["publish_draft", "know_networks", "issue_report"]
    assert file.staff[1].networks == ("192.0.2.0/24",)
    assert file.log[0].recorded_at > file.log[0].at
    first, second, last = file.updates
    assert first.estimate_from and first.estimate_until
    assert (first.estimate_until - first.estimate_from, second.estimate_undecided) == (
        timedelta(hours=1),
        True,
    )
    assert (first.texts, last.texts) == ({"en": {"body": "We look.", "concerned": "Everyone"}}, {})
    assert (first.services, first.severity, first.joined) == ({"mail": "degraded"}, "minor", False)
    assert (last.services, last.severity, last.joined) == (None, None, True)
    assert file.report is not None
    assert file.report.from_is_approximate
    assert file.report.leave_out == ("monitor",)
    assert file.monitors[0].status_when_failing == "degraded"


def test_points_may_be_written_one_by_one() -> None:
    compact = "start = 2026-03-02T10:00:00+09:00\nstep_seconds = 3600\nvalues = [3, 4.5, 0]\n"
    single = "points = [{ at = 2026-03-02T10:00:00+09:00, value = 3 }]\n"
    assert len(parse(FULL.replace(compact, single)).series[0].points) == 1


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ('title = "検索の遅延"\n[page]', "[page]", "title", "it is missing"),
        ('title = "検索の遅延"\n[page]', 'title = " "\n[page]', "title", "not empty"),
        ('title = "検索の遅延"\n[page]', "title = 3\n[page]", "title", "a text"),
        ('organisation = "例示株式会社"', 'organization = "x"', "page.organisation", "it is missing"),
        ('organisation = "例示株式会社"', 'organisation = "x"\nzone = "UTC"', "page.zone", "no such field"),
        (
            'organisation = "例示株式会社"',
            'organisation = "x"\ntime_zone = "Tokyo"',
            "page.time_zone",
            "IANA",
        ),
        ('organisation = "例示株式会社"', 'organisation = "x"\ntime_zone = "../x"', "page.time_zone", "IANA"),
        ('code = "MAIL"', 'code = "mail1"', "services[0].code", "2 to 8 capitals"),
        ('slug = "mail"', 'slug = "E Mail"', "services[0].slug", "lower-case letters"),
        ('kind = "baseline"', 'kind = "ping"', "monitors[0].kind", "one of http, heartbeat, baseline"),
        ('service = "mail"', 'service = "post"', "monitors[0].service", "one of mail, not 'post'"),
        ("interval_seconds = 3600", "interval_seconds = 5", "monitors[0].interval_seconds", "at least 10"),
        ("interval_seconds = 3600", "interval_seconds = true", "monitors[0].interval_seconds", "at least 10"),
        (
            "interval_seconds = 3600",
            'interval_seconds = "1h"',
            "monitors[0].interval_seconds",
            "whole number",
        ),
        (
            "interval_seconds = 3600",
            "interval_seconds = 3601",
            "monitors[0].interval_seconds",
            "divide a day",
        ),
        (
            "interval_seconds = 3600",
            'interval_seconds = 3600\nsettings = { country = "Japan" }',
            "monitors[0].country",
            "the code of a country",
        ),
        ("values = [3, 4.5, 0]", "values = []", "series[0].values", "at least one number"),
        ("values = [3, 4.5, 0]", "values = [3, nan]", "series[0].values[1]", "a finite number"),
        ("values = [3, 4.5, 0]", 'values = [3, "4"]', "series[0].values[1]", "a finite number"),
        ("start = 2026-03-02T10:00:00+09:00", "start = 2026-03-02T10:00:00", "series[0].start", "its offset"),
        ("start = 2026-03-02T10:00:00+09:00", 'start = "10:00"', "series[0].start", "its offset"),
        ("step_seconds = 3600", "step_seconds = 0", "series[0].step_seconds", "at least 1"),
        ('"192.0.2.1"', '"192.0.2"', "sources[0].seen[0].address", "an IPv4 or IPv6 address"),
        ('monitor = "senders"\nseen', 'monitor = "counts"\nseen', "sources[0].monitor", "one of senders"),
        ('monitor = "senders"\nat', 'monitor = "counts"\nat', "published[0].monitor", "one of senders"),
        ('target = "_spf.sender.example"', 'target = "localhost"', "monitors[1].target", "a domain"),
        ("counts = [4, 0, 6]", "counts = [4, -1]", "sources[1].counts", "none below 0"),
        ("counts = [4, 0, 6]", "counts = [4, true]", "sources[1].counts", "whole number"),
        ('"accepted"', '"dropped"', "sources[1].outcome", "one of refused, accepted"),
        ('kind = "MX"', 'kind = "SRV"', "published[0].answers[1].kind", "one of TXT"),
        ('networks = ["192.0.2.0/24"]', 'networks = ["0.0.0.0/0"]', "staff[1].networks", "everybody"),
        (
            '"know_networks"\nmonitor = "senders"',
            '"know_networks"\nmonitor = "x"',
            "staff[1].monitor",
            "senders",
        ),
        ('action = "issue_report"', 'action = "sleep"', "staff[2].action", "one of publish_draft"),
        (
            "at = 2026-03-02T12:00:00+09:00\naction",
            "at = 2026-03-02T12:01:00+09:00\naction",
            "staff[0].at",
            "first",
        ),
        ('kind = "finding"', 'kind = "public_update"', "log[0].kind", "one of finding"),
        ("recorded_at = 2026-03-02T11", "recorded_at = 2026-03-02T09", "log[0].recorded_at", "not before"),
        ('stage = "investigating"', 'stage = "resolved"', "updates[0].stage", "only the last"),
        ('mail = "degraded"', 'mail = "bad"', "updates[0].services.mail", "one of operational"),
        ('mail = "degraded"', 'post = "degraded"', "updates[0].services", "one of mail"),
        ('severity = "minor"', 'severity = "huge"', "updates[0].severity", "one of minor"),
        (
            "next_update_at = 2026-03-02T13",
            "next_update_at = 2026-03-02T11",
            "updates[0].next_update_at",
            "after",
        ),
        (
            "recovered_at = 2026-03-02T13:30",
            "recovered_at = 2026-03-02T14:30",
            "updates[2].recovered_at",
            "not after",
        ),
        (
            "estimate_from = 2026-03-02T15",
            "estimate_from = 2026-03-02T11",
            "updates[0].estimate_from",
            "after",
        ),
        (
            "estimate_until = 2026-03-02T16",
            "estimate_until = 2026-03-02T14",
            "updates[0].estimate_until",
            "not before",
        ),
        (
            "estimate_from = 2026-03-02T15:00:00+09:00\n",
            "",
            "updates[0].estimate_from",
            "the beginning of the estimate",
        ),
        (
            "estimate_from = 2026-03-02T15:00:00+09:00",
            "estimate_undecided = true",
            "updates[0].estimate_undecided",
            "either a time or nothing decided",
        ),
        (
            "recovered_at = 2026-03-02T13:30:00+09:00",
            "estimate_undecided = true",
            "updates[2].stage",
            "no estimate in an update that resolves",
        ),
        ('body = "We look."', 'text = "We look."', "updates[0].texts.en.text", "no such field"),
        ('body = "We look."', "body = 3", "updates[0].texts.en.body", "a text"),
        ("joined = true", 'joined = "yes"', "updates[2].joined", "true or false"),
        ("at = 2026-03-02T14:00", "at = 2026-03-02T11:00", "updates[2].recovered_at", "not after"),
        ("period_until = 2026-03-02T13", "period_until = 2026-03-01T13", "report.period_until", "not before"),
        ('leave_out = ["monitor"]', 'leave_out = ["robots"]', "report.leave_out", "monitor"),
        ('cause = "設定の誤り。"', "", "report.cause", "it is missing"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(old: str, new: str, field: str, expected: str) -> None:
    assert old in FULL
    with pytest.raises(Refused, match=expected.replace("[", r"\[")) as refusal:
        parse(FULL.replace(old, new, 1))
    assert refusal.value.field == field


def test_rows_out_of_order_are_refused() -> None:
    entry = '[[log]]\nat = 2026-03-01T10:00:00+09:00\nkind = "action"\ntext = "対応。"\n'
    with pytest.raises(Refused, match="not before that of the row above") as refusal:
        parse(FULL + entry)
    assert refusal.value.field == "log[1].at"


def test_points_out_of_order_are_refused() -> None:
    rows = "{ at = 2026-03-02T10:00:00+09:00, value = 3 }"
    compact = "start = 2026-03-02T10:00:00+09:00\nstep_seconds = 3600\nvalues = [3, 4.5, 0]\n"
    with pytest.raises(Refused) as refusal:
        parse(FULL.replace(compact, f"points = [{rows}, {rows}]\n"))
    assert refusal.value.field == "series[0].points[1].at"


def test_a_slug_twice_is_refused() -> None:
    again = LEAST + '[[services]]\nslug = "mail"\nname = "別"\ncode = "OTHER"\n'
    with pytest.raises(Refused, match="mail stands twice") as refusal:
        parse(again)
    assert refusal.value.field == "services[1].slug"


def test_issuing_a_report_that_is_not_there_is_refused() -> None:
    action = '[[staff]]\nat = 2026-03-09T12:00:00+09:00\naction = "issue_report"\n'
    with pytest.raises(Refused, match=r"a table \[report\]") as refusal:
        parse(LEAST + action)
    assert refusal.value.field == "staff[0].action"


@pytest.mark.parametrize("text", ["title = \n", "title\n", "= 3"])
def test_what_is_no_toml_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(Refused, match=r"expected TOML: .*line 1"):
        parse(text)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(Refused, match="readable file"):
            load(path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "\xe9"')
    with pytest.raises(Refused, match="UTF-8"):
        load(latin)
