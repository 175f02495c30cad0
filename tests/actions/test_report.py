"""A report's life between people."""

import pytest

from incidents.actions import log
from incidents.actions.report import (
    LineChoice,
    add_missing_lines,
    choose_lines,
    draft_report,
    save_report,
)
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Incident, Report
from incidents.reports.issue import issue as issue_report
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db


def published(title: str = "Email Archive 検索の遅延") -> Incident:
    page = make.page()
    incident = make.incident(page, {make.service(page, name="Email Archive"): "degraded"}, title=title)
    make.update(incident)
    return incident


def resolved() -> Incident:
    incident = published()
    make.update(incident, "resolved")
    return incident


def complete(report: Report) -> Report:
    texts = dict.fromkeys(("what_happened", "scope", "cause", "measures"), "本文")
    return save_report(report, texts, version=report.version)


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("Email Archive 検索の遅延", "検索の遅延"),
        ("Email Archive：検索の遅延", "検索の遅延"),
        ("Email Archiveの検索の遅延", "Email Archiveの検索の遅延"),
        ("検索の遅延", "検索の遅延"),
        ("Email Archive", "Email Archive"),
    ],
)
def test_the_proposed_subject_is_the_title_without_the_service_s_name(title: str, subject: str) -> None:
    assert draft_report(published(title)).subject == subject


def test_the_period_is_proposed_from_the_impacts_and_open_while_they_last() -> None:
    incident = published()
    assert draft_report(incident).period_until is None


def test_an_incident_has_one_report() -> None:
    incident = published()
    draft_report(incident)
    with pytest.raises(Refused, match="already has its report"):
        draft_report(incident)


def test_an_incident_over_in_the_instant_it_began_has_its_report() -> None:
    with times.at(jst("2020-09-04 12:46")):
        incident = published()
        make.update(incident, "resolved")
        report = draft_report(incident)
    assert report.service.name == "Email Archive"
    assert report.period_from == report.period_until == jst("2020-09-04 12:46")


def test_what_was_never_public_has_no_report() -> None:
    incident = make.incident(make.page())
    with pytest.raises(Refused, match="is not public"):
        draft_report(incident)
    assert not Report.objects.exists()


def test_another_s_save_is_never_overwritten() -> None:
    report = draft_report(published())
    save_report(report, {"cause": "先の保存"}, version=report.version)
    with pytest.raises(Refused) as refused:
        save_report(report, {"cause": "後の保存"}, version=report.version)
    assert refused.value.field == "version"
    report.refresh_from_db()
    assert report.cause == "先の保存"


def test_another_s_choice_of_lines_is_never_overwritten() -> None:
    report = draft_report(published())
    entry = report.lines.get().entry_id
    choose_lines(report, {entry: LineChoice(wording="先")}, version=report.version)
    with pytest.raises(Refused, match="someone else saved"):
        choose_lines(report, {entry: LineChoice(wording="後")}, version=report.version)
    assert report.lines.get().wording == "先"


def test_lines_written_later_are_taken_up_on_the_record() -> None:
    incident = published()
    report = draft_report(incident)
    log.add_entry(incident, text="追加の調査")
    assert (add_missing_lines(report), add_missing_lines(report)) == (1, 0)
    assert AuditEntry.objects.filter(action="add_report_lines").count() == 2


def test_a_line_joins_only_one_of_the_same_minute() -> None:
    incident = published()
    later = log.add_entry(incident, text="一分後", happened_at=jst("2020-09-04 12:00"))
    report = draft_report(incident)
    with pytest.raises(Refused, match="same minute") as refused:
        choose_lines(report, {later.pk: LineChoice(is_joined=True)}, version=report.version)
    assert refused.value.field == "lines"


@pytest.mark.parametrize("field", ["what_happened", "scope", "cause", "measures", "subject", "organisation"])
def test_a_report_with_an_empty_part_is_not_issued(field: str) -> None:
    report = complete(draft_report(resolved()))
    report = save_report(report, {field: "  "}, version=report.version)
    with pytest.raises(Refused) as refused:
        issue_report(report)
    assert refused.value.field == field
    report.refresh_from_db()
    assert (report.state, report.number) == ("draft", None)


def test_a_report_without_a_line_is_not_issued() -> None:
    report = complete(draft_report(resolved()))
    lines = {line.entry_id: LineChoice(is_included=False) for line in report.lines.all()}
    choose_lines(report, lines, version=report.version)
    with pytest.raises(Refused, match="no line"):
        issue_report(report)


def test_an_issued_report_s_text_stands() -> None:
    report = issue_report(complete(draft_report(resolved())))
    with pytest.raises(Refused, match="its text can no longer be changed"):
        save_report(report, {"cause": "x"}, version=report.version)
    with pytest.raises(Refused, match="already issued"):
        issue_report(report)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    report = draft_report(resolved())
    with pytest.raises(Refused) as refused:
        save_report(report, {"period_until": jst("2000-01-01 00:00")}, version=report.version)
    assert refused.value.field == "period_until"


def test_a_field_that_a_report_has_not_is_refused() -> None:
    report = draft_report(resolved())
    with pytest.raises(Refused, match="no number"):
        save_report(report, {"number": "HEA2020100801"}, version=report.version)


def test_a_final_report_names_the_end_and_an_interim_one_need_not() -> None:
    report = complete(draft_report(published()))
    with pytest.raises(Refused) as refused:
        issue_report(report)
    assert refused.value.field == "period_until"
    report = save_report(report, {"edition": "interim"}, version=report.version)
    assert issue_report(report).number
