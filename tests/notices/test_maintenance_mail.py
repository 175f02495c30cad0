"""What a reader is told of a planned maintenance, and how often."""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import maintenance as actions
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.lib.owner import new_owner
from incidents.models import (
    Delivery,
    Lane,
    Maintenance,
    MaintenanceChange,
    MaintenanceState,
    MaintenanceUpdate,
    Notice,
    Page,
)
from incidents.models.maintenance import change_of_maintenance
from incidents.notices import lease
from incidents.notices import maintenance_words as words
from incidents.notices.maintenance_words import Step, step_of
from incidents.notices.render import Mailroom
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
ANNOUNCED = jst("2020-09-01 12:00")
FROM, UNTIL = jst("2020-09-05 02:00"), jst("2020-09-05 04:00")
DURING = jst("2020-09-05 03:00")
TOLD = Telling(notify=True)


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.SITE_URL = "https://status.example"
    settings.DEFAULT_FROM_EMAIL = "status@status.example"


@pytest.fixture
def page() -> Page:
    return make.page(host="status.example")


def announced(page: Page, **values: Any) -> Maintenance:
    with times.at(ANNOUNCED):
        given = {"scheduled_from": FROM, "scheduled_until": UNTIL, "notify": True}
        return make.maintenance(page, **{**given, **values})


def mails(**filters: Any) -> list[EmailMessage]:
    """In the order in which they were queued."""
    rows = Delivery.objects.filter(**filters).select_related("subscriber").order_by("pk")
    notices = Notice.objects.select_related("page", "maintenance_update__maintenance__page").in_bulk()
    letters = []
    for delivery in rows:
        delivery.notice = notices[delivery.notice_id]
        letters.append(message_from_bytes(Mailroom().letter(delivery).data, policy=policy.default))
    return letters


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("language", "emergency", "subjects"),
    [
        (
            "ja",
            False,
            [
                "【メンテナンス】【予定】データベースの更新",
                "【メンテナンス】【日時変更】データベースの更新",
                "【メンテナンス】【開始】データベースの更新",
                "【メンテナンス】【延長】データベースの更新",
                "【メンテナンス】【続報】データベースの更新",
                "【メンテナンス】【確認中】データベースの更新",
                "【メンテナンス】【完了】データベースの更新",
            ],
        ),
        (
            "en",
            True,
            [
                "[Emergency maintenance] [Scheduled] Database upgrade",
                "[Emergency maintenance] [Rescheduled] Database upgrade",
                "[Emergency maintenance] [Started] Database upgrade",
                "[Emergency maintenance] [Extended] Database upgrade",
                "[Emergency maintenance] [Update] Database upgrade",
                "[Emergency maintenance] [Verifying] Database upgrade",
                "[Emergency maintenance] [Completed] Database upgrade",
            ],
        ),
    ],
)
def test_the_subject_tells_the_step_and_its_stem_stays(
    page: Page, language: str, emergency: bool, subjects: list[str]
) -> None:
    make.subscriber(page, language=language)
    maintenance = announced(page, titles={"en": "Database upgrade"}, is_emergency=emergency)
    with times.at(ANNOUNCED):
        actions.reschedule_maintenance(
            maintenance, scheduled_from=FROM + timedelta(minutes=1), scheduled_until=UNTIL
        )
        actions.correct_maintenance(
            maintenance,
            title="改めた題名",
            titles={"en": "Another title"},
            services={row.service: row.status for row in maintenance.services.all()},
            auto_start=True,
            auto_finish=True,
        )
    with times.at(DURING):
        actions.start_maintenance(maintenance, TOLD)
        actions.extend_maintenance(maintenance, until=UNTIL + timedelta(hours=1))
        actions.tell_of_maintenance(maintenance, Telling("もう少しかかります。", notify=True))
        actions.verify_maintenance(maintenance, TOLD)
        actions.finish_maintenance(maintenance)
    assert [mail["Subject"] for mail in mails()] == subjects


def test_a_cancelled_maintenance_says_so_in_its_subject(page: Page) -> None:
    make.subscriber(page)
    maintenance = announced(page, notify=False)
    with times.at(ANNOUNCED):
        actions.cancel_maintenance(maintenance)
    assert mails()[0]["Subject"] == "【メンテナンス】【中止】データベースの更新"


def test_a_mail_says_what_readers_need(page: Page) -> None:
    make.subscriber(page)
    archive = make.service(page, name="メールアーカイブ")
    maintenance = announced(page, services={archive: "maintenance"}, body="**更新**いたします。")
    message = mails()[0]
    text = text_of(message)
    assert text.startswith("お客様各位\n\n下記のとおり、メンテナンスを実施いたします。")
    for line in (
        "件名：データベースの更新",
        "状況：予定",
        "実施予定日時：2020年9月5日（土）02:00 ～ 04:00（日本時間）",
        "お知らせ日時：2020年9月1日（火）12:00（日本時間）",
        "対象サービス（実施中の状態）：",
        "- メールアーカイブ：メンテナンス中",
        "更新いたします。",
        f"https://status.example/maintenance/{maintenance.public_id}",
        "https://status.example/manage",
    ):
        assert line in text.splitlines(), line
    html = text_of(message, "html")
    assert "<strong>更新</strong>" in html and "02:00 ～ 04:00（日本時間）" in html
    assert not re.search(r"<(img|script|link|iframe)|src=|url\(", html)


def test_an_english_reader_is_told_in_english_where_it_was_written(page: Page) -> None:
    make.subscriber(page, language="en")
    announced(page, titles={"en": "Database upgrade"}, bodies={"en": "We upgrade it."})
    text = text_of(mails()[0])
    assert "Subject: Database upgrade" in text and "We upgrade it." in text
    assert "Scheduled for: Sat 5 Sep 2020, 02:00 – 04:00 JST" in text
    assert "データベース" not in text


def test_a_text_that_nobody_translated_is_told_as_it_is(page: Page) -> None:
    make.subscriber(page, language="en")
    announced(page)
    assert "データベースを新しい版に更新いたします。" in text_of(mails()[0])
    assert mails()[0]["Subject"] == "[Maintenance] [Scheduled] データベースの更新"


def test_a_changed_window_is_told_beside_the_one_before(page: Page) -> None:
    make.subscriber(page)
    maintenance = announced(page, notify=False)
    with times.at(ANNOUNCED):
        day = timedelta(days=1)
        actions.reschedule_maintenance(maintenance, scheduled_from=FROM + day, scheduled_until=UNTIL + day)
    text = text_of(mails()[0])
    assert "実施予定日時：2020年9月6日（日）02:00 ～ 04:00（日本時間）" in text
    assert "変更前の予定日時：2020年9月5日（土）02:00 ～ 04:00（日本時間）" in text


def test_a_mail_tells_what_was_so_when_it_was_told(page: Page) -> None:
    make.subscriber(page)
    maintenance = announced(page)
    with times.at(DURING):
        actions.start_maintenance(maintenance)
        actions.extend_maintenance(maintenance, Telling(notify=False), until=UNTIL + timedelta(hours=1))
    assert "02:00 ～ 04:00" in text_of(mails()[0]) and "状況：予定" in text_of(mails()[0])


def test_nothing_is_expected_of_services_any_more_once_it_is_over(page: Page) -> None:
    make.subscriber(page)
    archive = make.service(page, name="メールアーカイブ")
    maintenance = announced(page, services={archive: "degraded"}, notify=False)
    with times.at(DURING):
        actions.start_maintenance(maintenance)
        actions.finish_maintenance(maintenance)
    assert "対象サービス：\n- メールアーカイブ\n" in text_of(mails()[0])


def test_short_notice_is_apologised_for(page: Page) -> None:
    make.subscriber(page)
    announced(page, is_emergency=True)
    assert "直前のご案内となりましたことを、お詫び申し上げます。" in text_of(mails()[0])


def test_windows_over_a_change_of_clocks_name_both_zones() -> None:
    page = make.page(host="status.example", time_zone="America/New_York")
    make.subscriber(page, language="en")
    announced(page, scheduled_from=jst("2020-11-01 13:30"), scheduled_until=jst("2020-11-01 16:30"))
    assert "Scheduled for: Sun 1 Nov 2020, 00:30 EDT – 02:30 EST" in text_of(mails()[0])


def test_one_maintenance_is_one_thread(page: Page) -> None:
    make.subscriber(page)
    maintenance = announced(page)
    with times.at(DURING):
        actions.start_maintenance(maintenance, TOLD)
    first, second = mails()
    thread = f"<maintenance-{maintenance.public_id}@status.example>"
    assert first["In-Reply-To"] == second["In-Reply-To"] == thread
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_those_are_told_who_follow_a_service_of_it_and_those_told_before(page: Page) -> None:
    archive, web = make.service(page), make.service(page)
    follower = make.subscriber(page, "archive@example.com", archive)
    make.subscriber(page, "web@example.com", web)
    make.subscriber(page, "all@example.com")
    maintenance = announced(page, services={archive: "maintenance"})
    assert told() == ["all@example.com", "archive@example.com"]
    follower.services.set([web])
    with times.at(DURING):
        actions.start_maintenance(maintenance, TOLD)
    assert told(notice__sequence=2) == ["all@example.com", "archive@example.com"]


def test_subscribers_of_a_page_that_shows_the_service_are_told_with_links_to_their_page(page: Page) -> None:
    archive, hidden = make.service(page, name="アーカイブ"), make.service(page, name="社内の機能")
    other = make.page(host="other.example")
    other.also_shows.add(archive)
    make.subscriber(other, "theirs@example.com")
    announced(page, services={archive: "maintenance", hidden: "maintenance"})
    (mail,) = mails()
    assert mail["To"] == "theirs@example.com"
    text = text_of(mail)
    assert "https://other.example/maintenance/" in text
    assert "アーカイブ" in text and "社内の機能" not in text


def told(**filters: Any) -> list[str]:
    found = Delivery.objects.filter(**filters).values_list("subscriber__email", flat=True)
    return sorted(found)


def claim() -> list[Delivery]:
    return lease.claim(new_owner(), Lane.NOTICES, wanted=20, now=timezone.now())


def test_each_update_is_told_once_and_in_its_order(page: Page) -> None:
    make.subscriber(page)
    maintenance = announced(page)
    with times.at(DURING):
        actions.start_maintenance(maintenance, TOLD)
    assert list(Notice.objects.order_by("sequence").values_list("sequence", "audience")) == [(1, 1), (2, 1)]
    first = Delivery.objects.order_by("sequence").first()
    assert first is not None
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.update(next_attempt_at=timezone.now())
    Delivery.objects.filter(pk=first.pk).update(next_attempt_at=later)
    assert claim() == [], "the second waits for the first, which is put off"
    Delivery.objects.filter(pk=first.pk).update(state="sent", sent_at=timezone.now())
    assert [delivery.sequence for delivery in claim()] == [2]


def test_two_maintenances_do_not_wait_for_each_other(page: Page) -> None:
    make.subscriber(page)
    first, second = announced(page), announced(page)
    Delivery.objects.filter(notice__maintenance=first).update(
        next_attempt_at=timezone.now() + timedelta(hours=1)
    )
    Delivery.objects.filter(notice__maintenance=second).update(next_attempt_at=timezone.now())
    assert [delivery.notice.maintenance for delivery in claim()] == [second]


def test_mails_wait_in_the_hold(page: Page) -> None:
    make.subscriber(page)
    announced(page)
    wait = Delivery.objects.get().next_attempt_at - timezone.now()
    assert timedelta(seconds=25) < wait <= timedelta(seconds=30)


def update(state: str, until: datetime = UNTIL) -> MaintenanceUpdate:
    return MaintenanceUpdate(state=state, scheduled_from=FROM, scheduled_until=until)


LATER = UNTIL + timedelta(hours=1)


@pytest.mark.parametrize(
    ("before", "now", "change", "step"),
    [
        (None, update("scheduled"), "first", Step.ANNOUNCED),
        (update("scheduled"), update("scheduled"), "other", Step.TOLD),
        (update("scheduled"), update("scheduled", LATER), "window", Step.RESCHEDULED),
        (update("scheduled"), update("in_progress"), "state", Step.STARTED),
        (update("in_progress"), update("in_progress", LATER), "window", Step.EXTENDED),
        (update("verifying"), update("verifying", LATER), "window", Step.EXTENDED),
        (update("in_progress"), update("verifying"), "state", Step.VERIFYING),
        (update("verifying"), update("completed"), "state", Step.COMPLETED),
        (update("scheduled"), update("cancelled"), "state", Step.CANCELLED),
        (update("in_progress", LATER), update("completed"), "state", Step.COMPLETED),
    ],
)
def test_what_an_update_tells_follows_from_the_one_before(
    before: MaintenanceUpdate | None, now: MaintenanceUpdate, change: str, step: Step
) -> None:
    found = change_of_maintenance(now, before=before)
    assert (found, step_of(now, found)) == (MaintenanceChange(change), step)


@pytest.mark.parametrize("table", [words.JAPANESE, words.ENGLISH])
def test_every_step_and_state_has_its_words(table: words.MaintenanceWords) -> None:
    assert set(table.steps) == set(table.intros) == set(Step)
    assert set(table.states) == set(MaintenanceState)
    assert all(value for value in vars(table).values())
