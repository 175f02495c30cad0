"""After the issue: the next edition, and the withdrawal."""

import pytest

from incidents.actions.report import save_report
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Delivery, IssuedEdition, Report
from incidents.queries.report import find_issued, with_record
from incidents.reports import frozen, issue
from incidents.reports.build import document_of
from incidents.reports.past import take_past_report
from tests import make, make_report
from tests.make import jst
from tests.make_report import draft, edition, issued, revised
from tests.reports.test_samples import SAMPLES

pytestmark = pytest.mark.django_db


def test_a_revision_keeps_number_and_first_date_and_is_dated() -> None:
    with times.at(jst("2020-10-08 10:00")):
        report = issued()
    with times.at(jst("2020-10-20 10:00")):
        report = revised(report)
    document = frozen.document_in(edition(report, 2), "ja")
    assert (document.number, str(document.issued_on)) == ("HEA2020100801", "2020-10-08")
    assert (document.revision, str(document.revised_on)) == (2, "2020-10-20")
    assert edition(report, 2).changes == "原因を改めました。"


def test_a_later_edition_says_what_has_changed() -> None:
    report = issue.begin_revision(issued())
    with pytest.raises(Refused) as refused:
        issued(report, changes="  ")
    assert refused.value.field == "changes"
    assert IssuedEdition.objects.count() == 1


def test_a_first_report_is_followed_by_an_interim_and_a_final_one_under_one_number() -> None:
    report = issued(draft(edition="first"))
    for kind in ("interim", "interim", "final"):
        report = issue.begin_revision(report, edition=kind)
        report = issued(report, changes="続報です。")
    kinds = list(report.editions.order_by("revision").values_list("edition", flat=True))
    assert kinds == ["first", "interim", "interim", "final"]
    numbers = {kept.documents["ja"]["number"] for kept in report.editions.all()}
    assert numbers == {report.number}


def test_an_interim_edition_does_not_follow_a_final_one_that_stands() -> None:
    report = issue.begin_revision(issued(), edition="interim")
    with pytest.raises(Refused) as refused:
        issued(report, changes="中間報告に戻します。")
    assert refused.value.field == "edition"


def test_a_report_that_is_not_issued_has_no_next_edition_and_is_not_withdrawn() -> None:
    report = draft()
    with pytest.raises(Refused, match="is not issued"):
        issue.begin_revision(report)
    with pytest.raises(Refused, match="is not issued"):
        issue.withdraw(report, because="誤り")


def test_the_text_is_open_again_and_what_was_signed_is_not() -> None:
    writer, approver = make_report.staff("w"), make_report.staff("a")
    report = issued(make_report.approved(draft(writer=writer), by=approver))
    report = issue.begin_revision(report, actor=writer)
    assert not report.signatures.exists()
    save_report(report, {"cause": "改めた原因"}, version=report.version, actor=writer)
    assert [one["role"] for one in edition(report, 1).signatures] == ["written", "approved"]


def test_it_is_withdrawn_with_the_reason_and_every_edition_is_marked() -> None:
    staff = make_report.staff("s")
    with times.at(jst("2020-10-08 10:00")):
        report = revised(issued())
    with times.at(jst("2020-11-01 10:00")):
        report = issue.withdraw(report, because=" 数値に誤りがありました。 ", actor=staff)
    assert report.state == "withdrawn"
    for kept in report.editions.all():
        assert (kept.withdrawn_because, kept.withdrawn_by) == ("数値に誤りがありました。", staff)
    text = frozen.body_of(edition(report, 2), "ja", "txt").decode()
    assert text.startswith("【取り下げ】本報告書は2020年11月1日に取り下げました。")
    assert document_of(with_record(report.pk)).withdrawn_on is not None
    assert AuditEntry.objects.get(action="withdraw_report").after["because"] == "数値に誤りがありました。"


def test_its_printed_editions_are_written_anew_with_the_mark() -> None:
    report = issued()
    before = edition(report, 1).files.get(name="ja.pdf").digest
    issue.withdraw(report, because="誤り")
    assert edition(report, 1).files.get(name="ja.pdf").digest != before


@pytest.mark.parametrize("because", ["", " ", "x" * 501])
def test_it_is_not_withdrawn_without_a_reason(because: str) -> None:
    report = issued()
    with pytest.raises(Refused) as refused:
        issue.withdraw(report, because=because)
    assert refused.value.field == "because"
    assert edition(report, 1).withdrawn_at is None


def test_it_is_withdrawn_once() -> None:
    report = issue.withdraw(issued(), because="誤り")
    with pytest.raises(Refused, match="was withdrawn already"):
        issue.withdraw(report, because="二度目")


def test_what_was_withdrawn_is_issued_again_as_the_next_edition() -> None:
    report = issue.withdraw(issued(), because="誤り")
    with pytest.raises(Refused, match="was withdrawn"):
        save_report(report, {"cause": "x"}, version=report.version)
    report = revised(report)
    assert report.state == "issued"
    assert edition(report, 1).withdrawn_at
    assert edition(report, 2).withdrawn_at is None
    assert frozen.document_in(edition(report, 2), "ja").withdrawn_on is None


def test_it_is_withdrawn_while_its_next_edition_is_written_and_that_goes_on() -> None:
    report = issue.begin_revision(issued())
    report = issue.withdraw(report, because="誤り")
    assert report.state == "draft"
    assert edition(report, 1).withdrawn_at
    save_report(report, {"cause": "直した原因"}, version=report.version)


def test_what_was_not_sent_when_it_is_withdrawn_is_not_sent() -> None:
    incident = make_report.resolved()
    for _ in range(3):
        make.subscriber(incident.page)
    report = issued(draft(incident), reach="audience")
    tried, sending, _waiting = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=tried.pk).update(attempts=2)
    Delivery.objects.filter(pk=sending.pk).update(state="sending", lease_owner="a sender")
    issue.withdraw(report, because="誤り")
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["cancelled", "sending", "cancelled"]


def test_a_past_report_is_frozen_as_it_was_before_anything_is_done_with_it() -> None:
    report = take_past_report(make.page(), SAMPLES[0].read_text(encoding="utf-8"))
    before = document_of(with_record(report.pk))
    report = issue.begin_revision(report)
    kept = edition(report, before.revision)
    assert frozen.document_in(kept, report.language) == before
    assert kept.issued_at == report.issued_at
    assert report.revision == before.revision + 1
    assert find_issued(str(report.number)) == report


def test_a_past_report_can_be_withdrawn() -> None:
    report = take_past_report(make.page(), SAMPLES[0].read_text(encoding="utf-8"))
    report = issue.withdraw(report, because="誤り")
    assert Report.objects.get().state == "withdrawn"
    assert report.editions.get().withdrawn_at


def test_what_is_told_of_a_change_or_a_withdrawal_names_no_masked_party() -> None:
    report = issued()
    Report.objects.filter(pk=report.pk).update(parties=[{"name": "Acme", "mask": "回線事業者"}])
    report = revised(report, changes="Acmeの回答を加えました。")
    assert edition(report, 2).changes == "回線事業者の回答を加えました。"
    withdrawn = issue.withdraw(report, because="acmeの訂正を待つため。")
    assert edition(withdrawn, 2).withdrawn_because == "回線事業者の訂正を待つため。"
