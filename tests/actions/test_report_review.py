"""Between writing and issuing: who may check, approve and send back."""

import pytest

from incidents.actions.report import add_missing_lines, choose_lines, save_report
from incidents.actions.report_review import approve_report, check_report, request_review, send_back
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Page, Report, Role, Signature, Staff
from incidents.queries.report_life import last_sent_back, signatures_in_force, writers_of
from tests import make, make_report
from tests.at_once import run_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer() -> Staff:
    return make_report.staff("書手")


@pytest.fixture
def approver() -> Staff:
    return make_report.staff("承認者")


def reviewed(writer: Staff, page: Page | None = None) -> Report:
    page = page or make_report.careful_page()
    report = make_report.draft(make_report.resolved(page), writer=writer)
    return request_review(report, version=report.version, actor=writer)


def test_a_report_is_written_checked_and_approved_by_name(writer: Staff, approver: Staff) -> None:
    report = reviewed(writer)
    assert report.state == "review"
    report = check_report(report, version=report.version, actor=approver)
    report = approve_report(report, version=report.version, actor=approver)
    assert report.state == "approved"
    signed = {role: signature.staff for role, signature in signatures_in_force(report).items()}
    assert signed == {"written": writer, "checked": approver, "approved": approver}
    steps = ["draft_report", "save_report", "request_review", "check_report", "approve_report"]
    assert list(AuditEntry.objects.filter(object_type="report").values_list("action", flat=True)) == steps


def test_who_handed_it_in_did_not_write_it(writer: Staff, approver: Staff) -> None:
    report = make_report.draft(writer=writer)
    report = request_review(report, version=report.version, actor=approver)
    assert signatures_in_force(report)[Role.WRITTEN].staff == writer


def test_with_four_eyes_no_writer_approves(writer: Staff, approver: Staff) -> None:
    report = reviewed(writer)
    with pytest.raises(Refused, match="somebody else must approve"):
        approve_report(report, version=report.version, actor=writer)
    report.refresh_from_db()
    assert report.state == "review"


def test_with_four_eyes_whoever_wrote_earlier_does_not_approve_either(writer: Staff, approver: Staff) -> None:
    page = make_report.careful_page()
    report = make_report.draft(make_report.resolved(page), writer=writer)
    report = save_report(report, {"cause": "読点を直した。"}, version=report.version, actor=approver)
    report = request_review(report, version=report.version, actor=approver)
    assert writers_of(report) == {writer.pk, approver.pk}
    for one in (writer, approver):
        with pytest.raises(Refused, match="somebody else must approve"):
            approve_report(report, version=report.version, actor=one)


def test_without_four_eyes_the_writer_may_approve(writer: Staff) -> None:
    report = reviewed(writer, make.page(languages=["ja"]))
    assert approve_report(report, version=report.version, actor=writer).state == "approved"


def test_a_change_of_the_text_ends_what_was_signed(writer: Staff, approver: Staff) -> None:
    report = reviewed(writer)
    report = check_report(report, version=report.version, actor=approver)
    report = approve_report(report, version=report.version, actor=approver)
    report = save_report(report, {"cause": "別の原因"}, version=report.version, actor=writer)
    assert report.state == "review"
    assert set(signatures_in_force(report)) == {"written"}


@pytest.mark.parametrize("change", ["lines", "take_up"])
def test_a_change_of_the_timeline_ends_them_too(writer: Staff, approver: Staff, change: str) -> None:
    report = make_report.approved(reviewed_back(writer), by=approver)
    if change == "lines":
        choose_lines(report, {}, version=report.version, actor=writer)
    else:
        add_missing_lines(report, actor=writer)
    report.refresh_from_db()
    assert report.state == "review"
    assert "approved" not in signatures_in_force(report)


def reviewed_back(writer: Staff) -> Report:
    report = reviewed(writer)
    return send_back(report, because="もう一度", version=report.version, actor=writer)


def test_it_is_sent_back_with_a_reason_and_the_approval_is_gone(writer: Staff, approver: Staff) -> None:
    report = reviewed(writer)
    report = approve_report(report, version=report.version, actor=approver)
    report = send_back(report, because="日付を直してください。", version=report.version, actor=approver)
    assert report.state == "draft"
    told = last_sent_back(report)
    assert told is not None
    assert (told.actor, told.after["because"]) == (approver, "日付を直してください。")
    assert not Signature.objects.filter(role="approved").exists()
    request_review(report, version=report.version, actor=writer)
    assert last_sent_back(report) is None


@pytest.mark.parametrize("because", ["", "  ", "x" * 501])
def test_it_is_not_sent_back_without_a_reason(writer: Staff, because: str) -> None:
    report = reviewed(writer)
    with pytest.raises(Refused) as refused:
        send_back(report, because=because, version=report.version, actor=writer)
    assert refused.value.field == "because"


def test_what_was_not_handed_in_is_not_signed(writer: Staff, approver: Staff) -> None:
    report = make_report.draft(writer=writer)
    for step in (check_report, approve_report):
        with pytest.raises(Refused, match="not in review"):
            step(report, version=report.version, actor=approver)
    reviewed_ = request_review(report, version=report.version, actor=writer)
    with pytest.raises(Refused, match="in review already"):
        request_review(reviewed_, version=reviewed_.version, actor=writer)


def test_nobody_signs_a_text_that_changed_since_they_read_it(writer: Staff, approver: Staff) -> None:
    report = reviewed(writer)
    read = report.version
    save_report(report, {"cause": "別の原因"}, version=read, actor=writer)
    with pytest.raises(Refused) as refused:
        approve_report(report, version=read, actor=approver)
    assert refused.value.field == "version"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does() -> None:
    writer, first, second = (make_report.staff(name) for name in ("w", "a", "b"))
    report = reviewed(writer)

    def approve(who: Staff) -> None:
        approve_report(report, version=report.version, actor=who)

    refused = run_at_once(lambda: approve(first), lambda: approve(second))
    assert str(refused) == "a has approved this text already"
    assert signatures_in_force(report)[Role.APPROVED].staff == first
