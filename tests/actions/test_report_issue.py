"""Issuing: what is needed for it, what is frozen, and what nobody can get between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from incidents.actions import log
from incidents.actions.report import save_report
from incidents.actions.report_issue import Frozen, issue_report, reserve_number
from incidents.lib.errors import Refused
from incidents.models import Delivery, IssuedEdition, IssuedFile, Notice, Report
from incidents.queries.report import with_record
from incidents.reports import frozen, issue
from incidents.reports.build import document_of
from tests import make, make_report
from tests.make_report import draft, edition, issued, resolved

pytestmark = pytest.mark.django_db


def test_an_issued_edition_holds_every_language_and_its_files() -> None:
    report = issued(draft(resolved(make.page())))
    kept = edition(report, 1)
    assert set(kept.documents) == {"ja", "en"}
    assert set(kept.files.values_list("name", flat=True)) == {"ja.pdf", "ja.docx", "en.pdf", "en.docx"}
    assert frozen.document_in(kept, "ja") == document_of(with_record(report.pk))
    assert (report.state, report.revision, report.number) == ("issued", 1, kept.documents["ja"]["number"])


def test_what_was_issued_does_not_change_with_the_record() -> None:
    report = issued()
    before = frozen.document_in(edition(report, 1), "ja")
    report.service.name = "改名したサービス"
    report.service.save()
    assert frozen.document_in(edition(report, 1), "ja") == before
    assert document_of(with_record(report.pk)).service == "改名したサービス"


def test_who_signed_is_printed_with_the_day() -> None:
    writer, approver = make_report.staff("書手"), make_report.staff("承認者")
    report = issued(make_report.approved(draft(writer=writer), by=approver))
    signed = {(one["role"], one["name"]) for one in edition(report, 1).signatures}
    assert signed == {("written", "書手"), ("approved", "承認者")}
    printed = frozen.document_in(edition(report, 1), "ja").signatures
    assert [one.role for one in printed] == ["written", "approved"]


def test_somebody_without_a_name_signs_without_the_address() -> None:
    nameless = make_report.staff("")
    nameless.email = "taro@example.com"
    nameless.save()
    report = issued(draft(writer=nameless))
    assert [one["name"] for one in edition(report, 1).signatures] == ["taro"]


def test_with_four_eyes_nothing_is_issued_without_an_approval() -> None:
    writer, approver = make_report.staff("w"), make_report.staff("a")
    report = draft(resolved(make_report.careful_page()), writer=writer)
    with pytest.raises(Refused, match="a second person must approve"):
        issued(report)
    report = make_report.approved(report, by=approver)
    report = save_report(report, {"cause": "承認後の変更"}, version=report.version, actor=writer)
    with pytest.raises(Refused, match="a second person must approve"):
        issued(report)
    assert not IssuedEdition.objects.exists()


def test_a_writer_s_approval_does_not_count_once_four_eyes_are_asked_for() -> None:
    writer = make_report.staff("w")
    report = make_report.approved(draft(writer=writer), by=writer)
    report.incident.page.four_eyes = True
    report.incident.page.save()
    with pytest.raises(Refused, match="a second person must approve"):
        issued(report)


def test_where_a_writer_refuses_nothing_is_issued_and_the_part_is_named() -> None:
    report = draft(measures="一つ(*1)")
    with pytest.raises(Refused) as refused:
        issued(report)
    assert refused.value.field == "measures"
    report.refresh_from_db()
    assert (report.state, report.number) == ("draft", None)
    assert not IssuedEdition.objects.exists()
    assert not Notice.objects.exists()


def test_where_a_printed_edition_cannot_be_written_nothing_is_issued_and_it_says_why() -> None:
    report = draft(cause='原因\n\n![画面](figure:screen "図1")')
    make_report.figure(report, "screen", image=b"no picture")
    with pytest.raises(Refused, match="expected figures that can be printed") as refused:
        issued(report)
    assert refused.value.field == "figures"
    report.refresh_from_db()
    assert (report.state, report.number) == ("draft", None)


def test_another_language_is_written_as_well_before_anything_is_issued() -> None:
    report = draft(resolved(make.page()))
    Report.objects.filter(pk=report.pk).update(texts={"en": {"cause": "A disk.\n\n■ Scope"}})
    with pytest.raises(Refused) as refused:
        issued(report)
    assert refused.value.field == "cause"
    assert not IssuedEdition.objects.exists()


def test_a_save_while_the_editions_are_written_is_not_lost_and_nothing_is_issued() -> None:
    report = draft()
    reserved = reserve_number(report, version=report.version)
    written = frozen.freeze(reserved)
    save_report(report, {"cause": "書き出し中の保存"}, version=report.version)
    with pytest.raises(Refused) as refused:
        issue_report(reserved, written)
    assert refused.value.field == "version"
    assert not IssuedEdition.objects.exists()


def test_the_version_that_was_looked_at_is_what_is_issued() -> None:
    report = draft()
    looked_at = report.version
    save_report(report, {"cause": "他の人の保存"}, version=looked_at)
    with pytest.raises(Refused) as refused:
        issued(report, version=looked_at)
    assert refused.value.field == "version"


def test_a_report_is_issued_once() -> None:
    report = draft()
    issued(report)
    with pytest.raises(Refused, match="already issued"):
        issued(report)
    assert IssuedEdition.objects.count() == 1


def test_a_number_that_a_killed_issue_left_behind_is_taken_up_again() -> None:
    report = draft()
    left = reserve_number(report, issued_on=date(2020, 10, 8)).number
    assert issued(report, issued_on=date(2020, 10, 8)).number == left == "HEA2020100801"


def test_a_number_left_behind_of_another_day_is_not() -> None:
    report = draft()
    reserve_number(report, issued_on=date(2020, 10, 8))
    assert issued(report, issued_on=date(2020, 10, 9)).number == "HEA2020100901"


def test_third_parties_are_masked_on_the_page_and_named_for_customers() -> None:
    report = draft(cause="Acme社とacme社の回線。")
    Report.objects.filter(pk=report.pk).update(parties=[{"name": "Acme社", "mask": "回線事業者"}])
    kept = edition(issued(report), 1)
    assert frozen.document_in(kept, "ja").cause == "回線事業者と回線事業者の回線。"
    assert frozen.document_in(kept, "ja", is_named=True).cause == "Acme社とacme社の回線。"
    assert "Acme" not in frozen.body_of(kept, "ja", "txt").decode()
    assert {"ja.pdf", "named/ja.pdf"} <= set(kept.files.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("reach", "told"),
    [("page", {"all", "other"}), ("audience", {"all"}), ("quiet", set()), ("customers", set())],
)
def test_who_is_told_is_chosen(reach: str, told: set[str]) -> None:
    incident = resolved()
    make.subscriber(incident.page, "all@example.com")
    make.subscriber(incident.page, "other@example.com", make.service(incident.page))
    make.subscriber(incident.page, "none@example.com", wants_reports=False)
    issued(draft(incident), reach=reach)
    assert {delivery.reader.email.partition("@")[0] for delivery in Delivery.objects.all()} == told


def test_each_edition_is_told_once_to_each() -> None:
    incident = resolved()
    make.subscriber(incident.page, "all@example.com")
    report = issued(draft(incident), reach="audience")
    report = issue.begin_revision(report)
    issued(report, reach="page", changes="直しました。")
    assert [notice.deliveries.count() for notice in Notice.objects.order_by("pk")] == [1, 1]


def test_lines_written_after_the_issue_are_not_in_it() -> None:
    report = issued()
    log.add_entry(report.incident, text="後の調査")
    assert len(frozen.document_in(edition(report, 1), "ja").timeline) == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_issues_at_once_get_fifty_numbers() -> None:
    page = make.page(languages=["ja"])
    reports = [draft(resolved(page)) for _ in range(50)]

    def take(report: Report) -> str:
        try:
            reserved = reserve_number(report, issued_on=date(2020, 10, 8))
            issue_report(reserved, Frozen(documents={}))
            return str(reserved.number)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(take, reports))
    assert sorted(numbers) == [f"HEA20201008{serial:02}" for serial in range(1, 51)]
    assert IssuedFile.objects.count() == 0
    assert Report.objects.filter(state="issued").count() == 50
