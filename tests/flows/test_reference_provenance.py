"""Nothing that the record knows is typed by hand: the reference incident, played, and who wrote its report."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from incidents import fixtures
from incidents.lib.plain_text import plain
from incidents.management.incident_file import load
from incidents.management.replay import Replay
from incidents.models import LogEntry, Report
from incidents.queries.report import with_record
from incidents.reports import hea
from incidents.reports.build import document_of
from incidents.reports.phrases import PHRASES
from incidents.reports.provenance import count, provenance_of, trace
from incidents.reports.words import stamp_entries
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
REFERENCE = Path(fixtures.__path__[0]) / "hea2020100801.toml"
STAMP = re.compile(r"[0-9]+月[0-9]{2}日\([月火水木金土日]\) [0-9]{2}:[0-9]{2}\t")
WEEKDAY = re.compile(r"[(（][月火水木金土日][)）]")


@pytest.fixture
def report() -> Report:
    """Played by hand: without what the monitors saw it is the same report."""
    replay = Replay(replace(load(REFERENCE), series=(), sources=()), make.page())
    replay.play()
    return with_record(Report.objects.get(number="HEA2020100801").pk)


def test_no_instant_weekday_or_update_line_of_the_report_was_typed(report: Report) -> None:
    document = document_of(report)
    pieces = trace(document)
    by_people = [piece.text for piece in pieces if piece.by_people]
    by_system = "".join(piece.text for piece in pieces if not piece.by_people)
    assert len(STAMP.findall(by_system)) == len(list(stamp_entries(document))) == 30
    assert len(WEEKDAY.findall(by_system)) == 30 + 2
    assert sum(by_system.count(phrase) for phrase in PHRASES["ja"].values()) == 11
    for text in by_people:
        assert not STAMP.search(text)
        assert not WEEKDAY.search(text)
        assert not any(phrase in text for phrase in PHRASES["ja"].values())


def test_what_people_wrote_stands_in_the_record_as_they_wrote_it(report: Report) -> None:
    logged = set(LogEntry.objects.exclude(text="").values_list("text", flat=True))
    sections = {report.what_happened, report.scope, report.cause, report.measures}
    heads = {report.organisation, f"{report.service.name} {report.subject}"}
    by_people = {piece.text for piece in trace(document_of(report)) if piece.by_people}
    assert by_people <= logged | heads | {plain(text) for text in sections}
    assert len(by_people & logged) == 20


def test_a_corrected_instant_changes_its_line_with_its_weekday_and_no_other(report: Report) -> None:
    before = hea.write(document_of(report)).splitlines()
    LogEntry.objects.filter(happened_at=jst("2020-09-04 18:24")).update(happened_at=jst("2020-09-05 18:25"))
    after = hea.write(document_of(with_record(report.pk))).splitlines()
    moved = [line for line in after if line not in before]
    assert [line.partition("\t")[0] for line in moved] == ["9月05日(土) 18:25"]
    assert len(set(before) - set(after)) == 1


def test_the_system_wrote_a_fifth_of_it_or_more(report: Report) -> None:
    counted = provenance_of(report)
    assert counted == count(trace(document_of(report)))
    assert counted.share >= 0.2
    assert counted.people + counted.system == len("".join(hea.write(document_of(report)).split()))
