"""Documents of a report by language, and what is kept of an edition."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import log
from incidents.actions.report import add_missing_lines
from incidents.models import Report, ReportLine
from incidents.queries.report import with_record
from incidents.reports import frozen
from incidents.reports.build import document_of
from incidents.reports.hea import read
from tests import make
from tests.make import jst
from tests.make_report import draft, edition, issued, resolved, revised

pytestmark = pytest.mark.django_db


def written(**values: Any) -> Report:
    report = draft()
    Report.objects.filter(pk=report.pk).update(**values)
    return with_record(report.pk)


def test_a_language_has_its_own_texts_beside_the_first() -> None:
    report = written(texts={"en": {"cause": "A full disk.", "subject": "Late searches"}})
    english, japanese = document_of(report, language="en"), document_of(report)
    assert (english.cause, english.subject) == ("A full disk.", "Late searches")
    assert english.scope == japanese.scope == "すべてのお客様。"
    assert japanese.cause == "ディスクが一杯になりました。"


def test_texts_in_the_first_language_never_come_from_the_others() -> None:
    assert document_of(written(texts={"ja": {"cause": "余分"}})).cause == "ディスクが一杯になりました。"


def test_a_service_and_a_line_have_their_names_in_the_language() -> None:
    report = draft()
    report.service.texts = {"en": {"name": "Mail Vault"}}
    report.service.save()
    entry = log.add_entry(report.incident, text="調査開始", happened_at=jst("2020-09-04 12:50"))
    add_missing_lines(report)
    ReportLine.objects.filter(entry=entry).update(wordings={"en": "Began to look."})
    report = with_record(report.pk)
    english = document_of(report, language="en")
    assert english.service == "Mail Vault"
    assert "Began to look." in [line.text for line in english.timeline]
    assert "調査開始" in [line.text for line in document_of(report).timeline]


def test_it_opens_with_greeting_and_then_apology() -> None:
    report = written(greeting="お客様各位\n", apology="お詫び申し上げます。")
    assert document_of(report).opening == "お客様各位\n\nお詫び申し上げます。"
    assert document_of(written()).opening == ""


def test_what_nobody_translated_is_known_of_what_was_frozen() -> None:
    report = draft(resolved(make.page()))
    texts = dict.fromkeys(("what_happened", "scope", "cause", "measures"), "English.")
    Report.objects.filter(pk=report.pk).update(texts={"en": texts})
    kept = edition(issued(report), 1)
    assert frozen.untranslated(kept, frozen.document_in(kept, "en")) == ""
    assert frozen.untranslated(kept, frozen.document_in(kept, "ja")) == ""
    kept = edition(revised(report), 2)
    kept.documents["en"]["scope"] = kept.documents["ja"]["scope"]
    assert frozen.untranslated(kept, frozen.document_in(kept, "en")) == "ja"


def test_a_language_that_an_edition_lacks_is_shown_in_the_first() -> None:
    kept = edition(issued(), 1)
    assert frozen.document_in(kept, "en").language == "ja"


def test_five_hundred_lines_are_drafted_in_a_third_of_a_second_and_a_constant_number_of_queries() -> None:
    report = draft()
    few = queries(report)
    for number in range(500):
        log.add_entry(report.incident, text=f"手順{number}", happened_at=jst("2020-09-04 12:50"))
    add_missing_lines(report)
    assert queries(report) == few
    began_at = time.perf_counter()
    assert len(document_of(with_record(report.pk)).timeline) == 502
    assert time.perf_counter() - began_at < 0.3


def queries(report: Report) -> int:
    with CaptureQueriesContext(connection) as made:
        document_of(with_record(report.pk))
    return len(made)


def exported(report: Report, *arguments: str, tmp_path: Path) -> bytes:
    target = tmp_path / "out"
    call_command("export_report", report.number, "-o", str(target), *arguments)
    return target.read_bytes()


def test_an_edition_is_exported_as_it_was_issued(tmp_path: Path) -> None:
    report = revised(issued())
    first = exported(report, "--revision", "1", tmp_path=tmp_path).decode()
    assert "ディスクが一杯になりました。" in first and "第2版" not in first
    now = exported(report, tmp_path=tmp_path).decode()
    assert "別の原因です。" in now and "第2版" in now
    assert read(first).revision == 1


def test_a_printed_edition_is_exported_byte_by_byte(tmp_path: Path) -> None:
    report = issued()
    kept = edition(report, 1).files.get(name="ja.pdf")
    exported_ = exported(report, "--revision", "1", "--format", "pdf", tmp_path=tmp_path)
    assert BytesIO(exported_).read() == bytes(kept.body)


def test_an_edition_that_there_is_not_is_refused() -> None:
    report = issued()
    with pytest.raises(CommandError, match="there is no edition 2"):
        call_command("export_report", report.number, "--revision", "2")
