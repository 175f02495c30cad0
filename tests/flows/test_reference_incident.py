"""The reference incident, played from its file: seen in hours, told in a click, written by the record."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from incidents import fixtures
from incidents.management.incident_facts import IncidentFile, SeriesFacts
from incidents.management.incident_file import load
from incidents.management.replay import Replay
from incidents.models import Delivery, Incident, LogKind, Notice, Report
from incidents.models.estimate import known
from incidents.queries.report import with_record
from incidents.reports import hea
from incidents.reports.build import document_of
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
REFERENCE = Path(fixtures.__path__[0]) / "hea2020100801.toml"
ONSET = jst("2020-09-01 09:00")
FIRST_NOTICE = jst("2020-09-04 12:46")

# The instants of the report's thirty printed lines; where an update stands on it, what it changed.
PRINTED = (
    """
09-01 09:00 | 09-01 09:00 | 09-04 10:00 | 09-04 12:20 | 09-04 12:43 | 09-04 12:46 first | 09-04 13:16
09-04 15:00 | 09-04 15:02 scope | 09-04 16:37 | 09-04 18:24 | 09-04 22:53 | 09-05 09:35 | 09-05 10:12 other
09-05 11:00 | 09-05 14:30 | 09-05 16:05 other | 09-05 20:30 | 09-05 23:00 | 09-06 10:07 other | 09-06 12:00
09-06 13:22 other | 09-06 13:30 | 09-06 14:12 other | 09-06 19:06 other | 09-07 10:45 other | 09-07 11:00
09-07 18:38 other | 09-08 08:00 | 09-08 10:55 resolved
""".strip()
    .replace("\n", " | ")
    .split(" | ")
)


def seen_since(file: IncidentFile, first: datetime) -> IncidentFile:
    """The file with its series cut: enough weeks to judge by, played in a fraction of the time. Without sources: who
    sees them knows it all at once."""
    cut = [SeriesFacts(s.monitor, tuple(p for p in s.points if p[0] > first)) for s in file.series]
    return replace(file, series=tuple(cut), sources=())


@pytest.fixture(scope="module")
def reference() -> IncidentFile:
    return load(REFERENCE)


def test_the_drop_is_seen_within_hours_and_the_report_is_written_by_the_record(
    reference: IncidentFile,
) -> None:
    page = make.page()
    make.subscriber(page)
    replay = Replay(seen_since(reference, ONSET - timedelta(weeks=4)), page)
    replay.play()

    incident = Incident.objects.get(state="public")
    assert replay.detected_at is not None
    assert ONSET < replay.detected_at <= ONSET + timedelta(hours=5)
    assert abs(incident.started_at - ONSET) <= timedelta(hours=3)
    assert incident.published_at == FIRST_NOTICE
    assert (incident.stage, incident.updates.count()) == ("resolved", 11)
    assert incident.impacts.get().until_at == jst("2020-09-08 08:00")

    told_by_monitor = list(incident.log.filter(source="monitor").values_list("text", flat=True))
    assert sum("減少を検知" in text for text in told_by_monitor) == 1
    assert sum("回復傾向" in text for text in told_by_monitor) == 1
    assert Incident.objects.exclude(state="dismissed").count() == 1

    report = with_record(Report.objects.get().pk)
    assert report.number == "HEA2020100801"
    assert printed_lines(report) == PRINTED
    update_lines = incident.log.filter(kind=LogKind.PUBLIC_UPDATE)
    assert set(update_lines.values_list("text", flat=True)) == {""}
    assert not report.lines.exclude(wording="").exists()
    assert (Notice.objects.count(), Delivery.objects.count()) == (0, 0)

    client = Client()
    shown = client.get(f"/incidents/{incident.reference}").content.decode()
    assert "HEA2020100801" in shown
    assert client.get("/reports/HEA2020100801.txt").content.decode() == hea.write(document_of(report))


def test_the_unpublished_addresses_are_named_on_the_day_they_begin_and_to_staff_alone(
    reference: IncidentFile,
) -> None:
    page = make.page()
    replay = Replay(replace(reference, series=()), page)
    replay.play()

    incident = Incident.objects.get(state="public")
    assert replay.detected_at == ONSET + timedelta(hours=1)
    told = incident.log.filter(source="monitor", recorded_at__lt=jst("2020-09-02 00:00")).order_by(
        "recorded_at"
    )
    first = told[0]
    assert (first.recorded_at, incident.started_at) == (ONSET + timedelta(hours=1), ONSET)
    refused = {one.address for table in reference.sources for one in table.seen if one.outcome == "refused"}
    assert len(refused) == 8
    assert {address for address in refused if address in first.text} == refused
    assert "拒否 2" in first.text
    assert incident.log.filter(source="monitor", text__contains="転送元の IP アドレス」が正常").exists()
    report = with_record(Report.objects.get().pk)
    assert printed_lines(report) == PRINTED
    public = [f"/incidents/{incident.reference}", "/", "/reports/HEA2020100801.txt", "/api/v2/summary.json"]
    shown = "".join(Client().get(path).content.decode() for path in public)
    assert "HEA2020100801" in shown
    assert not any(word in shown for word in [*refused, "転送元の IP アドレス", "forwarder.example"])


def printed_lines(report: Report) -> list[str]:
    lines = document_of(report).timeline
    stamps = [f"{line.at.astimezone(make.JST):%m-%d %H:%M}" for line in lines]
    kinds = [line.update.value if line.update else "" for line in lines]
    joins = {index for index, line in enumerate(lines) if line.joined}
    merged = {index: kinds[index + 1] if index + 1 in joins else kind for index, kind in enumerate(kinds)}
    return [f"{stamps[i]} {merged[i]}".strip() for i in range(len(lines)) if i not in joins]


def test_a_judge_that_sees_nothing_finds_nothing(reference: IncidentFile) -> None:
    """What the test above asserts can fail: without the drop in the counts there is no draft to publish."""
    weeks = timedelta(weeks=1)
    series = reference.series[0]
    usual = {at: value for at, value in series.points if at <= ONSET}
    calm = tuple(
        (at, usual.get(at) or usual[at - 2 * weeks]) for at, _ in series.points if at <= FIRST_NOTICE
    )
    quiet = replace(reference, series=(SeriesFacts(series.monitor, calm),), sources=())
    replay = Replay(seen_since(quiet, ONSET - timedelta(weeks=3)), make.page())
    replay.play()
    assert replay.detected_at is None
    assert Incident.objects.get(state="public").origin == "staff"


def test_the_reference_s_instants_are_in_the_order_of_its_report() -> None:
    assert len(PRINTED) == 30
    assert all(before[:11] <= after[:11] for before, after in pairwise(PRINTED))


def test_with_deliver_the_page_s_subscribers_are_told_each_update_once(reference: IncidentFile) -> None:
    page = make.page()
    make.subscriber(page)
    Replay(replace(reference, series=(), sources=(), staff=(), report=None), page, deliver=True).play()
    assert Delivery.objects.count() == 11
    assert list(Notice.objects.order_by("sequence").values_list("audience", flat=True)) == [1] * 11


def test_a_file_that_cannot_be_played_names_its_field(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('title = "x"\n[page]\norganisation = "y"\n', encoding="utf-8")
    with pytest.raises(CommandError, match="services"):
        call_command("replay", str(broken))


def test_the_pace_must_be_a_number_above_nothing() -> None:
    with pytest.raises(CommandError, match="--speed"):
        call_command("replay", str(REFERENCE), "--speed", "0")


def test_estimates_and_texts_of_a_file_are_told_as_staff_would_tell_them() -> None:
    page = make.page(time_zone="Asia/Tokyo")
    file = load(REFERENCE)
    first = replace(
        file.updates[0],
        estimate_from=FIRST_NOTICE + timedelta(hours=5),
        texts={"en": {"body": "We are looking into it."}},
    )
    second = replace(file.updates[1], estimate_undecided=True)
    play = Replay(
        replace(
            file,
            titles={"en": "Late search"},
            updates=(first, second),
            series=(),
            sources=(),
            staff=(),
            report=None,
        ),
        page,
    )
    play.play()
    incident = Incident.objects.get()
    assert incident.texts["en"]["title"] == "Late search"
    assert (incident.recovery.is_undecided, incident.updates.get(number=1).recovery) == (
        True,
        known(FIRST_NOTICE + timedelta(hours=5)),
    )
    assert incident.updates.get(number=1).texts["en"]["body"] == "We are looking into it."
