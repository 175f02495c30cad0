"""The incident file of the reference: complete, made by its script, and true to the published instants."""

import os
import re
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from incidents.fixtures.make_hea2020100801 import (
    ALLOWED_AT,
    FILE,
    ONSET_AT,
    SOURCES_FROM_AT,
    UNPUBLISHED,
    complete,
    counts,
    sources,
)
from incidents.management.incident_facts import IncidentFile
from incidents.management.incident_file import load

ROOT = Path(__file__).parents[2]
TOKYO = ZoneInfo("Asia/Tokyo")
DOCUMENTATION = [
    ip_network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


@pytest.fixture(scope="module")
def incident() -> IncidentFile:
    return load(FILE)


def printed_instants(incident: IncidentFile) -> list[datetime]:
    updates = [update.at for update in incident.updates if not update.joined]
    return sorted([entry.at for entry in incident.log] + updates)


def test_its_generated_half_is_what_the_script_writes() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert complete(text) == text


def test_it_tells_thirty_lines_of_which_eleven_report_updates(incident: IncidentFile) -> None:
    assert len(printed_instants(incident)) == 30
    assert len(incident.updates) == 11
    joined = next(update for update in incident.updates if update.joined)
    assert joined.at in [entry.at for entry in incident.log]


def test_its_instants_are_those_of_the_reference(incident: IncidentFile) -> None:
    reference = Path(os.environ.get("REFERENCE_REPORT", ROOT / "../shared/seeds/HEA2020100801.txt"))
    if not reference.exists():
        pytest.skip("the reference report is not here; REFERENCE_REPORT may name it")
    found = re.findall(r"^(\d+)月(\d+)日\(.\) (\d+):(\d+)\t(.*)$", reference.read_text("utf-8"), re.MULTILINE)
    instants = [
        datetime(2020, int(month), int(day), int(hour), int(minute), tzinfo=TOKYO)
        for month, day, hour, minute, _ in found
    ]
    assert printed_instants(incident) == instants
    assert not {line[4] for line in found} & {entry.text for entry in incident.log}


def test_it_has_eight_normal_weeks_by_the_hour_and_the_incident() -> None:
    points = counts(1)
    assert points[8 * 168 - 1][0] == ONSET_AT
    assert {later - at for (at, _), (later, _) in pairwise(points)} == {points[1][0] - points[0][0]}
    assert 4_000 * 0.9 < mean(count for at, count in points if at.hour == 11 and at.weekday() == 0) < 4_400


def test_a_tenth_comes_at_night_and_less_at_weekends() -> None:
    points = counts(1, variant="normal")
    noon = mean(count for at, count in points if at.hour == 11 and at.weekday() < 5)
    night = mean(count for at, count in points if at.hour == 4 and at.weekday() < 5)
    weekend = mean(count for at, count in points if at.hour == 11 and at.weekday() >= 5)
    assert night / noon == pytest.approx(0.1, abs=0.01)
    assert weekend / noon < 0.5


@pytest.mark.parametrize(("variant", "share"), [("step", 0.75), ("ramp", 0.75), ("normal", 1.0)])
def test_a_quarter_is_missing_while_the_drop_lasts(variant: str, share: float) -> None:
    played = counts(1, variant=variant)  # type: ignore[arg-type]
    pairs = list(zip(played, counts(1, variant="normal"), strict=True))
    during = [(a, b) for (at, a), (_, b) in pairs if ONSET_AT < at < ALLOWED_AT]
    assert sum(a for a, _ in during) / sum(b for _, b in during) == pytest.approx(share, abs=0.01)


def test_one_seed_is_one_series_and_another_seed_another() -> None:
    assert counts(7) == counts(7)
    assert counts(7) != counts(8)


def test_a_quarter_of_the_connections_is_refused_while_the_drop_lasts_and_then_let_in() -> None:
    rows = sources(3)
    refused = [row for row in rows if row.outcome == "refused"]
    assert len(refused) == 2 * len(UNPUBLISHED)
    assert all(any(ip_address(row.address) in network for network in DOCUMENTATION) for row in refused)
    hours = [SOURCES_FROM_AT + timedelta(hours=hour + 1) for hour in range(len(refused[0].counts))]
    for row in refused:
        seen_at = [at for at, count in zip(hours, row.counts, strict=True) if count]
        assert ONSET_AT < min(seen_at) <= ONSET_AT + timedelta(hours=1)
        assert max(seen_at) <= ALLOWED_AT
    during = range(hours.index(ONSET_AT) + 1, hours.index(ALLOWED_AT.replace(minute=0)) + 1)
    turned_away = sum(row.counts[hour] for row in refused for hour in during)
    all_ = sum(row.counts[hour] for row in rows for hour in during)
    assert turned_away / all_ == pytest.approx(0.25, abs=0.02)
