"""The words of a page's mails, as staff write and see them."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.mail_text import set_mail_text
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, MailText, Page, Stage
from incidents.notices import fanout
from incidents.notices.mail_texts import FORMS, Part, clean_text, default_text
from incidents.notices.render import Mailroom
from incidents.notices.sample import sample_content
from tests import make
from tests.console.conftest import Desk
from tests.make_notices import make_incident, make_page, make_subscriber, make_update
from tests.smtp import Received

pytestmark = pytest.mark.django_db
LIST = "/console/page/mails/"


def address(part: str, language: str = "ja") -> str:
    return f"{LIST}{language}/{part}/"


def shown(desk: Desk, part: str, text: str | None = None) -> str:
    """The preview's document, with the mail's HTML as its frame would read it."""
    path = f"{address(part)}preview/"
    response = desk.client.get(path) if text is None else desk.client.post(path, {"text": text})
    return unescape(unescape(response.content.decode()))


def test_a_text_is_saved_listed_and_reset(desk: Desk) -> None:
    response = desk.client.post(address("closing"), {"text": "お問い合わせ：{contact}\r\n平日9時～18時"})
    assert response["Location"] == LIST
    row = MailText.objects.get()
    assert (row.page, row.part, row.language) == (desk.page, "closing", "ja")
    assert row.text == "お問い合わせ：{contact}\n平日9時～18時"
    assert "own text" in desk.client.get(LIST).content.decode()
    desk.client.post(address("closing"), {"text": row.text, "reset": "1"})
    assert not MailText.objects.exists()
    assert list(
        AuditEntry.objects.filter(action__endswith="mail_text")
        .order_by("pk")
        .values_list("action", flat=True)
    ) == [
        "set_mail_text",
        "reset_mail_text",
    ]


@pytest.mark.parametrize(
    ("part", "text", "sentence"),
    [
        (
            "first_update",
            "{servcie}で障害です。",
            "{servcie} is no placeholder of this text; expected one of {page}",
        ),
        ("incident_subject", "{title} {state}", "{state} is no placeholder of this text"),
        ("incident_subject", "障害のお知らせ", "a subject needs one of {title} {reference}"),
        ("incident_subject", "{title}\r\nBcc: x@example.com", "a subject is one line"),
        ("incident_subject", "{title}" + "x" * 60, "expected at most 60 characters"),
        ("closing", "a } b", "a brace stands alone; a placeholder is one of {page} {organisation} {contact}"),
        ("closing", "{page", "a brace stands alone"),
        ("closing", "{}", "{} is no placeholder"),
        ("closing", "{page.host}", "{page.host} is no placeholder"),
        ("closing", "{0}", "{0} is no placeholder"),
        ("closing", "a\x01b", "expected a text without control characters"),
        ("closing", "a\u202eb", "expected a text without control characters"),
        ("closing", "x" * 1001, "expected at most 1000 characters"),
    ],
)
def test_what_is_wrong_is_named_and_not_kept(desk: Desk, part: str, text: str, sentence: str) -> None:
    response = desk.client.post(address(part), {"text": text})
    assert sentence in unescape(response.content.decode())
    assert response.status_code == 422
    assert not MailText.objects.exists()


@pytest.mark.parametrize("path", ["ja/nothing/", "fr/closing/", "ja/nothing/preview/"])
def test_there_are_no_other_texts(desk: Desk, path: str) -> None:
    assert desk.client.get(LIST + path).status_code == 404
    with pytest.raises(Refused):
        set_mail_text(desk.page, "nothing", "ja", "x")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("part", Part)
def test_each_part_has_its_preview_and_its_own_text_passes_the_check(
    desk: Desk, part: Part, language: str
) -> None:
    assert clean_text(part, default_text(part, language)) == default_text(part, language)
    every_place = " ".join(f"{{{name}}}" for name in FORMS[part].places)
    content = sample_content(part, every_place, page=desk.page, language=language)
    told = (
        content.subject
        if FORMS[part].is_subject
        else content.context.get("body" if part.is_update else "intro", "")
    )
    told += content.context["closing"] if part == Part.CLOSING else ""
    assert "{" not in told and desk.page.name in told
    assert desk.client.get(f"{address(part, language)}preview/").status_code == 200


def test_the_preview_shows_what_is_typed_and_keeps_nothing(desk: Desk) -> None:
    document = shown(desk, "first_update", "{service}で{state}です。<b>次回</b>は{next_update}。")
    assert "検索で調査中です。" in document and "&lt;b&gt;次回" not in document
    assert "【障害】【第1報】検索の遅延 (INC-20200904-01)" in document
    assert not MailText.objects.exists()
    assert "{x} is no placeholder" in shown(desk, "first_update", "{x}")


def test_the_preview_is_a_document_that_can_run_nothing(desk: Desk) -> None:
    response = desk.client.get(f"{address('closing')}preview/")
    policy = response["Content-Security-Policy"]
    assert "script-src 'none'" in policy and "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy and response["X-Frame-Options"] == "SAMEORIGIN"
    screen = desk.client.get(address("closing"))
    assert "frame-src 'self'" in screen["Content-Security-Policy"]
    assert re.search(r'<iframe [^>]*sandbox src="', screen.content.decode())
    assert "unsafe-inline" not in screen["Content-Security-Policy"]


def test_a_mail_says_the_page_s_own_words_in_its_language_only(settings: Settings) -> None:
    page, other = make_page(), make_page(host="other.example")
    set_mail_text(page, "incident_subject", "ja", "{page}：{title} ({reference})")
    set_mail_text(page, "first_update", "ja", "{service}に<b>障害</b>が発生しました。")
    set_mail_text(page, "closing", "ja", "{organisation}\nhttps://www.example.com/support")
    set_mail_text(other, "closing", "ja", "other")
    incident = make_incident(page, title="遅延")
    message = told(page, make_update(incident), language="ja")
    assert message["Subject"] == "【障害】【第1報】Example Cloud：遅延 (INC-20200904-01)"
    text, html = (body(message, kind) for kind in ("plain", "html"))
    assert "Example Cloudに<b>障害</b>が発生しました。" in text
    assert "&lt;b&gt;障害&lt;/b&gt;" in html and 'href="https://www.example.com/support"' in html
    assert "Example Inc.\nhttps://www.example.com/support\n" in text and "other" not in text
    last = told(page, make_update(incident, 2, stage=Stage.RESOLVED), language="ja")
    assert str(last["Subject"]).endswith("Example Cloud：遅延 (INC-20200904-01)"), "the stem stays"
    english = told(page, make_update(incident, 3), language="en")
    assert english["Subject"] == "[Incident] [Update 3] 遅延 (INC-20200904-01)"


def told(page: Page, update: object, *, language: str):
    reader = page.subscribers.filter(language=language).first()
    reader = reader or make_subscriber(page, f"{language}@example.com", language=language)
    notice = fanout.queue_update(update, hold_until=timezone.now())  # type: ignore[arg-type]
    row = notice.deliveries.select_related("subscriber__page").get(subscriber=reader)
    return Received("", "", Mailroom().letter(row).data).message


def body(message, kind: str) -> str:
    return str(message.get_body((kind,)).get_content()).replace("\r\n", "\n")


def test_the_list_costs_the_same_whatever_is_written(desk: Desk) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            desk.client.get(LIST)
        return len(caught)

    set_mail_text(desk.page, "closing", "ja", "a")
    one = queries()
    set_mail_text(desk.page, "closing", "en", "a")
    set_mail_text(desk.page, "report", "en", "a")
    assert queries() == one


def test_another_page_s_texts_are_not_shown(desk: Desk) -> None:
    set_mail_text(make.page(name="Other"), "closing", "ja", "secret words")
    assert "secret words" not in desk.client.get(LIST).content.decode()
    assert "secret words" not in shown(desk, "closing")
