"""Each kind of mail as a reader sees it: on a telephone and on a desk, on light and on dark ground."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from incidents.actions import maintenance as maintenances
from incidents.lib import times
from incidents.lib.markdown import render
from incidents.models import Delivery, NoticeKind, Page, ServiceStatus, Severity, Stage, Wish
from incidents.models.estimate import known
from incidents.notices import fanout
from incidents.notices.render import Mailroom
from tests import make
from tests.browser.looking import PICTURES, hindrances, scrolls_sideways
from tests.make import jst
from tests.make_notices import NOON, make_incident, make_page, make_service, make_subscriber, make_update

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
BODY = (
    "メールアーカイブの検索で、**一部のお客様**に遅延が発生しております。\n\n"
    "- 検索結果の表示に時間がかかる場合があります\n- 受信と保存には影響ございません\n\n"
    "詳細は [技術情報](https://www.example.com/notes/2020-09) をご覧ください。"
)
BODY_EN = (
    "Searches in the mail archive are slow for **some customers**.\n\n"
    "- Results can take up to two minutes\n- Receiving and storing are not affected"
)


def first(page: Page) -> None:
    fanout.queue_update(_updates(page)[0], hold_until=NOON)


def further(page: Page) -> None:
    fanout.queue_update(_updates(page)[1], hold_until=NOON)


def last(page: Page) -> None:
    incident = _updates(page)[1].incident
    told = _told("復旧いたしました。", "It is resolved.")
    fanout.queue_update(
        make_update(incident, 3, stage=Stage.RESOLVED, recovered_at=NOON + timedelta(hours=2), **told),
        hold_until=NOON,
    )


def maintenance(page: Page) -> None:
    archive = make_service(page, "メールアーカイブ", slug="archive", texts={"en": {"name": "Mail archive"}})
    with times.at(jst("2020-09-01 12:00")):
        planned = make.maintenance(
            page,
            services={archive: "maintenance"},
            titles={"en": "Database upgrade"},
            bodies={"en": "We upgrade the database."},
            scheduled_from=jst("2020-09-05 02:00"),
            scheduled_until=jst("2020-09-05 04:00"),
        )
        maintenances.reschedule_maintenance(
            planned, scheduled_from=jst("2020-09-06 02:00"), scheduled_until=jst("2020-09-06 04:00")
        )


def confirm(page: Page) -> None:
    reader = page.subscribers.get()
    asked = Wish.objects.create(subscriber=reader, requested_from="192.0.2.0/24")
    fanout.queue_personal(NoticeKind.CONFIRM, reader, wish=asked)


def _updates(page: Page) -> list[Any]:
    archive = make_service(page, "メールアーカイブ", slug="archive", texts={"en": {"name": "Mail archive"}})
    web = make_service(page, "管理画面", slug="console", texts={"en": {"name": "Console"}})
    english = {"title": "Searches in the mail archive are slow"}
    incident = make_incident(page, title="メールアーカイブの検索の遅延", texts={"en": english})
    told = {
        **_told(BODY, BODY_EN),
        "concerned": "メールアーカイブ（Standardプラン）をご利用のお客様",
        "workaround": "検索期間を1か月以内に絞ってお試しください。",
    }
    one = make_update(
        incident,
        severity=Severity.MINOR,
        scope={archive: ServiceStatus.DEGRADED},
        next_update_at=NOON + timedelta(hours=1),
        **told,
    )
    estimate = known(NOON + timedelta(hours=5))
    two = make_update(
        incident,
        2,
        stage=Stage.IDENTIFIED,
        severity=Severity.MAJOR,
        scope={archive: ServiceStatus.PARTIAL_OUTAGE, web: ServiceStatus.DEGRADED},
        next_update_at=NOON + timedelta(hours=2),
        estimate=estimate.kind,
        estimate_from=estimate.from_at,
        estimate_until=estimate.until_at,
        **told,
    )
    return [one, two]


def _told(body: str, english: str) -> dict[str, Any]:
    texts = {
        "body": english,
        "body_html": render(english),
        "concerned": "Standard plan",
        "workaround": "Wait.",
    }
    return {"body": body, "body_html": render(body), "texts": {"en": texts}}


SCENES: dict[str, Callable[[Page], None]] = {
    "first": first,
    "further": further,
    "last": last,
    "maintenance": maintenance,
    "confirm": confirm,
}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", SCENES)
def test_a_mail_is_read_at_every_width_and_on_dark_ground(
    chromium: Browser, settings: Any, tmp_path: Path, language: str, kind: str
) -> None:
    settings.SITE_URL = "https://status.example"
    page = make_page(name="サンプルクラウド 稼働状況", reply_to="support@example.com")
    make_subscriber(page, language=language)
    SCENES[kind](page)
    message = message_from_bytes(_newest(), policy=policy.default)
    for form in ("html", "plain"):
        part = message.get_body((form,))
        assert part is not None
        (tmp_path / f"mail.{form}").write_text(part.get_content(), encoding="utf-8")
    (tmp_path / "mail.plain").rename(tmp_path / "mail.txt")
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"mail-{kind}-{language}.txt").write_text(
        f"Subject: {message['Subject']}\n\n" + (tmp_path / "mail.txt").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    asked: list[str] = []
    with chromium.new_context() as context:
        tab = context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((tmp_path / "mail.html").as_uri())
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            for width in (375, 700):
                tab.set_viewport_size({"width": width, "height": 900})
                assert not scrolls_sideways(tab)
                tab.screenshot(full_page=True, path=PICTURES / f"mail-{kind}-{language}-{width}-{scheme}.png")
            assert not [found for found in hindrances(tab) if "color-contrast" in found]
    assert len(asked) == 1, "a mail loads nothing"


def _newest() -> bytes:
    row = Delivery.objects.select_related("subscriber__page", "notice__page", "notice__incident").latest("pk")
    return Mailroom().letter(row).data
