"""What a reader gets: subject, text, headers, thread."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from incidents.models import (
    Delivery,
    Edition,
    Notice,
    NoticeKind,
    Page,
    RecoveryEstimate,
    Report,
    ReportState,
    ServiceStatus,
    Severity,
    Stage,
    Subscriber,
    SubscriberState,
    Update,
    Wish,
)
from incidents.models.estimate import UNDECIDED, known
from incidents.notices import fanout, words
from incidents.notices.render import Mailroom
from incidents.notices.subject import one_line
from incidents.notices.words import words_for, write_time
from incidents.queries import subscribers
from tests.looking_html import elements_of
from tests.make_notices import (
    NOON,
    degraded,
    make_incident,
    make_page,
    make_service,
    make_subscriber,
    make_update,
)

pytestmark = pytest.mark.django_db

INJECTIONS = [
    "x\r\nBcc: victim@example.com",
    "x\nX-Evil: 1",
    "x\rX-Evil: 1",
    "x\u2028X-Evil: 1",
    "x\u0085X-Evil: 1",
    "x\x0bX-Evil: 1\x0c",
    "x\r\n\r\n<script>alert(1)</script>",
    "=?utf-8?q?=0D=0ABcc:_victim@example.com?=",
    "x\u202ey",
    '" <evil@example.com>, "',
    "障害\r\nBcc: victim@example.com",
]
OWN_HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "MIME-Version",
    "Content-Type",
}


@pytest.fixture(autouse=True)
def addresses(settings: Any) -> None:
    settings.SITE_URL = "https://status.example"
    settings.DEFAULT_FROM_EMAIL = "status@status.example"


@pytest.fixture
def page() -> Page:
    return make_page(reply_to="support@example.com")


def raw_of(notice: Notice) -> bytes:
    rows = Delivery.objects.select_related("subscriber", "notice__page", "notice__incident")
    return Mailroom().letter(rows.get(notice=notice)).data


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def tell(update: Update) -> EmailMessage:
    return parse(raw_of(fanout.queue_update(update, hold_until=timezone.now())))


def body_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("language", "number", "stage", "subject"),
    [
        ("ja", 1, Stage.INVESTIGATING, "【障害】【第1報】検索の遅延 (INC-20200904-01)"),
        ("ja", 2, Stage.IDENTIFIED, "【障害】【第2報】検索の遅延 (INC-20200904-01)"),
        ("ja", 10, Stage.MONITORING, "【障害】【第10報】検索の遅延 (INC-20200904-01)"),
        ("ja", 11, Stage.RESOLVED, "【復旧】【第11報・最終報】検索の遅延 (INC-20200904-01)"),
        ("ja", 12, Stage.POSTMORTEM, "【障害報告書公開】【第12報】検索の遅延 (INC-20200904-01)"),
        ("en", 1, Stage.INVESTIGATING, "[Incident] [Update 1] 検索の遅延 (INC-20200904-01)"),
        ("en", 2, Stage.IDENTIFIED, "[Incident] [Update 2] 検索の遅延 (INC-20200904-01)"),
        ("en", 11, Stage.RESOLVED, "[Resolved] [Update 11, final] 検索の遅延 (INC-20200904-01)"),
        ("fr", 2, Stage.IDENTIFIED, "[Incident] [Update 2] 検索の遅延 (INC-20200904-01)"),
    ],
)
def test_the_subject_tells_the_step(page: Page, language: str, number: int, stage: str, subject: str) -> None:
    make_subscriber(page, language=language)
    update = make_update(make_incident(page, title="検索の遅延"), number, stage=stage)
    assert tell(update)["Subject"] == subject


def test_a_long_title_is_cut_alike_in_every_subject(page: Page) -> None:
    make_subscriber(page)
    incident = make_incident(page, title="長" * 150)
    subjects = [
        str(tell(make_update(incident, number, stage=stage))["Subject"])
        for number, stage in ((1, Stage.INVESTIGATING), (11, Stage.RESOLVED))
    ]
    stems = {re.sub("^(【[^】]*】)+", "", subject) for subject in subjects}
    assert stems == {"長" * 99 + "… (INC-20200904-01)"}
    assert max(map(len, subjects)) <= 150


def test_a_report_says_so_in_its_subject(page: Page) -> None:
    make_subscriber(page)
    archive = make_service(page)
    report = Report.objects.create(
        incident=make_incident(page, title="検索の遅延"),
        service=archive,
        number="HEA2020100801",
        state=ReportState.ISSUED,
        edition=Edition.FINAL,
        organisation="Example",
        subject="Delay",
        period_from=NOON,
        issued_on=NOON.date(),
        issued_at=NOON,
    )
    message = parse(raw_of(fanout.queue_report(report)))
    assert message["Subject"] == "【障害報告書公開】検索の遅延 (INC-20200904-01)"
    assert "https://status.example/reports/HEA2020100801" in body_of(message)


def test_a_mail_says_what_readers_need(page: Page) -> None:
    make_subscriber(page)
    archive = make_service(page, "メールアーカイブ", slug="archive")
    update = make_update(
        make_incident(page, title="検索の遅延"),
        scope=degraded(archive),
        severity=Severity.MAJOR,
        concerned="G Suiteをご利用のお客様",
        workaround="しばらくお待ちください。",
        next_update_at=NOON + timedelta(hours=1),
    )
    message = tell(update)
    text = body_of(message)
    assert text.startswith("お客様各位\n\n")
    for line in (
        "状況：調査中",
        "深刻度：重大",
        "お知らせ日時：2020年9月4日（金）12:46（日本時間）",
        "- メールアーカイブ：性能低下",
        "原因を調査しています。",
        "G Suiteをご利用のお客様",
        "しばらくお待ちください。",
        "次回更新予定：13:46（日本時間）",
        "https://status.example/incidents/INC-20200904-01",
        "https://status.example/manage",
    ):
        assert line in text.splitlines()
    html = body_of(message, "html")
    assert "<strong>調査</strong>" in html
    assert "13:46（日本時間）" in html
    assert not re.search(r"<(img|script|link|iframe)|src=|url\(", html)


def test_a_further_update_says_what_changed(page: Page) -> None:
    make_subscriber(page)
    archive, web = make_service(page, "Archive"), make_service(page, "Web")
    incident = make_incident(page)
    make_update(incident, scope=degraded(archive))
    second = make_update(
        incident,
        2,
        stage=Stage.IDENTIFIED,
        severity=Severity.MAJOR,
        scope={archive: ServiceStatus.PARTIAL_OUTAGE, web: ServiceStatus.DEGRADED},
    )
    assert changes_in(body_of(tell(second))) == [
        "- 状況：原因特定（前回：調査中）",
        "- 深刻度：重大（前回：軽微）",
        "- Archive：一部障害（前回：性能低下）",
        "- Web：性能低下（新たに対象に追加）",
    ]
    third = make_update(incident, 3, stage=Stage.IDENTIFIED, severity=Severity.MAJOR, scope=degraded(web))
    assert changes_in(body_of(tell(third))) == ["- Archive：対象から除外"]
    fourth = make_update(incident, 4, stage=Stage.IDENTIFIED, severity=Severity.MAJOR, scope=degraded(web))
    assert changes_in(body_of(tell(fourth))) == ["- 状況・対象サービスに変更はありません。"]


def changes_in(text: str) -> list[str]:
    lines = text.splitlines()
    start = lines.index("前回からの変更点：") + 1
    return lines[start : lines.index("", start)]


def test_the_last_update_shows_services_as_running(page: Page) -> None:
    make_subscriber(page, language="en")
    archive = make_service(page, "Archive")
    incident = make_incident(page)
    make_update(incident, scope=degraded(archive))
    last = make_update(
        incident, 2, stage=Stage.RESOLVED, recovered_at=NOON + timedelta(minutes=30), scope=degraded(archive)
    )
    text = body_of(tell(last))
    assert "- Archive: Operational (before: Degraded performance)" in text
    assert "Recovered: 13:16 JST" in text


def test_one_incident_is_one_thread_and_every_mail_its_own(page: Page) -> None:
    make_subscriber(page)
    incident = make_incident(page)
    first, second = (tell(make_update(incident, number)) for number in (1, 2))
    assert first["In-Reply-To"] == second["In-Reply-To"] == "<inc-20200904-01@status.example>"
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_notice_can_be_left_by_one_click_and_starts_no_answering_machine(page: Page) -> None:
    """RFC 8058, RFC 2919, RFC 3834."""
    subscriber = make_subscriber(page)
    message = tell(make_update(make_incident(page)))
    token = subscribers.unsubscribe_token(subscriber)
    assert message["List-Unsubscribe"] == f"<https://status.example/unsubscribe/{token}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == '"Example Cloud" <notices.status.example>'
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Reply-To"] == "support@example.com"
    assert message["From"] == "Example Cloud <status@status.example>"
    assert f"https://status.example/unsubscribe/{token}" in body_of(message)
    assert f"https://status.example/unsubscribe/{token}" in body_of(message, "html")


@pytest.mark.parametrize(
    ("kind", "path", "wish"),
    [
        ("confirm", "/confirm/", {}),
        ("follow", "/confirm/", {"kind": "follow"}),
        ("move", "/confirm/", {"kind": "move"}),
        ("moved", "/subscribe", {"kind": "move"}),
        ("keep", "/keep/", {"kind": "keep"}),
        ("manage", "/manage/", None),
        ("already", "/manage", None),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_personal_mail_holds_one_link_and_is_no_list_mail(
    page: Page, kind: str, path: str, wish: dict[str, Any] | None, language: str
) -> None:
    reader = make_subscriber(page, language=language, manage_nonce="cd", keep_nonce="ef")
    if wish is not None:
        named = {"incident": make_incident(page)} if kind == "follow" else {}
        wish = wish | named | ({} if kind in ("confirm", "follow") else {"about": reader})
    asked = None if wish is None else Wish.objects.create(subscriber=reader, **wish)
    message = parse(raw_of(fanout.queue_personal(kind, reader, wish=asked)))
    prefix = "https://status.example" + ("" if language == "ja" else "/en")
    found = set(re.findall(r"https?://\S+", body_of(message))) - {f"{prefix}/"}
    assert len(found) == 1
    assert found.pop().startswith(prefix + path)
    assert message["List-Unsubscribe"] is None
    assert message["In-Reply-To"] is None


@pytest.mark.parametrize("evil", INJECTIONS)
@pytest.mark.parametrize("field", ["title", "name", "body", "reference", "host"])
def test_no_text_can_add_a_header_or_a_part(page: Page, evil: str, field: str) -> None:
    """ASVS 1.3.11."""
    make_subscriber(page)
    incident = make_incident(page, title=evil if field == "title" else "x")
    if field == "reference":
        incident.reference = evil[:24]
        incident.save()
    if field in ("name", "host"):
        setattr(page, field, evil)
        page.save()
    raw = raw_of(
        fanout.queue_update(
            make_update(incident, body=evil if field == "body" else "x"), hold_until=timezone.now()
        )
    )
    head = raw.partition(b"\r\n\r\n")[0]
    message = parse(raw)
    assert set(message.keys()) <= OWN_HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert message["To"] == "reader@example.com"
    assert message["From"].addresses[0].addr_spec == "status@status.example"
    assert len(message["From"].addresses) == 1
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "script" not in {name for name, _ in elements_of(body_of(message, "html"))}


def test_a_wrong_reply_address_is_left_out(page: Page) -> None:
    make_subscriber(page)
    page.reply_to = "a@example.com\r\nBcc: b@example.com"
    page.save()
    assert tell(make_update(make_incident(page)))["Reply-To"] is None


def test_bytes_on_the_wire_are_short_ascii_lines(page: Page) -> None:
    make_subscriber(page)
    raw = raw_of(
        fanout.queue_update(make_update(make_incident(page), body="長" * 5000), hold_until=timezone.now())
    )
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_two_readers_share_the_text_and_nothing_personal(page: Page) -> None:
    make_subscriber(page, "one@example.com")
    make_subscriber(page, "two@example.com")
    notice = fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    mailroom = Mailroom()
    one, two = (mailroom.letter(delivery) for delivery in notice.deliveries.order_by("subscriber__email"))
    assert b"To: one@example.com" in one.data
    assert b"one@example.com" not in two.data
    assert parse(one.data)["Message-ID"] != parse(two.data)["Message-ID"]
    assert parse(one.data)["List-Unsubscribe"] != parse(two.data)["List-Unsubscribe"]
    assert parse(one.data)["Subject"] == parse(two.data)["Subject"]


def test_bounces_come_back_signed_to_their_own_domain(page: Page, settings: Any) -> None:
    make_subscriber(page)
    notice = fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    delivery = notice.deliveries.get()
    assert Mailroom().letter(delivery).sender == "status@status.example"
    settings.BOUNCE_DOMAIN = "bounces.example"
    local, _, domain = Mailroom().letter(delivery).sender.partition("@")
    assert domain == "bounces.example"
    assert re.fullmatch(rf"b\+{delivery.public_id}\.[a-z2-7]{{16}}", local)
    assert len(local) <= 64


def test_a_second_page_is_linked_under_its_own_host() -> None:
    page = make_page(host="other.example")
    make_subscriber(page)
    message = tell(make_update(make_incident(page)))
    assert "https://other.example/incidents/INC-20200904-01" in body_of(message)
    assert message["List-Id"].endswith("<notices.other.example>")


@pytest.mark.parametrize(
    ("zone", "language", "today", "written"),
    [
        ("Asia/Tokyo", "ja", date(2020, 9, 4), "12:46（日本時間）"),
        ("Asia/Tokyo", "ja", date(2020, 9, 3), "2020年9月4日（金）12:46（日本時間）"),
        ("Asia/Tokyo", "ja", None, "2020年9月4日（金）12:46（日本時間）"),
        ("Asia/Tokyo", "en", date(2020, 9, 4), "12:46 JST"),
        ("Asia/Tokyo", "en", None, "Fri 4 Sep 2020, 12:46 JST"),
        ("UTC", "ja", None, "2020年9月4日（金）03:46（協定世界時）"),
        ("Asia/Bangkok", "ja", None, "2020年9月4日（金）10:46（UTC+07）"),
        ("Asia/Bangkok", "en", date(2020, 9, 4), "10:46 UTC+07"),
        ("America/New_York", "en", date(2020, 9, 4), "Thu 3 Sep 2020, 23:46 EDT"),
    ],
)
def test_times_name_their_zone_and_their_day_where_it_is_another(
    zone: str, language: str, today: date | None, written: str
) -> None:
    assert write_time(NOON, zone=ZoneInfo(zone), language=language, today=today) == written


@pytest.mark.parametrize("table", [words.JAPANESE, words.ENGLISH])
def test_every_value_has_a_word(table: words.Words) -> None:
    assert set(table.status) == set(ServiceStatus)
    assert set(table.stage) == set(Stage)
    assert set(table.severity) == set(Severity)
    assert all(value for value in vars(table).values())


def test_words_fall_back_to_english() -> None:
    assert words_for("xx") is words.ENGLISH
    assert replace(words_for("ja"), language="ja") == words.JAPANESE


def test_one_line_is_one_line() -> None:
    for text in [*INJECTIONS, "x\x00y"]:
        assert one_line(text).isprintable()


def test_the_date_is_the_real_one_in_the_page_zone(page: Page) -> None:
    make_subscriber(page)
    told_at = tell(make_update(make_incident(page)))["Date"].datetime
    assert isinstance(told_at, datetime)
    assert abs(told_at - timezone.now()) < timedelta(minutes=1)
    assert told_at.utcoffset() == timedelta(hours=9)


def test_pending_readers_get_nothing_but_personal_mail(page: Page) -> None:
    newcomer: Subscriber = make_subscriber(page, state=SubscriberState.PENDING, confirmed_at=None)
    fanout.queue_personal(NoticeKind.CONFIRM, newcomer)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())
    assert list(newcomer.deliveries.values_list("notice__kind", flat=True)) == ["confirm"]


SIX, EIGHT = NOON.replace(hour=9, minute=0), NOON.replace(hour=11, minute=0)  # 18:00 and 20:00 in Japan


@pytest.mark.parametrize(
    ("language", "estimate", "line"),
    [
        ("ja", known(SIX), "復旧見込み：18:00頃（日本時間）"),
        ("ja", known(SIX, EIGHT), "復旧見込み：18:00 ～ 20:00（日本時間）"),
        ("ja", known(SIX + timedelta(days=1)), "復旧見込み：2020年9月5日（土）18:00頃（日本時間）"),
        ("ja", UNDECIDED, "復旧見込み：未定"),
        ("en", known(SIX), "Estimated recovery: about 18:00 JST"),
        ("en", known(SIX, EIGHT), "Estimated recovery: 18:00 – 20:00 JST"),
        (
            "en",
            known(SIX, EIGHT + timedelta(days=1)),
            "Estimated recovery: 18:00 – Sat 5 Sep 2020, 20:00 JST",
        ),
        ("en", UNDECIDED, "Estimated recovery: undecided"),
    ],
)
def test_a_mail_says_when_the_recovery_is_estimated(
    page: Page, language: str, estimate: RecoveryEstimate, line: str
) -> None:
    make_subscriber(page, language=language)
    message = tell(make_update(make_incident(page), **estimated(estimate)))
    assert line in body_of(message).splitlines()
    assert line.split(": ")[-1].split("：")[-1] in body_of(message, "html")


def estimated(estimate: RecoveryEstimate) -> dict[str, Any]:
    return {
        "estimate": estimate.kind,
        "estimate_from": estimate.from_at,
        "estimate_until": estimate.until_at,
    }


def test_a_changed_estimate_is_a_change_and_one_that_stands_is_said_again(page: Page) -> None:
    make_subscriber(page)
    incident = make_incident(page)
    make_update(incident, **estimated(known(SIX)))
    second = make_update(incident, 2, **estimated(known(EIGHT)))
    assert changes_in(body_of(tell(second))) == ["- 復旧見込み：20:00頃（日本時間）（前回：18:00頃）"]
    third = body_of(tell(make_update(incident, 3)))
    assert "復旧見込み：20:00頃（日本時間）" in third.splitlines()
    assert changes_in(third) == ["- 状況・対象サービスに変更はありません。"]
    assert "復旧見込み" not in body_of(tell(make_update(incident, 4, stage=Stage.RESOLVED)))


def test_a_mail_is_in_its_reader_s_language_wherever_someone_wrote_it(page: Page) -> None:
    make_subscriber(page, language="en")
    archive = make_service(page, "アーカイブ", slug="archive", texts={"en": {"name": "Archive"}})
    english = {"title": "Search is late", "first_title": "Search is late"}
    incident = make_incident(page, title="訂正後", first_title="検索の遅延", texts={"en": english})
    texts = {"body": "We look.", "body_html": "<p>We look.</p>", "concerned": "SAML", "workaround": "Wait."}
    message = tell(make_update(incident, scope=degraded(archive), texts={"en": texts}))
    assert message["Subject"] == "[Incident] [Update 1] Search is late (INC-20200904-01)"
    text, html = body_of(message), body_of(message, "html")
    for line in ("We look.", "SAML", "Wait.", "- Archive: Degraded performance"):
        assert line in text.splitlines()
    assert "<p>We look.</p>" in html
    assert not re.search("調査|訂正|アーカイブ|Japanese only", text + html)


def test_what_nobody_translated_comes_as_it_was_written_and_marked(page: Page) -> None:
    make_subscriber(page, language="en")
    make_subscriber(page, "kyoko@example.com", language="ja")
    update = make_update(make_incident(page), concerned="全てのお客様", workaround="お待ちください。")
    fanout.queue_update(update, hold_until=timezone.now())
    english, japanese = (
        parse(Mailroom().letter(row).data) for row in Delivery.objects.order_by("subscriber_id")
    )
    lines = body_of(english).splitlines()
    assert lines[lines.index("原因を調査しています。") - 1] == "[Japanese only]"
    assert "全てのお客様 [Japanese only]" in lines and "お待ちください。 [Japanese only]" in lines
    assert re.search(r'<div class="text" lang="ja"[^>]*>\s*<p>原因を', body_of(english, "html"))
    assert "のみ]" not in body_of(japanese) and '<html lang="ja"' in body_of(japanese, "html")


def test_the_last_update_says_where_and_until_when_the_report_will_be_read(page: Page) -> None:
    make_subscriber(page)
    incident = make_incident(page, report_due_on=date(2020, 9, 18))
    open_ = make_update(incident)
    assert "障害報告書" not in body_of(tell(open_))
    last = make_update(incident, 2, stage=Stage.RESOLVED)
    promised = "障害報告書：作成中（2020年9月18日（金）までに公開予定）"
    assert promised in body_of(tell(last)).splitlines()
    Report.objects.create(
        incident=incident,
        service=make_service(page),
        number="HEA2020091801",
        state=ReportState.ISSUED,
        organisation="Example",
        subject="Delay",
        period_from=NOON,
        issued_on=NOON.date(),
        issued_at=NOON,
    )
    Notice.objects.all().delete()
    issued = tell(last)
    assert "障害報告書：https://status.example/reports/HEA2020091801" in body_of(issued).splitlines()
    assert '<a href="https://status.example/reports/HEA2020091801"' in body_of(issued, "html")
