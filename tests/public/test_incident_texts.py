"""What an incident says to its readers: the recovery to come, corrections, and each text in their language."""

import html as entities
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.incident import correct_incident, promise_report
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Incident, Page, Service
from incidents.models.estimate import UNDECIDED, RecoveryEstimate, known
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")
SIX, EIGHT = jst("2020-09-04 18:00"), jst("2020-09-04 20:00")


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, slug="search", name="メール検索", description="検索の説明")


@pytest.fixture
def incident(service: Service) -> Incident:
    with times.at(NOON):
        onset = jst("2020-09-01 09:00")
        return make.incident(service.page, {service: "degraded"}, title="検索遅延", started_at=onset)


def tell(incident: Incident, minutes: int, stage: str = "investigating", **values: Any) -> None:
    with times.at(NOON + timedelta(minutes=minutes)):
        make.update(incident, stage, **values)


def read(address: str, *, at: str = "2020-09-04 13:00") -> str:
    with times.at(jst(at)):
        response = Client().get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def text_of(html: str) -> str:
    html = re.sub(r"</?time[^>]*>", "", html)
    return entities.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def address(incident: Incident, language: str = "") -> str:
    return f"{language}/incidents/{incident.reference}"


@pytest.mark.parametrize(
    ("estimate", "japanese", "english"),
    [
        (known(SIX), "18:00頃（日本時間）", "about 18:00 JST"),
        (known(SIX, EIGHT), "18:00 ～ 20:00（日本時間）", "18:00 – 20:00 JST"),
        (
            known(jst("2020-09-05 10:00")),
            "2020年9月5日（土）10:00頃（日本時間）",
            "about 5 September 2020, 10:00 JST",
        ),
        (
            known(SIX, jst("2020-09-05 10:00")),
            "18:00 ～ 2020年9月5日（土）10:00（日本時間）",
            "18:00 – 5 September 2020, 10:00 JST",
        ),
        (UNDECIDED, "未定", "Undecided"),
    ],
)
def test_an_open_incident_says_when_it_is_estimated_to_recover(
    incident: Incident, estimate: RecoveryEstimate, japanese: str, english: str
) -> None:
    tell(incident, 0, estimate=estimate)
    assert f"復旧見込み {japanese}" in text_of(read("/"))
    assert f"Estimated recovery {english}" in text_of(read("/en/"))


def test_an_estimate_that_has_passed_says_so(incident: Incident) -> None:
    tell(incident, 0, estimate=known(SIX))
    assert "過ぎています" not in text_of(read("/", at="2020-09-04 17:59")).split("復旧見込み")[1]
    assert "復旧見込み 18:00頃（日本時間） 予定を30分過ぎています" in text_of(
        read("/", at="2020-09-04 18:30")
    )


def test_a_changed_estimate_is_shown_as_a_change_in_the_update_that_changed_it(incident: Incident) -> None:
    tell(incident, 0, estimate=known(SIX))
    tell(incident, 5)
    tell(incident, 10, estimate=known(EIGHT))
    changed = "復旧見込み 20:00頃（日本時間） 変更前：18:00頃（日本時間）"
    text = text_of(read(address(incident)))
    assert text.count(changed) == 1
    assert text.count("変更前：") == 1
    assert text.index(changed) < text.index("第2報")
    assert changed in text_of(read("/"))
    assert "before: about 18:00 JST" in text_of(read(address(incident, "/en")))


def test_nothing_is_said_of_a_recovery_once_it_is_over(incident: Incident) -> None:
    tell(incident, 0)
    tell(incident, 5, "resolved")
    assert "復旧見込み" not in read(address(incident))


def test_each_text_is_in_the_language_of_the_page_it_stands_on(page: Page, service: Service) -> None:
    service.texts = {"en": {"name": "Mail search", "description": "What search does"}}
    service.save()
    texts = {"en": {"body": "We are **looking**.", "concerned": "Users of SAML", "workaround": "Wait."}}
    with times.at(NOON):
        incident = make.incident(
            page, {service: "degraded"}, title="検索遅延", titles={"en": "Search is late"}
        )
        make.update(incident, concerned="SAML利用者", workaround="お待ちください。", texts=texts)
    for english in (read("/en/"), read(address(incident, "/en"))):
        shown = ("Search is late", "<strong>looking</strong>", "Users of SAML", "Wait.", "Mail search")
        assert [text for text in shown if text not in english] == []
        assert not re.search(r"検索|お待ち|SAML利用者", re.sub(r"<(nav|link).*?>", "", english))
        assert "only-in" not in english
    assert "What search does" in read("/en/")
    assert "Mail search" in read("/en/uptime") and "メール検索" not in read("/en/services/search")
    assert "Search is late" in read("/en/history") and "Search is late" in read("/en/services/search")
    for japanese in (read("/"), read(address(incident))):
        assert "検索遅延" in japanese and "looking" not in japanese and "Mail search" not in japanese


def test_a_text_nobody_translated_falls_back_and_is_marked_with_its_language(incident: Incident) -> None:
    tell(
        incident, 0, body="調査中です。", concerned="SAML利用者", texts={"en": {"concerned": "Users of SAML"}}
    )
    html = read(address(incident, "/en"))
    assert '<h1 lang="ja">検索遅延</h1>' in html
    assert re.search(r'Japanese only</span>\s*</header>\s*<div class="prose" lang="ja"><p>調査中です。', html)
    assert "Users of SAML" in html and "SAML利用者" not in html
    assert "検索遅延 [Japanese only]" in html and "[Japanese only]\n調査中です。" in html
    assert 'lang="ja">検索の説明</span>' in read("/en/")
    assert "only-in" not in read(address(incident))


def test_a_page_in_english_first_marks_what_is_in_english_only() -> None:
    page = make.page(host="testserver", languages=["en", "ja"])
    with times.at(NOON):
        incident = make.incident(page, title="Search is late")
        make.update(incident, body="We are looking.")
    html = read(address(incident, "/ja"))
    assert '<h1 lang="en">Search is late</h1>' in html and "英語のみ" in html
    assert "英語のみ" not in read(address(incident)) and "English only" not in read(address(incident))


def test_a_correction_opens_all_that_was_told_otherwise_with_both_values(
    incident: Incident, service: Service
) -> None:
    tell(incident, 0, estimate=known(SIX), next_update_at=jst("2020-09-04 14:00"))
    other = make.service(service.page, name="ログ")
    corrected = Draft(
        stage="identified",
        body="調査しております。",
        scope={service: "degraded", other: "major_outage"},
        estimate=UNDECIDED,
        next_update_at=jst("2020-09-04 15:00"),
    )
    with times.at(NOON + timedelta(minutes=5)):
        edit_update(incident.updates.get(), corrected)
    html = read(address(incident))
    found = re.search(r'<details class="correction">(.*?)</details>', html, flags=re.S)
    assert found
    text = text_of(found[1])
    for told in (
        "状況 訂正前： 調査中 訂正後： 原因特定",
        "対象サービス 訂正前： メール検索 性能低下 訂正後： メール検索 性能低下 ログ 重大な障害",
        "次回更新予定 訂正前： 2020年9月4日（金）14:00（日本時間） 訂正後： 2020年9月4日（金）15:00（日本時間）",
        "復旧見込み 訂正前： 2020年9月4日（金）18:00頃（日本時間） 訂正後： 未定",
    ):
        assert told in text
    assert "深刻度" not in text
    assert '<div class="prose">' not in found[1], "the words did not change"


def test_an_incident_lists_what_was_corrected_of_it_with_both_values(
    incident: Incident, service: Service
) -> None:
    tell(incident, 0)
    tell(incident, 60, "resolved", body="復旧しました。")
    assert 'id="corrections"' not in read(address(incident))
    with times.at(jst("2020-09-05 09:00")):
        correct_incident(
            incident, title="正しい題名", titles={"en": "Right title"}, started_at=jst("2020-09-01 10:00")
        )
    with times.at(jst("2020-09-05 09:30")):
        edit_update(
            incident.updates.get(number=2),
            Draft(stage="resolved", body="復旧しました。", recovered_at=jst("2020-09-04 13:30")),
        )
        edit_update(
            incident.updates.get(number=1),
            Draft(stage="investigating", body="調査しております。", scope={service: "major_outage"}),
        )
    text = text_of(read(address(incident), at="2020-09-05 10:00").split('id="corrections"')[1])
    for told in (
        "件名 訂正前： 検索遅延 訂正後： 正しい題名",
        "発生日時 訂正前： 2020年9月1日（火）09:00（日本時間） 訂正後： 2020年9月1日（火）10:00（日本時間）",
        "復旧日時 訂正前： 2020年9月4日（金）13:46（日本時間） 訂正後： 2020年9月4日（金）13:30（日本時間）",
        "訂正 2020年9月5日（土）09:30（日本時間） · 第1報 対象サービス",
        "対象サービス 訂正前： メール検索 性能低下 訂正後： メール検索 重大な障害",
    ):
        assert told in text
    english = text_of(read(address(incident, "/en")))
    assert "Title Before: 検索遅延 After: Right title" in english


def test_a_title_corrected_in_one_language_is_a_correction_in_that_one_only(incident: Incident) -> None:
    tell(incident, 0)
    correct_incident(incident, titles={"en": "Search is late"})
    assert 'id="corrections"' in read(address(incident, "/en"))
    assert 'id="corrections"' not in read(address(incident))


def test_a_promised_report_says_until_when_and_when_it_is_late(incident: Incident) -> None:
    tell(incident, 0)
    tell(incident, 60, "resolved", report_due_on=date(2020, 9, 18))
    promised = "障害報告書 作成中（9月18日（金）までに公開予定）"
    assert promised in text_of(read(address(incident), at="2020-09-18 23:59"))
    late = "障害報告書 作成中（2020年9月18日（金）までに公開予定でしたが、遅れております）"
    assert late in text_of(read(address(incident), at="2020-09-19 00:01"))
    assert "Being written, to be published by Fri 18 September" in text_of(read(address(incident, "/en")))
    with times.at(NOON + timedelta(hours=2)):
        promise_report(incident, None)
    assert "障害報告書" not in read(address(incident))


def test_corrections_and_texts_cost_no_query_more(page: Page) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            read("/en/history")
        return len(queries)

    def add() -> None:
        service = make.service(page)
        with times.at(NOON):
            incident = make.incident(page, {service: "degraded"}, titles={"en": "Title"})
            update = make.update(incident, texts={"en": {"body": "Text"}})
            other = make.service(page)
            for status in ("degraded", "major_outage"):
                draft = Draft(stage="investigating", body="調査しております。", scope={other: status})
                edit_update(update, draft)
            correct_incident(incident, title="正しい題名")

    add()
    once = count()
    add()
    add()
    assert count() == once
