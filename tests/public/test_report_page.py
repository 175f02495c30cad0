"""A report as readers find it: the newest edition, the earlier ones, their files, and what was withdrawn."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions import log
from incidents.lib import times
from incidents.models import Figure, Incident, Page, Report
from incidents.queries.published import report_keys
from incidents.reports import issue
from incidents.snapshots.catalogue import find_file, sources
from incidents.snapshots.site import Site
from tests import make, make_report
from tests.lib.shown_words import show_words
from tests.make import jst
from tests.make_report import draft, issued, resolved, revised

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", languages=["ja"])


@pytest.fixture
def incident(page: Page) -> Incident:
    return resolved(page)


def get(address: str) -> str:
    response = Client().get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def words(address: str) -> str:
    return " ".join(show_words(get(address).partition("<main")[2]))


def test_the_page_shows_what_was_issued_while_the_next_edition_is_written(incident: Incident) -> None:
    report = issued(draft(incident))
    before = get(f"/reports/{report.number}")
    report = issue.begin_revision(report)
    Report.objects.filter(pk=report.pk).update(cause="まだ公開していない文章")
    assert get(f"/reports/{report.number}") == before
    assert "まだ公開していない文章" not in get(f"/reports/{report.number}.txt")
    assert f"/reports/{report.number}" in get(f"/incidents/{incident.reference}")
    assert f"/reports/{report.number}" in get("/sitemap.xml")
    assert str(report.number) in get("/")


def test_the_page_does_not_follow_the_record_once_it_is_issued(incident: Incident) -> None:
    report = issued(draft(incident))
    before = get(f"/reports/{report.number}.txt")
    incident.log.update(happened_at=jst("2020-09-04 12:47"))
    assert get(f"/reports/{report.number}.txt") == before


def test_a_revision_is_shown_with_what_changed_and_the_earlier_one_beside_it(incident: Incident) -> None:
    report = revised(issued(draft(incident)), changes="原因の記載を改めました。")
    newest = get(f"/reports/{report.number}")
    assert "別の原因です。" in newest
    assert "原因の記載を改めました。" in newest
    assert f'href="/reports/{report.number}/1"' in newest
    assert "<del>" in newest and "<ins>" in newest
    earlier = get(f"/reports/{report.number}/1")
    assert "ディスクが一杯になりました。" in earlier
    assert f'href="/reports/{report.number}"' in earlier
    assert 'content="noindex"' in earlier
    assert f"/reports/{report.number}/1" not in get("/sitemap.xml")


def test_it_is_read_in_every_form(incident: Incident) -> None:
    report = issued(draft(incident))
    for ending, begins in (("txt", "2"), ("md", "2"), ("pdf", "%PDF"), ("docx", "PK")):
        response = Client().get(f"/reports/{report.number}.{ending}")
        assert response.status_code == 200
        assert response.content.startswith(begins.encode())
        assert f'href="/reports/{report.number}.{ending}"' in get(f"/reports/{report.number}")
    assert Client().get(f"/reports/{report.number}.pdf")["Content-Type"] == "application/pdf"


def test_both_languages_have_their_own_words_and_files() -> None:
    page = make.page(host="testserver")
    report = draft(resolved(page))
    Report.objects.filter(pk=report.pk).update(
        texts={"en": {"what_happened": "Searches were late.", "cause": "A full disk."}}
    )
    report = issued(report)
    english = get(f"/en/reports/{report.number}")
    assert "Searches were late." in english
    assert "日本語のみ" not in english and "Japanese only" in english  # the scope was not translated
    assert "検索の結果が遅れました。" in get(f"/reports/{report.number}")
    assert "Japanese only" not in get(f"/reports/{report.number}")
    pdf, english_pdf = (Client().get(f"{way}/reports/{report.number}.pdf").content for way in ("", "/en"))
    assert pdf != english_pdf


def test_what_is_only_for_customers_is_nowhere_on_the_page(incident: Incident) -> None:
    report = issued(draft(incident), reach="customers")
    for ending in ("", ".txt", ".pdf"):
        assert Client().get(f"/reports/{report.number}{ending}").status_code == 404
    for address in (
        "/",
        f"/incidents/{incident.reference}",
        "/sitemap.xml",
        "/history.atom",
        "/history/2020-09",
    ):
        assert str(report.number) not in get(address)
    assert str(report.number) not in get("/api/v2/incidents.json")


def test_a_later_edition_only_for_customers_leaves_the_earlier_one_on_the_page(incident: Incident) -> None:
    report = issue.begin_revision(issued(draft(incident)))
    Report.objects.filter(pk=report.pk).update(cause="お客様だけの原因")
    issued(report, reach="customers", changes="詳細です。")
    assert "お客様だけの原因" not in get(f"/reports/{report.number}")


def test_what_was_withdrawn_keeps_its_address_with_mark_day_and_reason(incident: Incident) -> None:
    report = issued(draft(incident))
    assert json.loads(get("/api/v2/incidents.json"))["incidents"][0]["status"] == "postmortem"
    with times.at(datetime(2030, 1, 2, tzinfo=UTC)):
        issue.withdraw(report, because="数値に誤りがありました。")
    shown = words(f"/reports/{report.number}")
    for part in ("取り下げ", "2030年1月2日", "数値に誤りがありました。", "ディスクが一杯になりました。"):
        assert part in shown
    assert get(f"/reports/{report.number}.txt").startswith("【取り下げ】")
    assert "取り下げ" in words(f"/incidents/{incident.reference}")
    assert f"/reports/{report.number}" not in get("/sitemap.xml")
    assert str(report.number) not in get("/")
    assert json.loads(get("/api/v2/incidents.json"))["incidents"][0]["status"] == "resolved"


def test_what_was_withdrawn_with_its_text_leaves_only_that(incident: Incident) -> None:
    report = issued(draft(incident))
    issue.withdraw(report, because="他社の情報を含みました。", shows_text=False)
    html = get(f"/reports/{report.number}")
    assert "他社の情報を含みました。" in html
    assert "ディスクが一杯" not in html
    for ending in ("txt", "md", "pdf", "docx"):
        assert Client().get(f"/reports/{report.number}.{ending}").status_code == 404


def test_what_was_withdrawn_stands_marked_beside_what_replaces_it(incident: Incident) -> None:
    report = issue.withdraw(issued(draft(incident)), because="誤り")
    report = revised(report, changes="再発行します。")
    newest = words(f"/reports/{report.number}")
    assert "別の原因です。" in newest and "再発行します。" in newest
    assert "本報告書は" not in newest
    assert "取り下げ" in words(f"/reports/{report.number}/1")


def test_pictures_are_files_named_by_what_they_show(incident: Incident) -> None:
    report = draft(incident, cause='原因\n\n![図の説明](figure:acme-console "図1 画面")')
    image = make_report.png()
    make_report.figure(report, "acme-console", image=image)
    report = issued(report)
    Figure.objects.all().delete()
    html = get(f"/reports/{report.number}")
    address = html.partition('<img src="')[2].partition('"')[0]
    assert address.startswith(f"/reports/{report.number}/figures/")
    assert "acme" not in html
    response = Client().get(address)
    assert (response.content, response["Content-Type"]) == (image, "image/png")


def test_the_keys_cost_the_same_for_one_report_and_for_three(page: Page) -> None:
    issued(draft(resolved(page)))
    one = queries_of_keys(page)
    for _ in range(2):
        revised(issued(draft(resolved(page))))
    assert queries_of_keys(page) == one


def queries_of_keys(page: Page) -> int:
    with CaptureQueriesContext(connection) as made:
        report_keys(page)
    return len(made)


def test_the_front_page_and_incidents_cost_the_same_however_many_reports(page: Page) -> None:
    first = issued(draft(resolved(page)))
    one = queries_of_incidents(page)
    for _ in range(2):
        revised(issued(draft(resolved(page))))
    assert first.number
    assert queries_of_incidents(page) == one


def queries_of_incidents(page: Page) -> int:
    site = Site(page, times.now())
    with CaptureQueriesContext(connection) as made:
        site.load(site.incidents)
        assert site.overview.reports
    return len(made)


def test_what_is_not_changed_is_not_written_again(incident: Incident) -> None:
    report = issued(draft(incident))
    before = keys_of(incident.page)
    log.add_entry(incident, text="後の調査")
    issue.begin_revision(report)
    assert keys_of(incident.page) == before


def keys_of(page: Page) -> dict[str, str]:
    found = sources(Site(page, jst("2020-10-08 10:00")))
    return {source.name: source.key for source in found if source.name.startswith("report")}


def test_every_address_of_a_report_is_answered_by_what_is_listed(incident: Incident) -> None:
    revised(issued(draft(incident)))
    site = Site(incident.page, times.now())
    listed = [a for source in sources(site) if source.name.startswith("report") for a in source.addresses]
    assert len(listed) == 6
    assert all(find_file(site, address) for address in listed)


def test_another_page_that_shows_the_incident_shows_its_report(incident: Incident) -> None:
    report = issued(draft(incident))
    other = make.page(host="other.example.com", languages=["en"])
    other.also_shows.set([report.service])
    response = Client().get(f"/reports/{report.number}", headers={"host": "other.example.com"})
    assert response.status_code == 200
    pdf = Client().get(f"/reports/{report.number}.pdf", headers={"host": "other.example.com"})
    assert pdf.content.startswith(b"%PDF")
    assert make_report.edition(report, 1)
