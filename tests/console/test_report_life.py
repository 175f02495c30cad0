"""The screens between the draft and the issue, and after it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions.customer import create_customer
from incidents.actions.log import add_entry
from incidents.actions.page import change_settings
from incidents.models import Report, ReportLink
from tests import make, make_report
from tests.console.conftest import Desk
from tests.make_report import draft, issued, resolved, revised

pytestmark = pytest.mark.django_db


def address(report: Report, rest: str = "") -> str:
    return f"/console/incidents/{report.incident.reference}/report/{rest}"


def step(desk: Desk, report: Report, name: str, **values: str) -> str:
    report.refresh_from_db()
    sent = {"version": str(report.version), **values}
    return desk.client.post(address(report, f"step/{name}/"), sent, follow=True).content.decode()


@pytest.fixture
def report(desk: Desk) -> Report:
    return draft(resolved(desk.page), writer=make_report.staff("writer"))


def test_it_is_handed_in_checked_and_approved_by_clicks(desk: Desk, report: Report) -> None:
    change_settings(desk.page, {"four_eyes": True})
    assert 'id="request-review"' in desk.client.get(address(report)).content.decode()
    assert "handed in for review" in step(desk, report, "review")
    assert "You have checked the report." in step(desk, report, "check")
    html = step(desk, report, "approve")
    assert "You have approved the report." in html
    report.refresh_from_db()
    assert report.state == "approved"
    assert "writer" in html and str(desk.staff) in html


def test_the_writer_is_told_that_somebody_else_must_approve(desk: Desk) -> None:
    change_settings(desk.page, {"four_eyes": True})
    report = draft(resolved(desk.page), writer=desk.staff)
    step(desk, report, "review")
    assert "somebody else must approve what you have written" in step(desk, report, "approve")


def test_it_is_sent_back_with_a_reason_that_stands_on_the_screen(desk: Desk, report: Report) -> None:
    step(desk, report, "review")
    html = step(desk, report, "send-back", because="The dates are wrong.")
    assert "Sent back by" in html and "The dates are wrong." in html
    step(desk, report, "review")
    html = step(desk, report, "send-back", because=" ")
    assert "expected a reason" in html


def test_a_text_that_changed_meanwhile_is_not_signed(desk: Desk, report: Report) -> None:
    step(desk, report, "review")
    Report.objects.filter(pk=report.pk).update(version=99)
    html = desk.client.post(address(report, "step/approve/"), {"version": "3"}, follow=True).content.decode()
    assert "someone else saved this report meanwhile" in html
    assert desk.client.post(address(report, "step/dance/"), {"version": "3"}).status_code == 404
    assert "meanwhile" in step(desk, report, "approve", version="x")


def issue_form(report: Report, **values: str) -> dict[str, str]:
    report.refresh_from_db()
    return {"issued_on": "2020-10-08", "reach": "quiet", "version": str(report.version), **values}


def test_the_issue_says_how_many_are_told_by_each_choice(desk: Desk, report: Report) -> None:
    make.subscriber(desk.page)
    make.subscriber(desk.page, None, make.service(desk.page))
    html = desk.client.get(address(report, "issue/")).content.decode()
    assert "all subscribers are told (2 people)" in html
    assert "concerned are told (1 person)" in html


def test_an_issue_of_a_text_that_nobody_looked_at_is_refused(desk: Desk, report: Report) -> None:
    sent = issue_form(report, version="1")
    response = desk.client.post(address(report, "issue/"), sent)
    assert response.status_code == 422
    assert "someone else saved this report meanwhile" in response.content.decode()


def test_a_report_for_customers_leads_on_to_their_links(desk: Desk, report: Report) -> None:
    response = desk.client.post(address(report, "issue/"), issue_form(report, reach="customers"))
    assert response["Location"] == address(report, "links/")


def test_a_revision_asks_again_who_is_told_and_what_has_changed(desk: Desk, report: Report) -> None:
    issued(report)
    desk.client.post(address(report, "revise/"), {"edition": "final"})
    report.refresh_from_db()
    assert (report.state, report.revision) == ("draft", 2)
    html = desk.client.get(address(report, "issue/")).content.decode()
    assert "checked" not in html.partition('id="reach-choice"')[2].partition("</fieldset>")[0]
    response = desk.client.post(address(report, "issue/"), issue_form(report, changes=""))
    assert response.status_code == 422
    sent = issue_form(report, changes="The cause.", issued_on="2030-01-01")
    assert desk.client.post(address(report, "issue/"), sent).status_code == 302
    assert report.editions.count() == 2


def test_the_differences_of_any_two_editions_are_shown(desk: Desk, report: Report) -> None:
    revised(issued(report))
    html = desk.client.get(address(report, "editions/?old=1&new=2")).content.decode()
    assert "<del>" in html and "<ins>" in html
    assert "They say the same." in desk.client.get(address(report, "editions/?old=2")).content.decode()
    assert desk.client.get(address(report, "editions/?old=7")).status_code == 404


def test_it_shows_where_the_record_has_moved_on_since_the_issue(desk: Desk, report: Report) -> None:
    issued(report)
    add_entry(report.incident, text="A late find.")
    html = desk.client.get(address(report)).content.decode()
    assert "The log has 1 line that is newer than the report." in html
    report.service.name = "Renamed Archive"
    report.service.save()
    html = desk.client.get(address(report, "editions/")).content.decode()
    assert "Renamed" in html


@pytest.mark.parametrize(("ending", "begins"), [("txt", b"2"), ("pdf", b"%PDF"), ("docx", b"PK")])
def test_an_edition_is_downloaded_as_it_was_issued(
    desk: Desk, report: Report, ending: str, begins: bytes
) -> None:
    issued(report)
    response = desk.client.get(address(report, f"editions/1/{ending}/"))
    assert response.content.startswith(begins)
    assert response["Content-Disposition"].endswith(f'-1.{ending}"')
    assert desk.client.get(address(report, f"editions/2/{ending}/")).status_code == 404


def test_it_is_withdrawn_with_a_reason(desk: Desk, report: Report) -> None:
    issued(report)
    response = desk.client.post(address(report, "withdraw/"), {"because": ""})
    assert response.status_code == 422
    sent = {"because": "A wrong figure.", "shows_text": "on"}
    html = desk.client.post(address(report, "withdraw/"), sent, follow=True).content.decode()
    assert "is withdrawn." in html
    edition = report.editions.get()
    assert (edition.withdrawn_because, edition.shows_text) == ("A wrong figure.", True)


def test_a_customer_s_link_is_made_copied_and_revoked(desk: Desk, report: Report) -> None:
    issued(report, reach="customers")
    customer = create_customer(desk.page, name="Kokyaku")
    sent = {"customer": str(customer.pk), "days": "30"}
    html = desk.client.post(address(report, "links/"), sent, follow=True).content.decode()
    link = ReportLink.objects.get()
    assert "/shared/" in html and "not opened yet" in html and link.made_by == desk.staff
    html = desk.client.post(address(report, f"links/{link.pk}/revoke/"), follow=True).content.decode()
    assert "Revoked" in html and "/shared/" not in html


@pytest.mark.parametrize("wrong", [{"days": "0"}, {"days": "400"}, {"customer": "0"}])
def test_a_wrong_link_is_refused_at_its_field(desk: Desk, report: Report, wrong: dict[str, str]) -> None:
    customer = create_customer(desk.page, name="Kokyaku")
    sent = {"customer": str(customer.pk), "days": "30", **wrong}
    response = desk.client.post(address(report, "links/"), sent)
    assert response.status_code == 422
    assert next(iter(wrong)) in response.context["form"].errors


def test_the_links_of_another_report_are_not_revoked_here(desk: Desk, report: Report) -> None:
    other = issued(draft(resolved(make.page(host="o.example.com", languages=["ja"]))))
    link = ReportLink.objects.create(
        report=other,
        customer=create_customer(other.incident.page, name="x"),
        nonce="n",
        expires_at=timezone.now(),
        made_at=timezone.now(),
    )
    assert desk.client.post(address(report, f"links/{link.pk}/revoke/")).status_code == 404


def test_the_settings_ask_for_a_second_person_and_a_letterhead(desk: Desk) -> None:
    html = desk.client.get("/console/page/").content.decode()
    assert 'name="four_eyes"' in html and 'name="letterhead"' in html


def test_the_queries_of_the_editions_do_not_grow(desk: Desk, report: Report) -> None:
    issued(report)
    one = queries(desk, report, "editions/")
    for _ in range(2):
        revised(Report.objects.get(pk=report.pk))
    assert queries(desk, report, "editions/") == one


def queries(desk: Desk, report: Report, rest: str) -> int:
    with CaptureQueriesContext(connection) as made:
        desk.client.get(address(report, rest))
    return len(made)
