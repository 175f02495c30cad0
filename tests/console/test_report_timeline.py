"""The timeline of a report, line by line."""

import json
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.log import add_entry
from incidents.lib import times
from incidents.models import LogEntry, LogKind, LogSource, Report, ReportLine
from incidents.queries.report import with_record
from incidents.reports.build import document_of
from tests import make
from tests.console.conftest import Desk
from tests.console.test_report_screen import address, reported

SCRIPT = {"HTTP_HX_REQUEST": "true"}


def change(desk: Desk, line: ReportLine, **sent: str) -> None:
    desk.client.post(address(line.report.incident, f"lines/{line.entry_id}/"), sent)
    line.refresh_from_db()


def lines(report: Report) -> list[ReportLine]:
    return list(report.lines.order_by("entry__happened_at", "entry_id").select_related("entry"))


def test_a_line_is_left_out_and_taken_in_again(desk: Desk) -> None:
    report = reported(desk)
    line = lines(report)[0]
    change(desk, line, step="leave")
    assert not line.is_included
    change(desk, line, step="take")
    assert line.is_included


def test_other_words_are_for_the_report_and_the_log_stays(desk: Desk) -> None:
    line = lines(reported(desk))[0]
    change(desk, line, wording_ja="言い換え", base_ja="", wording_en="In other words.", base_en="")
    assert (line.wording, line.wordings) == ("言い換え", {"en": "In other words."})
    assert LogEntry.objects.get(pk=line.entry_id).text == "Entry 0."


def test_words_that_someone_else_changed_meanwhile_are_not_overwritten(desk: Desk) -> None:
    line = lines(reported(desk))[0]
    change(desk, line, wording_ja="先", base_ja="")
    answer = desk.client.post(
        address(line.report.incident, f"lines/{line.entry_id}/"),
        {"wording_ja": "後", "base_ja": ""},
        **SCRIPT,  # type: ignore[arg-type]
    )
    assert answer.status_code == 409
    assert "someone else changed this line" in json.loads(answer.content)["problem"]
    assert json.loads(answer.content)["theirs"] == {"ja": "先", "en": ""}
    line.refresh_from_db()
    assert line.wording == "先"


def test_without_a_script_both_wordings_are_shown_once_one_is_refused(desk: Desk) -> None:
    line = lines(reported(desk))[0]
    change(desk, line, wording_ja="先", base_ja="")
    answer = desk.client.post(
        address(line.report.incident, f"lines/{line.entry_id}/"), {"wording_ja": "後", "base_ja": ""}
    )
    html = answer.content.decode()
    assert answer.status_code == 409
    assert ">後</textarea>" in html
    assert 'name="base_ja" value="先"' in html


def test_a_line_joins_one_of_its_minute_and_stands_alone_once_that_is_left_out(desk: Desk) -> None:
    first, second, *_ = lines(reported(desk, entries=2))
    change(desk, second, step="join")
    assert second.is_joined
    answer = desk.client.post(
        address(first.report.incident, f"lines/{first.entry_id}/"),
        {"step": "leave"},
        **SCRIPT,  # type: ignore[arg-type]
    )
    assert [row["entry"] for row in json.loads(answer.content)["rows"]] == [first.entry_id, second.entry_id]
    second.refresh_from_db()
    assert not second.is_joined


def test_a_line_of_another_minute_is_not_joined(desk: Desk) -> None:
    report = reported(desk)
    line = lines(report)[1]
    html = desk.client.post(
        address(report.incident, f"lines/{line.entry_id}/"), {"step": "join"}, follow=True
    ).content.decode()
    assert "a line can only join one of the same minute" in html


def test_each_line_says_who_or_what_wrote_it_and_when(desk: Desk) -> None:
    incident = make.incident(desk.page, started_at=make.jst("2020-09-01 09:00"))
    with times.at(make.jst("2020-09-04 12:00")):
        add_entry(
            incident,
            text="Low.",
            kind="detection",
            source="monitor",
            happened_at=make.jst("2020-09-04 10:00"),
        )
        add_entry(incident, text="Called.", actor=desk.staff)
        make.update(incident)
    desk.client.post(address(incident, "draft/"))
    html = " ".join(desk.client.get(address(incident, "lines/")).content.decode().split())
    assert "Machine: Monitoring" in html
    assert 'recorded <time datetime="2020-09-04T03:00:00Z">' in html
    assert "Person: 担当 太郎" in html
    assert "ステータスダッシュボードで初報配信。" in html


def test_log_lines_written_since_are_taken_up_when_asked(desk: Desk) -> None:
    report = reported(desk)
    add_entry(report.incident, text="A late find.")
    page = desk.client.get(address(report.incident, "lines/")).content.decode()
    assert "Take up 1 new log line" in page
    assert "A late find." not in page
    html = desk.client.post(address(report.incident, "lines/take-up/"), follow=True).content.decode()
    assert "A late find." in html


def with_log_of(desk: Desk, count: int) -> Report:
    report = reported(desk)
    at = make.jst("2020-09-04 12:00")
    entries = LogEntry.objects.bulk_create(
        LogEntry(
            incident=report.incident,
            happened_at=at,
            recorded_at=at,
            kind=LogKind.ACTION,
            source=LogSource.STAFF,
            author=desk.staff,
            text=f"作業 {number}",
        )
        for number in range(count)
    )
    ReportLine.objects.bulk_create(ReportLine(report=report, entry=entry) for entry in entries)
    return report


def test_500_lines_cost_no_more_queries_than_one_and_come_at_once(desk: Desk) -> None:
    counts, seconds = [], 0.0
    for count in (1, 500):
        report = with_log_of(desk, count)
        desk.client.get(address(report.incident, "lines/"))
        with CaptureQueriesContext(connection) as queries:
            began = time.process_time()
            desk.client.get(address(report.incident, "lines/"))
            seconds = time.process_time() - began
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert seconds < 2  # of the processor, however many others want it: it takes 0.5


def test_one_line_of_500_is_changed_without_reading_the_others(desk: Desk) -> None:
    report = with_log_of(desk, 300)
    line = lines(report)[0]
    url = address(report.incident, f"lines/{line.entry_id}/")
    with CaptureQueriesContext(connection) as queries:
        desk.client.post(url, {"step": "leave"}, **SCRIPT)  # type: ignore[arg-type]
    assert len(queries) < 30


@pytest.mark.parametrize("entry", [0, 999_999])
def test_a_line_that_the_report_has_not_is_refused(desk: Desk, entry: int) -> None:
    report = reported(desk)
    html = desk.client.post(
        address(report.incident, f"lines/{entry}/"), {"step": "leave"}, follow=True
    ).content.decode()
    assert f"log entry {entry} is not in this report" in html


def test_what_is_left_out_is_not_printed(desk: Desk) -> None:
    report = reported(desk)
    change(desk, lines(report)[0], step="leave")
    assert "Entry 0." not in [line.text for line in document_of(with_record(report.pk)).timeline]
