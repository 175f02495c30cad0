"""A report that is promised for a day."""

from datetime import date, timedelta

import pytest

from incidents.actions.incident import promise_report
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")
DUE = date(2020, 9, 18)


@pytest.fixture
def incident() -> Incident:
    with times.at(NOON):
        incident = make.incident(make.page())
        make.update(incident)
        return incident


def test_the_end_may_promise_a_report_and_the_next_end_takes_it_back(incident: Incident) -> None:
    for hours, values, expected in (
        (1, {"report_due_on": DUE}, DUE),
        (2, {}, DUE),
        (3, {"promise_no_report": True}, None),
    ):
        with times.at(NOON + timedelta(hours=hours)):
            make.update(incident, "resolved", **values)
        incident.refresh_from_db()
        assert incident.report_due_on == expected


def test_an_update_of_an_open_incident_promises_no_report(incident: Incident) -> None:
    with times.at(NOON):
        make.update(incident, "identified", report_due_on=DUE)
    incident.refresh_from_db()
    assert incident.report_due_on is None


def test_a_promise_is_given_and_taken_back_later(incident: Incident) -> None:
    before = incident.page.revision
    with times.at(NOON):
        assert promise_report(incident, DUE).report_due_on == DUE
        assert promise_report(incident, None).report_due_on is None
    incident.page.refresh_from_db()
    assert incident.page.revision > before


def test_a_report_is_not_promised_for_a_day_gone_by(incident: Incident) -> None:
    late = jst("2020-09-05 00:30")  # still the fourth in UTC
    with times.at(late), pytest.raises(Refused) as refused:
        promise_report(incident, date(2020, 9, 4))
    assert refused.value.field == "report_due_on"
    with times.at(late):
        assert promise_report(incident, date(2020, 9, 5)).report_due_on == date(2020, 9, 5)


def test_a_draft_has_no_report_to_promise() -> None:
    with pytest.raises(Refused, match="is not public"):
        promise_report(make.incident(make.page()), date(2999, 1, 1))
