"""Reports: how long a draft, a PDF and a Word file take, how much memory, and how much of a report the system wrote.

`python -m bench.report_bench` prints each figure beside its limit; exits 1 where one is missed. The reference report
is looked for where REFERENCE_REPORT says; without it a document of its size is made.
"""

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from bench.publishing import environment
from bench.report import Report

REFERENCE = Path(__file__).parents[2] / "shared" / "seeds" / "HEA2020100801.txt"
ENTRIES = 500
DRAFT_SECONDS = 0.3
PDF_SECONDS, PDF_MB, PDFS, GROWTH_MB = 0.5, 200, 50, 2
WARM_UP = 12
"""The typesetter keeps what it made for its last ten documents."""
DOCX_SECONDS = 0.3
LEAST_SHARE = 0.20
ROUNDS = 7


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-report-") as home:
        os.environ.update(environment(Path(home)))
        if sys.argv[1:] == ["editions"]:
            return _measure_editions()
        return _measure_all()


def _measure_all() -> int:
    """The editions in a process of their own: its memory is theirs."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    report = Report()
    _measure_draft(report)
    _measure_share(report)
    editions = subprocess.run([sys.executable, "-m", "bench.report_bench", "editions"], check=False)
    return 1 if report.missed or editions.returncode else 0


def _measure_draft(report: Report) -> None:
    from django.db import transaction

    from incidents.actions.report import draft_report

    incident = _long_incident()
    seconds = []
    for _ in range(ROUNDS):
        with transaction.atomic():
            seconds.append(_seconds(lambda: draft_report(incident)))
            transaction.set_rollback(True)
    told = f"to draft a report of {ENTRIES} lines (under {DRAFT_SECONDS:g})"
    middle = statistics.median(seconds)
    report.line(f"{middle:.3f} s", told, kept=middle < DRAFT_SECONDS)


def _long_incident() -> Any:
    from incidents.actions.log import add_entry
    from incidents.lib import times
    from tests import make

    began = make.jst("2020-09-01 09:00")
    with times.at(began + timedelta(days=1)):
        incident = make.incident(make.page(), started_at=began)
        for number in range(ENTRIES - 2):
            add_entry(incident, text=f"対応 {number}", happened_at=began + timedelta(minutes=number))
        make.update(incident)
        make.update(incident, "resolved")
    return incident


def _measure_share(report: Report) -> None:
    from django.core.management import call_command

    from incidents.fixtures.make_hea2020100801 import FILE
    from incidents.models import Report as Issued
    from incidents.reports.provenance import count, provenance_of, trace

    call_command("replay", str(FILE), stdout=io.StringIO())
    counted = provenance_of(Issued.objects.get(number="HEA2020100801"))
    told = (
        f"of the replayed report's characters are the system's: {counted.system:,} beside {counted.people:,} "
        f"of people (at least {LEAST_SHARE:.0%})"
    )
    report.line(f"{counted.share:.1%}", told, kept=counted.share >= LEAST_SHARE)
    if document := _reference():
        counted = count(trace(document))
        told = f"of the reference's own: {counted.system:,} beside {counted.people:,}, its words as they are printed"
        report.line(f"{counted.share:.1%}", told, kept=counted.share >= LEAST_SHARE)


def _measure_editions() -> int:
    django.setup()
    from incidents.reports.writers import WRITERS

    report, document = Report(), _document()
    write = WRITERS["pdf"]
    for _ in range(WARM_UP):
        write(document, {})
    seconds, after = [], []
    for _ in range(PDFS):
        seconds.append(_seconds(lambda: write(document, {})))
        after.append(_resident_mb())
    middle, growth = statistics.median(seconds), statistics.median(after[-5:]) - statistics.median(after[:5])
    told = f"for a PDF of {_pages(write(document, {}))} pages, the median of {PDFS} (under {PDF_SECONDS:g})"
    report.line(f"{middle:.3f} s", told, kept=middle < PDF_SECONDS)
    report.line(
        f"{max(after):.0f} MB", f"of memory at most meanwhile (under {PDF_MB})", kept=max(after) < PDF_MB
    )
    report.line(
        f"{growth:+.1f} MB",
        f"from the first to the last of them (under {GROWTH_MB})",
        kept=growth < GROWTH_MB,
    )
    docx = statistics.median(_seconds(lambda: WRITERS["docx"](document, {})) for _ in range(ROUNDS))
    report.line(f"{docx:.3f} s", f"for a Word file (under {DOCX_SECONDS:g})", kept=docx < DOCX_SECONDS)
    return 1 if report.missed else 0


def _document() -> Any:
    document = _reference()
    if document is None:
        print(f"{'':>12}  the reference report is not here: a document of its size is measured", flush=True)
    return document or _made_document()


def _reference() -> Any:
    """None where it is not at hand."""
    from incidents.reports import hea

    path = Path(os.environ.get("REFERENCE_REPORT", REFERENCE))
    return hea.read(path.read_text(encoding="utf-8")) if path.exists() else None


def _made_document() -> Any:
    from incidents.reports.document import Line
    from tests.reports.make_document import make_document

    document = make_document()
    at = document.period_from
    lines = tuple(
        Line(at + timedelta(hours=number), "受信側ロードバランサのサーバーを増設し、状況を確認。" * 3)
        for number in range(26)
    )
    words = "\n\n".join(["設定の変更により、受信したメールの反映に通常より長い時間がかかりました。" * 6] * 4)
    return replace(document, timeline=lines, what_happened=words, cause=words, scope=words, measures=words)


def _pages(pdf: bytes) -> int:
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(pdf)).pages)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
