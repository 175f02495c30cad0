"""A maintenance window from its announcement to its end, on the clock alone."""

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.detection import Judged
from incidents.actions.maintenance import extend_maintenance
from incidents.actions.maintenance_clock import run_due_maintenances
from incidents.actions.monitor import apply_judgement
from incidents.lib import times
from incidents.models import Delivery, Incident, Monitor
from incidents.notices import outbox
from incidents.queries.monitor import lock_monitor
from tests import make
from tests.make import jst

ANNOUNCED = jst("2020-09-01 12:00")
FROM, UNTIL = jst("2020-09-05 02:00"), jst("2020-09-05 04:00")
EXTENDED = jst("2020-09-05 05:00")
BEAT = timedelta(seconds=15)


def judge(monitor: Monitor, verdict: str, at: datetime) -> None:
    with times.at(at), transaction.atomic():
        apply_judgement(lock_monitor(monitor.pk), Judged(verdict, at, at, {}))


def beat(at: datetime) -> None:
    """One turn of the clock, a few seconds after the minute, as turns come."""
    with times.at(at + timedelta(seconds=7)):
        run_due_maintenances()


def page_at(at: datetime, address: str = "/") -> str:
    with times.at(at):
        return Client().get(address).content.decode()


def mailed(folder: Path) -> list[str]:
    """The subjects of all mails that have left so far, in their order."""
    Delivery.objects.update(next_attempt_at=timezone.now())
    outbox.deliver_due(seconds=10)
    files = {f"{sent.public_id}.eml": sent.sequence for sent in Delivery.objects.filter(state="sent")}
    letters = sorted(folder.iterdir(), key=lambda path: files[path.name])
    return [str(message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"]) for path in letters]


@pytest.mark.django_db(transaction=True)
def test_a_window_is_announced_run_extended_and_ended_and_its_failures_are_kept_apart(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path
    page = make.page(host="testserver")
    mail = make.service(page, slug="mail", name="メール送信")
    monitor = make.monitor(mail, kind="http", target="https://example.com", interval_seconds=86_400)
    make.subscriber(page)
    judge(monitor, "up", ANNOUNCED)

    with times.at(ANNOUNCED):
        maintenance = make.maintenance(
            page,
            {mail: "maintenance"},
            scheduled_from=FROM,
            scheduled_until=UNTIL,
            auto_finish=True,
            notify=True,
        )
    judge(monitor, "up", FROM - BEAT)
    beat(FROM - BEAT)
    assert "banner-operational" in page_at(FROM - BEAT)
    assert mailed(tmp_path) == ["【メンテナンス】【予定】データベースの更新"]

    beat(FROM)
    assert "banner-maintenance" in page_at(FROM + BEAT)
    judge(monitor, "down", FROM + timedelta(minutes=10))
    assert "banner-maintenance" in page_at(FROM + timedelta(minutes=10))
    assert not Incident.objects.exists()

    with times.at(UNTIL - timedelta(minutes=10)):
        extend_maintenance(maintenance, until=EXTENDED)
    beat(UNTIL)
    assert "banner-maintenance" in page_at(UNTIL + BEAT)
    judge(monitor, "up", EXTENDED - timedelta(minutes=5))

    beat(EXTENDED)
    for _ in range(3):
        beat(EXTENDED + BEAT)
    assert "banner-operational" in page_at(EXTENDED + BEAT)
    assert mailed(tmp_path) == [
        "【メンテナンス】【予定】データベースの更新",
        "【メンテナンス】【延長】データベースの更新",
        "【メンテナンス】【完了】データベースの更新",
    ]
    own = page_at(EXTENDED + BEAT, f"/maintenance/{maintenance.public_id}")
    assert '<time datetime="2020-09-04T20:00:00Z">2020年9月5日（土）05:00（日本時間）</time>' in own

    judge(monitor, "down", EXTENDED + timedelta(minutes=10))
    assert Incident.objects.get().state == "draft"
