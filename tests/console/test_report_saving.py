"""What the editor asks while somebody types."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.report_text import write_report
from incidents.models import AuditEntry, Report, Staff
from tests.console.conftest import Desk
from tests.console.test_report_screen import address, reported
from tests.make_console import bases, issued, written

SCRIPT = {"HTTP_HX_REQUEST": "true"}


def save(desk: Desk, report: Report, **sent: str) -> dict[str, Any]:
    answer = desk.client.post(address(report.incident, "save/"), sent, **SCRIPT)  # type: ignore[arg-type]
    told = json.loads(answer.content)
    assert isinstance(told, dict)
    return told


def test_only_the_field_that_was_sent_is_saved(desk: Desk) -> None:
    report = reported(desk)
    told = save(desk, report, cause="A full disk.", base_cause="")
    report.refresh_from_db()
    assert (report.cause, report.subject != "") == ("A full disk.", True)
    assert told["base"]["cause"] == "A full disk."
    assert told["overtaken"] == told["wrong"] == {}


def test_an_empty_tick_is_a_tick_taken_away(desk: Desk) -> None:
    report = reported(desk)
    save(desk, report, from_is_approximate="", base_from_is_approximate="on")
    report.refresh_from_db()
    assert not report.from_is_approximate


def test_what_someone_else_changed_in_the_same_field_is_told_and_not_overwritten(desk: Desk) -> None:
    report = reported(desk)
    save(desk, report, cause="Theirs.", base_cause="")
    told = save(desk, report, cause="Mine.", base_cause="", scope="Fits.", base_scope="")
    assert told["overtaken"] == {"cause": "Theirs."}
    report.refresh_from_db()
    assert (report.cause, report.scope) == ("Theirs.", "Fits.")
    assert save(desk, report, cause="Mine.", base_cause="Theirs.")["overtaken"] == {}


def test_a_wrong_field_is_named_and_the_others_are_saved(desk: Desk) -> None:
    report = reported(desk)
    told = save(desk, report, subject="", base_subject=report.subject, cause="Fits.", base_cause="")
    assert list(told["wrong"]) == ["subject"]
    report.refresh_from_db()
    assert report.cause == "Fits."
    assert report.subject


@pytest.mark.parametrize(
    ("name", "value"), [("period_until", "2000-01-01T00:00"), ("period_from", "2030-01-01T00:00")]
)
def test_a_period_that_ends_before_it_begins_is_named_where_it_was_changed_and_the_rest_is_saved(
    desk: Desk, name: str, value: str
) -> None:
    report = reported(desk)
    base = bases(report)[f"base_{name}"]
    told = save(desk, report, **{name: value, f"base_{name}": base}, cause="Fits.", base_cause="")
    assert list(told["wrong"]) == [name]
    assert stored(report) == "Fits."


def stored(report: Report) -> str:
    report.refresh_from_db()
    return report.cause


def test_the_other_language_is_saved_beside_the_first(desk: Desk) -> None:
    report = reported(desk)
    told = save(desk, report, cause_en="A full disk.", base_cause_en="")
    report.refresh_from_db()
    assert (report.cause, report.texts["en"]["cause"]) == ("", "A full disk.")
    assert told["base"]["cause_en"] == "A full disk."


def test_footnotes_settle_when_they_are_asked_to_and_every_text_is_told(desk: Desk) -> None:
    report = reported(desk)
    save(desk, report, cause="b(*1)\n\n(*1) B", base_cause="")
    told = save(desk, report, scope="a(*2)\n\n(*2) A", base_scope="", settle="1")
    assert told["base"]["scope"] == "a(*1)\n\n(*1) A"
    assert told["base"]["cause"] == "b(*2)\n\n(*2) B"


def test_a_text_written_before_its_footnotes_were_numbered_anew_follows_them(desk: Desk) -> None:
    report = reported(desk)
    mine = "b(*1)\n\n(*1) B"
    save(desk, report, cause=mine, base_cause="")
    save(desk, report, scope="a(*2)\n\n(*2) A", base_scope="", settle="1")
    told = save(desk, report, cause=f"{mine} more", base_cause=mine)
    assert told["overtaken"] == {}
    assert told["base"]["cause"] == "b(*2)\n\n(*2) B more"


def test_the_audit_keeps_the_stretch_that_changed(desk: Desk) -> None:
    report = reported(desk)
    long = "あ" * 3000
    save(desk, report, cause=long, base_cause="")
    save(desk, report, cause=f"{long}いろは", base_cause=long)
    entry = AuditEntry.objects.filter(action="save_report").latest("pk")
    assert entry.actor == desk.staff
    assert entry.after["cause"].endswith("いろは")
    assert len(entry.after["cause"]) < 50


def test_an_issued_report_is_read_only(desk: Desk) -> None:
    report = reported(desk)
    desk.client.post(address(report.incident), written(report))
    desk.client.post(address(report.incident, "issue/"), issued(report))
    answer = desk.client.post(
        address(report.incident, "save/"),
        {"cause": "x", "base_cause": "A full disk."},
        **SCRIPT,  # type: ignore[arg-type]
    )
    assert answer.status_code == 409
    assert "its text can no longer be changed" in json.loads(answer.content)["refused"]
    html = desk.client.get(address(report.incident)).content.decode()
    assert 'id="save-report"' not in html


def test_the_sheet_is_drawn_with_what_is_typed_and_nothing_is_saved(desk: Desk) -> None:
    report = reported(desk)
    sent = {"cause": "A **full** disk.", "base_cause": "", "language": "ja"}
    told = json.loads(desk.client.post(address(report.incident, "live/"), sent).content)
    assert "<strong>full</strong>" in told["sheet"]
    assert told["blocking"] > 0
    report.refresh_from_db()
    assert report.cause == ""


def test_hostile_words_stay_words_on_the_sheet(desk: Desk) -> None:
    report = reported(desk)
    sent = {"cause": "<script>alert(1)</script> ![x](https://evil.example/x.png)", "base_cause": ""}
    told = json.loads(desk.client.post(address(report.incident, "live/"), sent).content)
    assert "<script" not in told["sheet"]
    assert "<img" not in told["sheet"]


def test_others_in_the_editor_are_named(desk: Desk) -> None:
    report = reported(desk)
    other = Staff.objects.create_user("other@example.com", "x", name="花子")
    theirs = Client()
    theirs.force_login(other)
    theirs.get(address(report.incident, "state/") + "?field=cause")
    people = json.loads(desk.client.get(address(report.incident, "state/")).content)["people"]
    assert people == [{"name": "花子", "field": "Cause"}]


def test_a_signed_out_editor_is_told_so(desk: Desk) -> None:
    report = reported(desk)
    assert Client().get(address(report.incident, "state/"), **SCRIPT).status_code == 401  # type: ignore[arg-type]


def test_texts_stand_beside_each_other_and_what_is_not_translated_is_marked(desk: Desk) -> None:
    report = reported(desk)
    write_report(report, {("cause", "ja"): "ディスク", ("cause", "en"): "Disk", ("scope", "ja"): "全て"})
    html = desk.client.get(address(report.incident, "texts/en/")).content.decode()
    assert "ディスク" in html
    assert "Disk" in html
    assert html.count("not translated") == 3  # organisation, subject, scope


@pytest.mark.parametrize("rest", ["", "texts/en/", "state/"])
def test_a_draft_s_screens_cost_the_same_whatever_they_show(desk: Desk, rest: str) -> None:
    small, large = reported(desk, entries=1), reported(desk, entries=3)
    counts = []
    for report in (small, large):
        desk.client.get(address(report.incident, rest))
        with CaptureQueriesContext(connection) as queries:
            desk.client.get(address(report.incident, rest))
        counts.append(len(queries))
    assert counts[0] == counts[1]
