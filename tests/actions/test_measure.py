"""Measures: who does what until when, and what customers are told in the end."""

from datetime import date, timedelta

import pytest

from incidents.actions.measure import (
    add_measure,
    change_measure,
    drop_measure,
    finish_measure,
    reopen_measure,
)
from incidents.actions.measures_note import NoteText, tell_measures
from incidents.actions.report import draft_report
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    IssuedEdition,
    Measure,
    MeasuresNote,
    NoticeKind,
    Report,
    Staff,
)
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOW = jst("2026-06-01 10:00")
DUE = date(2026, 6, 15)
TEXT = NoteText("All measures are carried out.", {"en": {"body": "All done."}})


@pytest.fixture
def report() -> Report:
    with times.at(NOW - timedelta(days=1)):
        incident = make.incident(make.page())
        make.update(incident)
    with times.at(NOW - timedelta(hours=1)):
        make.update(incident, "resolved")
        return draft_report(incident)


@pytest.fixture
def owner() -> Staff:
    return make.staff("owner@example.com")


def issued(report: Report, **values: str) -> Report:
    given = {"number": "SVC2026060101", "state": "issued", "issued_on": DUE, "issued_at": NOW}
    Report.objects.filter(pk=report.pk).update(**given | values)
    return Report.objects.select_related("incident__page").get(pk=report.pk)


def added(report: Report, owner: Staff, text: str = "Watch the disk") -> Measure:
    with times.at(NOW):
        return add_measure(report, text=text, owner=owner, due_on=DUE)


def test_a_measure_has_an_owner_and_a_day(report: Report, owner: Staff) -> None:
    measure = added(report, owner, "  Watch the disk ")
    assert (measure.text, measure.owner, measure.due_on, measure.state) == (
        "Watch the disk",
        owner,
        DUE,
        "open",
    )
    assert AuditEntry.objects.get(action="add_measure").after["owner"] == "owner@example.com"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "two\nlines"}, "text"),
        ({"due_on": date(2026, 5, 31)}, "due_on"),
        ({"due_on": date(2032, 1, 1)}, "due_on"),
    ],
)
def test_what_cannot_be_a_measure_is_refused_by_its_field(
    report: Report, owner: Staff, wrong: dict[str, object], field: str
) -> None:
    given = {"text": "Watch the disk", "owner": owner, "due_on": DUE} | wrong
    with times.at(NOW), pytest.raises(Refused) as refused:
        add_measure(report, **given)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Measure.objects.exists()


def test_nobody_who_left_becomes_an_owner(report: Report, owner: Staff) -> None:
    measure = added(report, owner)
    owner.is_active = False
    owner.save()
    with pytest.raises(Refused, match="may sign in"):
        added(report, owner)
    with times.at(NOW):
        assert change_measure(measure, text="Other words", owner=owner, due_on=DUE).text == "Other words"


def test_a_measure_ends_once_and_may_be_opened_again(report: Report, owner: Staff) -> None:
    measure = added(report, owner)
    with times.at(NOW):
        assert finish_measure(measure).ended_at == NOW
        finish_measure(measure)
        with pytest.raises(Refused, match="is ended"):
            drop_measure(measure, because="No.")
        with pytest.raises(Refused, match="is ended"):
            change_measure(measure, text="Other", owner=owner, due_on=DUE)
        assert reopen_measure(measure).ended_at is None
        dropped = drop_measure(measure, because=" Another way was found. ")
    assert (dropped.state, dropped.dropped_because) == ("dropped", "Another way was found.")
    assert AuditEntry.objects.filter(action="done_measure").count() == 1


def test_a_measure_is_not_dropped_without_a_reason(report: Report, owner: Staff) -> None:
    with pytest.raises(Refused) as refused:
        drop_measure(added(report, owner), because=" ")
    assert refused.value.field == "because"


def test_an_overdue_measure_keeps_its_day_or_gets_a_later_one(report: Report, owner: Staff) -> None:
    measure = added(report, owner)
    with times.at(jst("2026-07-01 10:00")):
        assert change_measure(measure, text="Same", owner=owner, due_on=DUE).due_on == DUE
        with pytest.raises(Refused, match="today or on a later day"):
            change_measure(measure, text="Same", owner=owner, due_on=date(2026, 6, 20))


def test_customers_are_told_once_and_each_by_one_mail(report: Report, owner: Staff) -> None:
    report = issued(report)
    page = report.incident.page
    make.subscriber(page)
    make.subscriber(page)
    make.subscriber(make.page())
    finish_measure(added(report, owner))
    before = page.revision
    note = tell_measures(report, TEXT, notify=True)
    assert "<p>All done.</p>" in note.texts["en"]["body_html"]
    assert Delivery.objects.filter(notice__kind=NoticeKind.MEASURES).count() == 2
    page.refresh_from_db()
    assert page.revision > before
    with pytest.raises(Refused, match="already"):
        tell_measures(report, TEXT, notify=True)
    assert Delivery.objects.count() == 2


def test_nobody_is_mailed_unless_staff_say_so(report: Report, owner: Staff) -> None:
    report = issued(report)
    make.subscriber(report.incident.page)
    finish_measure(added(report, owner))
    tell_measures(report, TEXT)
    assert MeasuresNote.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("why", ["none", "open", "dropped", "draft", "for customers"])
def test_what_is_not_done_or_not_public_is_not_told(report: Report, owner: Staff, why: str) -> None:
    if why != "none":
        measure = added(report, owner)
        if why == "dropped":
            drop_measure(measure, because="No use.")
        elif why != "open":
            finish_measure(measure)
    if why != "draft":
        report = issued(report)
    if why == "for customers":
        IssuedEdition.objects.create(
            report=report, revision=1, edition="final", documents={}, reach="customers", issued_at=NOW
        )
    with pytest.raises(Refused):
        tell_measures(report, TEXT)
    assert not MeasuresNote.objects.exists()


def test_a_note_needs_a_text(report: Report, owner: Staff) -> None:
    report = issued(report)
    finish_measure(added(report, owner))
    with pytest.raises(Refused) as refused:
        tell_measures(report, NoteText(" ", {}))
    assert refused.value.field == "body"
