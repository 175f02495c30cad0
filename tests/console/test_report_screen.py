import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.log import add_entry
from incidents.actions.report import draft_report
from incidents.models import Delivery, Incident, Report
from incidents.reports.checks import name_claim
from tests import make
from tests.console.conftest import Desk
from tests.make_console import bases, issued, written


def resolved(desk: Desk, entries: int = 1) -> Incident:
    incident = make.incident(desk.page, started_at=make.jst("2020-09-01 09:00"))
    for number in range(entries):
        add_entry(incident, text=f"Entry {number}.", happened_at=make.jst("2020-09-04 10:00"))
    make.update(incident, happened_at=make.jst("2020-09-04 12:46"))
    make.update(incident, stage="resolved", happened_at=make.jst("2020-09-08 11:00"))
    return incident


def reported(desk: Desk, entries: int = 1) -> Report:
    return draft_report(resolved(desk, entries))


def address(incident: Incident, rest: str = "") -> str:
    return f"/console/incidents/{incident.reference}/report/{rest}"


def test_a_report_is_offered_and_drafted_by_a_click(desk: Desk) -> None:
    incident = resolved(desk)
    assert 'id="draft-report"' in desk.client.get(address(incident)).content.decode()
    assert not Report.objects.exists()
    html = desk.client.post(address(incident, "draft/"), follow=True).content.decode()
    assert Report.objects.get().incident == incident
    assert 'id="report-form"' in html


def test_an_incident_that_hit_no_service_says_why_it_has_no_report(desk: Desk) -> None:
    incident = make.incident(desk.page, {})
    make.update(incident)
    html = desk.client.post(address(incident, "draft/"), follow=True).content.decode()
    assert f"{incident.reference} names no affected service" in html


def test_the_texts_are_saved(desk: Desk) -> None:
    report = reported(desk)
    sent = written(report, edition="interim", from_is_approximate="on", period_until="2020-09-06T13:30")
    desk.client.post(address(report.incident), sent)
    report.refresh_from_db()
    assert (report.cause, report.edition) == ("A full disk.", "interim")
    assert report.period_until == make.jst("2020-09-06 13:30")
    assert (report.from_is_approximate, report.until_is_approximate) == (True, False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"organisation": ""}, "organisation"),
        ({"subject": "x" * 151}, "subject"),
        ({"edition": "second"}, "edition"),
        ({"period_from": ""}, "period_from"),
        ({"period_from": "early"}, "period_from"),
        ({"period_until": "2020-08-01T00:00"}, "period_until"),
    ],
)
def test_a_wrong_report_names_its_field_and_keeps_the_text(
    desk: Desk, wrong: dict[str, str], field: str
) -> None:
    report = reported(desk)
    response = desk.client.post(address(report.incident), written(report, cause="Keep me.", **wrong))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "Keep me." in response.content.decode()
    report.refresh_from_db()
    assert report.cause == ""


def test_another_persons_save_is_shown_beside_the_own_text_and_not_overwritten(desk: Desk) -> None:
    report = reported(desk)
    mine = written(report, cause="My cause.")
    desk.client.post(address(report.incident), written(report, cause="Their cause."))
    response = desk.client.post(address(report.incident), mine)
    html = response.content.decode()
    assert response.status_code == 409
    assert "My cause." in html
    assert "Their cause." in html
    report.refresh_from_db()
    assert report.cause == "Their cause."
    mine["base_cause"] = response.context["form"].base("cause")
    mine |= {name: value for name, value in bases(report).items() if name != "base_cause"}
    assert desk.client.post(address(report.incident), mine).status_code == 302
    report.refresh_from_db()
    assert report.cause == "My cause."


def test_two_people_in_different_sections_do_not_collide(desk: Desk) -> None:
    report = reported(desk)
    mine = written(report, cause="My cause.", scope="")
    theirs = written(report, scope="Their scope.", cause="")
    for sent in (theirs, mine):
        assert desk.client.post(address(report.incident), sent).status_code == 302
    report.refresh_from_db()
    assert (report.cause, report.scope) == ("My cause.", "Their scope.")


def test_the_preview_shows_what_is_typed_and_saves_nothing(desk: Desk) -> None:
    report = reported(desk)
    sent = written(report, cause="Typed(*4).\n\n(*4) A note.", preview="1")
    html = desk.client.post(address(report.incident), sent).content.decode()
    assert 'href="#note-1"' in html
    report.refresh_from_db()
    assert report.cause == ""


def test_footnotes_are_numbered_anew_over_all_sections_when_saved(desk: Desk) -> None:
    report = reported(desk)
    sent = written(report, what_happened="First(*2).\n\n(*2) One.", cause="Second(*1).\n\n(*1) Two.")
    desk.client.post(address(report.incident), sent)
    report.refresh_from_db()
    assert report.what_happened == "First(*1).\n\n(*1) One."
    assert report.cause == "Second(*2).\n\n(*2) Two."


def test_the_preview_is_the_report_as_readers_get_it(desk: Desk) -> None:
    report = reported(desk)
    desk.client.post(address(report.incident), written(report, cause="A **full** disk."))
    html = desk.client.get(address(report.incident, "preview/")).content.decode()
    assert "<strong>full</strong>" in html
    assert "Entry 0." in html


def issued_as(report: Report, **values: str) -> dict[str, str]:
    """The form of the issue, filled in."""
    return {"issued_on": "2020-10-08", "reach": "audience", "version": str(report.version), **values}


def test_the_report_is_issued_with_its_number_and_stands(desk: Desk) -> None:
    make.subscriber(desk.page)
    report = reported(desk)
    desk.client.post(address(report.incident), written(report))
    report.refresh_from_db()
    shown = desk.client.get(address(report.incident, "issue/")).content.decode()
    assert "those whom the incident concerned are told (1 person)" in shown
    html = desk.client.post(
        address(report.incident, "issue/"), issued_as(report), follow=True
    ).content.decode()
    assert "SVC2020100801 is issued." in html
    assert Delivery.objects.get().notice.kind == "report"
    report.refresh_from_db()
    assert report.issued_by == desk.staff
    response = desk.client.post(address(report.incident), written(report, cause="Something else."))
    assert "SVC2020100801 is issued; its text can no longer be changed" in response.content.decode()


def test_a_claim_keeps_the_report_from_being_issued_until_somebody_vouches_for_it(desk: Desk) -> None:
    report = reported(desk)
    desk.client.post(address(report.incident), written(report, scope="No data was lost."))
    response = desk.client.post(address(report.incident, "issue/"), issued(report))
    assert response.status_code == 422
    assert "“No data was lost.” needs somebody who vouches for it" in response.content.decode()
    claim = name_claim("nothing_lost", "No data was lost.")
    desk.client.post(address(report.incident, "claims/"), {"claim": claim})
    desk.client.post(address(report.incident, "issue/"), issued(report))
    report.refresh_from_db()
    assert report.confirmed[claim]["by"] == "担当 太郎"
    assert report.number


def test_an_empty_part_keeps_the_report_from_being_issued_and_is_named(desk: Desk) -> None:
    report = reported(desk)
    desk.client.post(address(report.incident), written(report, cause=""))
    report.refresh_from_db()
    response = desk.client.post(address(report.incident, "issue/"), issued_as(report))
    assert response.status_code == 422
    assert "Cause: this part of the report is empty" in response.content.decode()
    report.refresh_from_db()
    assert report.number is None


def test_a_wrong_date_of_issue_is_refused_at_its_field(desk: Desk) -> None:
    report = reported(desk)
    response = desk.client.post(address(report.incident, "issue/"), {"issued_on": "tomorrow"})
    assert response.status_code == 422
    assert "Enter a date, such as 2020-10-08." in response.content.decode()


@pytest.mark.parametrize(
    "rest", ["lines/", "lines/take-up/", "preview/", "issue/", "state/", "live/", "save/"]
)
def test_without_a_report_its_parts_are_not_found(desk: Desk, rest: str) -> None:
    incident = resolved(desk)
    asks = rest in ("lines/", "preview/", "issue/", "state/")
    method = desk.client.get if asks else desk.client.post
    assert method(address(incident, rest)).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_timeline(desk: Desk) -> None:
    small, large = reported(desk, entries=1), reported(desk, entries=3)
    with CaptureQueriesContext(connection) as one:
        desk.client.get(address(small.incident))
    with CaptureQueriesContext(connection) as three:
        desk.client.get(address(large.incident))
    assert len(three) == len(one)
