"""What stands beside a report's texts: figures, third parties, a proposed scope, the page's own words."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.actions.customer import create_customer, edit_customer
from incidents.actions.report import draft_report
from incidents.actions.report_figure import add_figure
from incidents.actions.report_text import write_report
from incidents.models import AuditEntry, Figure, ReportTemplate
from tests import make
from tests.console.conftest import Desk
from tests.console.test_report_screen import address, reported, resolved
from tests.lib.test_images import picture

SCRIPT = {"HTTP_HX_REQUEST": "true"}


def upload(data: bytes, *, media_type: str = "image/png", **values: str) -> dict[str, Any]:
    told = {"alternative": "推移", "caption": "図1"}
    return {"figure": SimpleUploadedFile("a.png", data, content_type=media_type), **told, **values}


def test_a_figure_is_kept_and_the_script_gets_its_markdown(desk: Desk) -> None:
    report = reported(desk)
    answer = desk.client.post(address(report.incident, "figures/"), upload(picture()), **SCRIPT)  # type: ignore[arg-type]
    assert json.loads(answer.content)["markdown"] == '![推移](figure:figure-1 "図1")'
    shown = desk.client.get(address(report.incident, "figures/figure-1/"))
    assert (shown["Content-Type"], shown.status_code) == ("image/png", 200)


def test_without_a_script_the_markdown_is_told(desk: Desk) -> None:
    report = reported(desk)
    html = desk.client.post(
        address(report.incident, "figures/"), upload(picture()), follow=True
    ).content.decode()
    assert "![推移](figure:figure-1" in html


def test_what_would_end_a_part_of_the_markdown_early_does_not(desk: Desk) -> None:
    report = reported(desk)
    sent = upload(picture(), alternative="a ] b", caption='c " d')
    answer = desk.client.post(address(report.incident, "figures/"), sent, **SCRIPT)  # type: ignore[arg-type]
    assert json.loads(answer.content)["markdown"] == '![a ］ b](figure:figure-1 "c ” d")'


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        (upload(b"<svg/>", media_type="image/svg+xml"), "figure", "SVG"),
        (upload(picture("JPEG")), "figure", "calls itself image/png but holds image/jpeg"),
        (upload(picture(), alternative=""), "alternative", "required"),
        (upload(picture(), caption=""), "caption", "required"),
    ],
)
def test_a_figure_that_is_refused_says_why(
    desk: Desk, sent: dict[str, Any], field: str, sentence: str
) -> None:
    report = reported(desk)
    sent["figure"].seek(0)
    answer = desk.client.post(address(report.incident, "figures/"), sent, **SCRIPT)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert sentence in json.loads(answer.content)["errors"][field]
    assert not Figure.objects.exists()


def test_a_draft_s_figure_is_for_staff_alone(desk: Desk) -> None:
    report = reported(desk)
    add_figure(report, picture(), claimed="image/png")
    assert Client().get(address(report.incident, "figures/figure-1/")).status_code == 302


def test_a_figure_is_removed_on_the_record(desk: Desk) -> None:
    report = reported(desk)
    add_figure(report, picture(), claimed="image/png")
    desk.client.post(address(report.incident, "figures/figure-1/remove/"))
    assert not Figure.objects.exists()
    assert AuditEntry.objects.get(action="remove_report_figure").actor == desk.staff


def test_third_parties_are_named_with_what_the_public_reads(desk: Desk) -> None:
    report = reported(desk)
    sent = {"name_0": "外部メール株式会社", "mask_0": "外部サービス事業者", "name_1": "", "mask_1": ""}
    desk.client.post(address(report.incident, "parties/"), sent)
    report.refresh_from_db()
    assert report.parties == [{"name": "外部メール株式会社", "mask": "外部サービス事業者"}]
    write_report(report, {("cause", "ja"): "外部メール株式会社の変更。"})
    html = desk.client.get(address(report.incident, "preview/")).content.decode()
    assert "外部サービス事業者の変更。" in html


def test_the_scope_is_proposed_from_services_customers_and_durations_where_it_is_empty(desk: Desk) -> None:
    report = reported(desk)
    customer = create_customer(desk.page, name="株式会社アクメ")
    edit_customer(customer, name=customer.name, service_ids=[report.service_id], conditions=(), contacts={})
    write_report(report, {("scope", "en"): "Written."})
    desk.client.post(address(report.incident, "scope/"))
    report.refresh_from_db()
    assert report.service.name in report.scope
    assert "2020年9月1日（火）9時00分から2020年9月8日（火）11時00分まで、170時間" in report.scope
    assert "（1社）" in report.scope
    assert report.texts["en"]["scope"] == "Written."


def test_a_claim_that_is_none_is_not_taken(desk: Desk) -> None:
    report = reported(desk)
    assert desk.client.post(address(report.incident, "claims/"), {"claim": "x"}).status_code == 400


def test_a_tick_is_taken_back(desk: Desk) -> None:
    report = reported(desk)
    for more in ({}, {"withdraw": "1"}):
        desk.client.post(address(report.incident, "claims/"), {"claim": "nothing_lost-0123456789ab", **more})
    report.refresh_from_db()
    assert report.confirmed == {}
    assert AuditEntry.objects.filter(action="confirm_report_claim").count() == 2


def test_new_drafts_begin_with_the_page_s_own_words_in_each_language(desk: Desk) -> None:
    desk.client.post("/console/page/reports/ja/", {"greeting": "平素より…", "measures": "検討中"})
    desk.client.post("/console/page/reports/en/", {"greeting": "Dear customers"})
    assert "平素より…" in desk.client.get("/console/page/reports/").content.decode()
    report = draft_report(resolved(desk))
    assert (report.greeting, report.measures, report.cause) == ("平素より…", "検討中", "")
    assert report.texts == {"en": {"greeting": "Dear customers"}}
    assert ReportTemplate.objects.count() == 2
    assert AuditEntry.objects.filter(action="set_report_template", actor=desk.staff).count() == 2


def test_a_language_that_the_page_has_not_has_no_words(desk: Desk) -> None:
    assert desk.client.get("/console/page/reports/fr/").status_code == 404


def test_a_report_of_another_page_is_not_found(desk: Desk) -> None:
    incident = make.incident(make.page())
    make.update(incident)
    draft_report(incident)
    assert desk.client.get(address(incident, "state/")).status_code == 404
