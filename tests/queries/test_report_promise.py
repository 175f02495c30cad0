"""What keeps the promise of a report."""

from datetime import date, timedelta
from typing import Any

import pytest

from incidents.actions.incident import promise_report
from incidents.actions.report import draft_report
from incidents.lib import times
from incidents.models import Incident, IssuedEdition, Page, Report
from incidents.queries.report_promise import kept_at, promised_reports, proposed_day
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
END = jst("2020-09-08 10:55")
DUE = date(2020, 9, 24)


@pytest.fixture
def page() -> Page:
    return make.page()


def ended(page: Page, *, due_on: date | None = DUE) -> Incident:
    with times.at(END - timedelta(days=1)):
        incident = make.incident(page)
        make.update(incident)
    with times.at(END):
        make.update(incident, "resolved", report_due_on=due_on)
    incident.refresh_from_db()
    return incident


def issued(incident: Incident, edition: str, *, revision: int = 1, **values: Any) -> IssuedEdition:
    report = Report.objects.filter(incident=incident).first() or draft_report(incident)
    given = {"documents": {}, "reach": "page", "issued_at": END + timedelta(days=revision)}
    return IssuedEdition.objects.create(
        report=report, edition=edition, revision=revision, **{**given, **values}
    )


@pytest.mark.parametrize(("days", "day"), [(10, date(2020, 9, 24)), (1, date(2020, 9, 9)), (None, None)])
def test_the_day_is_proposed_in_business_days(page: Page, days: int | None, day: date | None) -> None:
    page.report_days = days
    assert proposed_day(page, today=date(2020, 9, 8)) == day


def test_a_report_is_overdue_soon_due_or_neither(page: Page) -> None:
    incident = ended(page)
    for today, is_overdue, is_soon in (
        (date(2020, 9, 16), False, False),
        (date(2020, 9, 17), False, True),  # three business days before, with a long weekend between
        (DUE, False, True),
        (date(2020, 9, 25), True, False),
    ):
        (promised,) = promised_reports(page, today=today)
        assert (promised.incident, promised.is_overdue, promised.is_soon) == (incident, is_overdue, is_soon)


def test_a_final_edition_keeps_the_promise_and_an_interim_one_does_not(page: Page) -> None:
    incident = ended(page)
    issued(incident, "interim")
    assert kept_at([incident.pk]) == {}
    assert len(promised_reports(page, today=DUE)) == 1
    final = issued(incident, "final", revision=2)
    issued(incident, "final", revision=3)
    assert kept_at([incident.pk]) == {incident.pk: final.issued_at}
    assert promised_reports(page, today=DUE) == []


def test_an_interim_edition_keeps_it_where_staff_say_so(page: Page) -> None:
    incident = ended(page)
    interim = issued(incident, "interim")
    promise_report(incident, DUE, interim_suffices=True)
    assert kept_at([incident.pk]) == {incident.pk: interim.issued_at}
    promise_report(incident, DUE, interim_suffices=False)
    assert kept_at([incident.pk]) == {}


def test_a_withdrawn_edition_keeps_nothing(page: Page) -> None:
    incident = ended(page)
    issued(incident, "final", withdrawn_at=END + timedelta(days=5), withdrawn_because="Wrong.")
    assert kept_at([incident.pk]) == {}
    again = issued(incident, "final", revision=2)
    assert kept_at([incident.pk]) == {incident.pk: again.issued_at}


@pytest.mark.parametrize(("edition", "is_kept"), [("final", True), ("interim", False)])
def test_what_was_taken_over_counts_by_what_it_says(page: Page, edition: str, is_kept: bool) -> None:
    incident = ended(page)
    report = draft_report(incident)
    Report.objects.filter(pk=report.pk).update(
        number="SVC2020092401", state="issued", issued_on=DUE, issued_at=END, edition=edition
    )
    assert (incident.pk in kept_at([incident.pk])) is is_kept


def test_that_an_interim_suffices_can_be_said_of_a_day_gone_by(page: Page) -> None:
    incident = ended(page)
    with times.at(jst("2020-10-01 10:00")):
        assert promise_report(incident, DUE, interim_suffices=True).interim_suffices
