"""What a customer sees of a report, by its link."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from incidents.actions.customer import create_customer
from incidents.actions.page import set_visibility
from incidents.actions.report_link import make_report_link, revoke_report_link
from incidents.models import Page, Report, ReportLink
from incidents.queries.report_links import link_token
from incidents.reports import issue
from tests import make, make_report
from tests.make_report import draft, issued, resolved, revised

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", languages=["ja"])


@pytest.fixture
def link(page: Page) -> ReportLink:
    report = draft(resolved(page), cause='Acme社の回線。\n\n![画面](figure:screen "図1")')
    make_report.figure(report, "screen", image=make_report.png())
    Report.objects.filter(pk=report.pk).update(parties=[{"name": "Acme社", "mask": "回線事業者"}])
    report = issued(report, reach="customers")
    return make_report_link(report, create_customer(page, name="株式会社顧客"), days=30)


def address(link: ReportLink, name: str = "") -> str:
    return f"/shared/{link_token(link)}{name}"


def test_opening_the_address_shows_whom_it_is_for_and_notes_nothing(link: ReportLink) -> None:
    response = Client().get(address(link))
    html = response.content.decode()
    assert "株式会社顧客" in html and str(link.report.number) in html
    assert "Acme社" not in html
    assert 'content="noindex, nofollow"' in html
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("private, no-store", "noindex")
    link.refresh_from_db()
    assert link.opened_at is None


def test_the_button_shows_the_report_by_name_and_notes_it(link: ReportLink) -> None:
    html = Client().post(address(link)).content.decode()
    assert "Acme社の回線。" in html
    link.refresh_from_db()
    assert link.opened_at


def test_its_files_are_by_name_too(link: ReportLink) -> None:
    assert "Acme社の回線。" in Client().get(address(link, "/report.txt")).content.decode()
    for ending, begins in (("pdf", b"%PDF"), ("docx", b"PK")):
        response = Client().get(address(link, f"/report.{ending}"))
        assert response.content.startswith(begins)
        assert response["Cache-Control"] == "private, no-store"
        assert f"{link.report.number}.{ending}" in response["Content-Disposition"]
    html = Client().post(address(link)).content.decode()
    figure = re.search(r'<img src="([^"]+)"', html)
    assert figure
    assert Client().get(figure[1]).content == make_report.png()


@pytest.mark.parametrize("name", ["/report.html", "/report", "/other.pdf", "/figure-00000000000000000000"])
def test_what_it_has_not_is_not_found(link: ReportLink, name: str) -> None:
    assert Client().get(address(link, name)).status_code == 404


def test_it_leads_to_the_newest_edition(link: ReportLink) -> None:
    revised(link.report, reach="customers")
    html = Client().post(address(link)).content.decode()
    assert "別の原因です。" in html and "原因を改めました。" in html


@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_a_link_that_ended_says_so_politely_and_shows_nothing(link: ReportLink, end: str) -> None:
    if end == "revoked":
        revoke_report_link(link)
    with time_machine.travel(timezone.now() + timedelta(days=31 if end == "expired" else 0), tick=False):
        for answer in (Client().get(address(link)), Client().post(address(link))):
            assert answer.status_code == 410
            assert "新しいリンク" in answer.content.decode()
            assert "Acme" not in answer.content.decode()
        assert Client().get(address(link, "/report.pdf")).status_code == 410
    link.refresh_from_db()
    assert link.opened_at is None


def test_a_link_that_nobody_made_is_not_found(page: Page) -> None:
    for token in ("00" * 30, "x"):
        assert Client().get(f"/shared/{token}").status_code == 404
        assert Client().get(f"/shared/{token}/report.pdf").status_code == 404


def test_a_link_works_on_its_own_page_only(link: ReportLink) -> None:
    make.page(host="other.example.com")
    assert Client().get(address(link), headers={"host": "other.example.com"}).status_code == 404


def test_what_was_withdrawn_says_so(link: ReportLink) -> None:
    issue.withdraw(link.report, because="数値の誤り", shows_text=False)
    html = Client().post(address(link)).content.decode()
    assert "数値の誤り" in html
    assert "Acme社" not in html
    assert Client().get(address(link, "/report.pdf")).status_code != 200


def test_before_the_issue_it_says_that_the_report_is_not_there(page: Page) -> None:
    report = draft(resolved(page))
    link = make_report_link(report, create_customer(page, name="顧客"), days=3)
    assert Client().get(address(link)).status_code == 404


def test_on_a_private_page_the_link_opens_the_report_and_nothing_else(link: ReportLink, page: Page) -> None:
    set_visibility(page, "private", password="open sesame")
    assert Client().get(address(link)).status_code == 200
    assert Client().get(address(link, "/report.txt")).status_code == 200
    assert Client().get("/shared/00").status_code == 403
    assert Client().get("/").status_code == 403
