import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.lib.xml import clean, document, element
from incidents.models import Incident, Page
from incidents.snapshots.edition import Edition
from incidents.snapshots.feeds.entries import maintenance_entry
from tests import make
from tests.lib.hostile_text import hostile_text, patient
from tests.snapshots.plan import plan
from tests.snapshots.v2.scene import NOW, issue, told, watched

pytestmark = pytest.mark.django_db
FEEDS = ("/history.atom", "/history.rss", "/en/history.atom", "/en/history.rss")
HOSTILE = 'a ]]> <b>&amp; "quoted" \x07\ufffe \U0001f600 \u202e x'


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", name="稼働状況")


def get(address: str) -> bytes:
    with times.at(NOW):
        response = Client().get(address)
    assert response.status_code == 200
    return bytes(response.content)


def read(address: str) -> Any:
    feed = feedparser.parse(get(address))
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def content(entry: Any) -> str:
    return str(entry.content[0].value if "content" in entry else entry.summary)


def raw_content(address: str) -> str:
    """As it is written: feedparser would clean it."""
    root = ET.fromstring(get(address))
    found = root.find(".//{http://www.w3.org/2005/Atom}content")
    text = root.find(".//item/description") if found is None else found
    assert text is not None and text.text
    return text.text


@pytest.mark.parametrize("address", FEEDS)
def test_an_empty_page_has_an_empty_feed(page: Page, address: str) -> None:
    feed = read(address)
    assert feed.entries == [] and feed.feed.title and feed.feed.link.startswith("http")


@pytest.mark.parametrize(("address", "kind"), [("/history.atom", "atom"), ("/history.rss", "rss")])
def test_a_feed_says_what_it_is(page: Page, address: str, kind: str) -> None:
    told(page, {watched(page): "degraded"}, "investigating")
    assert Client().get(address)["Content-Type"] == f"application/{kind}+xml; charset=utf-8"
    assert read(address).feed.title == "稼働状況 － 障害・メンテナンス履歴"
    assert read(f"/en{address}").feed.title == "稼働状況 - Incident History"


def test_atom_names_entries_by_a_number_that_stays(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"}, "investigating")
    feed, english = read("/history.atom"), read("/en/history.atom")
    entry = feed.entries[0]
    assert feed.feed.id == "tag:testserver,2005:/history"
    assert entry.id == f"tag:testserver,2005:Incident/{incident.pk}"
    assert english.entries[0].id == f"tag:testserver,2005:/en/Incident/{incident.pk}"
    assert entry.link.endswith(f"/incidents/{incident.reference}")
    assert english.entries[0].link.endswith(f"/en/incidents/{incident.reference}")
    assert (entry.published, entry.updated) == ("2020-09-04T03:00:00Z", "2020-09-04T03:00:00Z")


def test_rss_dates_an_item_by_its_newest_update_in_the_zone_of_the_page(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"}, "investigating", "resolved")
    item = read("/history.rss").entries[0]
    assert item.published == "Fri, 04 Sep 2020 12:10:00 +0900"
    assert item.id == item.link and item.id.endswith(f"/incidents/{incident.reference}")


@pytest.mark.parametrize(
    ("address", "labels", "date"),
    [
        (
            "/en/history.atom",
            ["Resolved", "Monitoring", "Update", "Investigating"],
            "Sep <var data-var='date'>4</var>, <var data-var='time'>12:30</var> JST",
        ),
        (
            "/history.rss",
            ["Resolved", "Monitoring", "Update", "Investigating"],
            "9月<var data-var='date'>4</var>日 <var data-var='time'>12:30</var>（日本時間）",
        ),
    ],
)
def test_an_entry_is_a_paragraph_an_update_newest_first(
    page: Page, address: str, labels: list[str], date: str
) -> None:
    told(page, {watched(page): "degraded"}, "investigating", "investigating", "monitoring", "resolved")
    html = raw_content(address)
    assert re.findall(r"<strong>(.*?)</strong>", html) == labels
    assert html.startswith(f"<p><small>{date}</small><br><strong>Resolved</strong>")
    assert html.count("<p>") == 4 and html.endswith(" - 調査しております。</p>")


def test_what_people_read_beside_the_english_word_is_in_the_language_of_the_feed(page: Page) -> None:
    told(page, {watched(page): "degraded"}, "investigating", "investigating")
    assert "<strong>Update</strong>（続報）" in raw_content("/history.atom")
    assert "<strong>Investigating</strong>（調査中）" in raw_content("/history.atom")
    assert "（" not in raw_content("/en/history.atom")


def test_words_that_begin_with_a_list_keep_their_paragraphs(page: Page) -> None:
    incident = told(page, {watched(page): "degraded"})
    with times.at(NOW):
        make.update(incident, body="- one\n- two")
    assert "<strong>Investigating</strong>（調査中） - </p><ul>" in raw_content("/history.atom")


def test_an_issued_report_is_told_with_its_address(page: Page) -> None:
    issue(told(page, {watched(page): "degraded"}, "investigating", "resolved"))
    entry = read("/en/history.atom").entries[0]
    assert content(entry).index("Postmortem") < content(entry).index("Resolved")
    assert "/en/reports/SVC2020090501" in content(entry)
    assert read("/history.rss").entries[0].published == "Sat, 05 Sep 2020 12:00:00 +0900"


def test_the_newest_fifty_come_newest_first(page: Page) -> None:
    service = watched(page)
    for number in range(52):
        began = f"{NOW - timedelta(days=60 - number):%Y-%m-%d %H:%M}"
        Incident.objects.filter(pk=told(page, {service: "degraded"}, "investigating", began=began).pk).update(
            title=f"number {number}"
        )
    for address in FEEDS:
        assert [entry.title for entry in read(address).entries] == [f"number {n}" for n in range(51, 1, -1)]


def test_updated_never_goes_back(page: Page) -> None:
    """Not even when an update is corrected to have happened earlier, or a clock was set back."""
    incident = told(page, {watched(page): "degraded"}, "investigating", "identified")
    seen = [updated()]
    changes = [
        (
            make.jst("2020-09-04 12:40"),
            Draft(stage="identified", body="x", happened_at=make.jst("2020-09-04 12:05")),
        ),
        (make.jst("2020-09-04 12:20"), Draft(stage="identified", body="y")),
    ]
    for at, draft in changes:
        with times.at(at):
            edit_update(incident.updates.get(number=2), draft)
        seen.append(updated())
    assert seen == sorted(seen) and seen[0] < seen[1] == seen[2]


def updated() -> datetime:
    feed = read("/history.atom")
    assert feed.feed.updated == feed.entries[0].updated
    return datetime.fromisoformat(feed.entries[0].updated)


@pytest.mark.parametrize("address", FEEDS)
def test_hostile_titles_and_names_leave_the_feed_whole(address: str) -> None:
    page = make.page(host="testserver")
    Page.objects.update(name=HOSTILE, organisation=HOSTILE)
    incident = told(page, {watched(page, name=HOSTILE): "degraded"}, "investigating")
    Incident.objects.filter(pk=incident.pk).update(title=HOSTILE)
    assert len(read(address).entries) == 1
    titles = [one.text for one in ET.fromstring(get(address)).iter() if one.tag.endswith("title")]
    assert titles[-1] == clean(HOSTILE) == 'a ]]> <b>&amp; "quoted"  \U0001f600 \u202e x'


@patient
@given(text=st.one_of(hostile_text(), st.text(max_size=30)))
def test_no_text_breaks_xml(text: str) -> None:
    made = element("a", text, href=text)
    made.append(element("b", text))
    assert ET.fromstring(document(made)).tag == "a"


@pytest.mark.parametrize("address", FEEDS[:2])
def test_feeds_cost_the_same_queries_for_one_and_for_three(page: Page, address: str) -> None:
    told(page, {watched(page): "degraded"}, "investigating")
    once = count_queries(address)
    for _ in range(2):
        told(page, {watched(page): "degraded"}, "investigating", "identified")
    assert count_queries(address) == once


def count_queries(address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(address)
    return len(queries)


@pytest.mark.parametrize(
    ("language", "window"),
    [
        ("ja", "予定日時：2020年9月10日（木）01:00 ～ 03:00（日本時間）"),
        ("en", "Scheduled window: 10 September 2020, 01:00 – 03:00 JST"),
    ],
)
def test_a_maintenance_begins_with_its_window(page: Page, language: str, window: str) -> None:
    with translation.override(language):
        html = maintenance_entry(
            plan("scheduled", "in_progress", "cancelled"), Edition(page, language, NOW)
        ).html
    assert html.startswith(f"<p>{window}</p><p><small>")
    assert re.findall(r"<strong>(.*?)</strong>", html) == ["Cancelled", "In progress", "Scheduled"]
