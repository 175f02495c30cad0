"""Reminders to owners and the word to customers, by the real outbox and a server on loopback."""

from datetime import date, datetime, timedelta

import pytest

from incidents.actions import measure_reminders
from incidents.actions.measure import add_measure, change_measure, finish_measure
from incidents.actions.measures_note import NoteText, tell_measures
from incidents.actions.report import draft_report
from incidents.actions.staff_alert import add_contact
from incidents.lib import times
from incidents.models import Delivery, Measure, Page, Report, Staff, StaffContact
from incidents.notices import outbox
from tests import make
from tests.make import jst
from tests.smtp import Received, Sink

pytestmark = pytest.mark.django_db(transaction=True)
NOW = jst("2026-06-01 10:00")
DUE = date(2026, 6, 15)


@pytest.fixture
def report() -> Report:
    with times.at(NOW - timedelta(hours=2)):
        incident = make.incident(make.page())
        make.update(incident)
    with times.at(NOW - timedelta(hours=1)):
        make.update(incident, "resolved")
        return draft_report(incident)


@pytest.fixture
def measure(report: Report) -> Measure:
    owner = make.staff("owner@example.com")
    with times.at(NOW):
        return add_measure(report, text="ディスクの監視を追加する", owner=owner, due_on=DUE)


def page_of(measure: Measure) -> Page:
    return measure.report.incident.page


def subject_of(mail: Received) -> str:
    return str(mail.message["Subject"])


def text_of(mail: Received) -> str:
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def remind(at: datetime) -> int:
    """How many mails that run has queued."""
    before = Delivery.objects.count()
    with times.at(at):
        measure_reminders.run()
    return Delivery.objects.count() - before


def test_the_owner_is_reminded_a_week_before_on_the_day_and_each_week_after(measure: Measure) -> None:
    sent = []
    for day in range(40):
        for hour in (8, 9, 20):
            at = jst("2026-06-02 00:00") + timedelta(days=day, hours=hour)
            if remind(at):
                sent.append(f"{at:%m-%d %H}")
    assert sent == ["06-08 09", "06-15 09", "06-22 09", "06-29 09", "07-06 09"]


def test_a_reminder_says_what_by_when_and_where(measure: Measure, sink: Sink) -> None:
    remind(jst("2026-06-08 09:00"))
    with times.at(jst("2026-06-08 09:01")):
        outbox.deliver_due()
    (mail,) = sink.received
    assert mail.recipient == "owner@example.com"
    assert subject_of(mail).startswith("【再発防止策】期限 2026年6月15日")
    assert "ディスクの監視を追加する" in text_of(mail)
    assert f"/console/measures/{measure.public_id}/" in text_of(mail)
    assert mail.message["List-Unsubscribe"] is None


def test_one_that_is_late_says_so(measure: Measure, sink: Sink) -> None:
    remind(jst("2026-06-22 09:00"))
    with times.at(jst("2026-06-22 09:01")):
        outbox.deliver_due()
    assert "期限超過" in subject_of(sink.received[0])


def test_nobody_is_reminded_of_what_is_done_meanwhile(measure: Measure, sink: Sink) -> None:
    assert remind(jst("2026-06-08 09:00")) == 1
    finish_measure(measure)
    outbox.deliver_due()
    assert sink.received == []
    assert Delivery.objects.get().state == "cancelled"
    assert remind(jst("2026-06-15 09:00")) == 0


def test_another_day_brings_its_own_reminders(measure: Measure) -> None:
    assert remind(jst("2026-06-08 09:00")) == 1
    with times.at(jst("2026-06-08 10:00")):
        change_measure(measure, text=measure.text, owner=measure.owner, due_on=date(2026, 6, 30))
    assert remind(jst("2026-06-15 09:00")) == 0
    assert remind(jst("2026-06-23 09:00")) == 1


def test_an_owner_who_left_is_not_written_to(measure: Measure) -> None:
    Staff.objects.update(is_active=False)
    assert remind(jst("2026-06-15 09:00")) == 0


def test_who_is_reminded_is_not_on_duty_by_that_and_may_come_to_be(measure: Measure) -> None:
    remind(jst("2026-06-08 09:00"))
    contact = StaffContact.objects.get()
    assert not contact.is_on_duty
    made = add_contact(
        page_of(measure), name="Owner", channel="email", place="owner@example.com", language="en"
    )
    assert made.pk == contact.pk
    assert made.is_on_duty


def test_customers_read_in_their_language_that_the_measures_are_carried_out(
    measure: Measure, sink: Sink
) -> None:
    report = measure.report
    Report.objects.filter(pk=report.pk).update(
        number="SVC2026060101", state="issued", issued_on=DUE, issued_at=NOW
    )
    make.subscriber(page_of(measure), "ja@example.com", language="ja")
    make.subscriber(page_of(measure), "en@example.com", language="en")
    finish_measure(measure)
    tell_measures(report, NoteText("完了しました。", {"en": {"body": "Done."}}), notify=True)
    outbox.deliver_due()
    mails = {mail.recipient: mail for mail in sink.received}
    assert subject_of(mails["ja@example.com"]).startswith("【再発防止策完了】")
    assert "完了しました。" in text_of(mails["ja@example.com"])
    assert subject_of(mails["en@example.com"]).startswith("[Measures completed] ")
    assert "Done." in text_of(mails["en@example.com"])
    assert "/reports/SVC2026060101" in text_of(mails["en@example.com"])
