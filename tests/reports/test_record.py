"""A report is built from the record, and a past report becomes one."""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from incidents.actions.report import LineChoice, choose_lines, draft_report, save_report
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Delivery, Incident, LogEntry, Notice, Page, Report, Service, Update
from incidents.queries.report import find_issued, with_record
from incidents.reports import hea
from incidents.reports.build import document_of
from incidents.reports.document import MOST_CHARACTERS, Document
from incidents.reports.issue import issue
from incidents.reports.past import take_past_report
from tests import make
from tests.make import jst
from tests.reports.make_document import documents, make_document

pytestmark = pytest.mark.django_db
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.txt"))
REFERENCE = Path(
    os.environ.get("REFERENCE_REPORT", Path(__file__).parents[3] / "shared" / "seeds" / "HEA2020100801.txt")
)


def read_reference() -> str:
    if not REFERENCE.exists():
        pytest.skip(f"the reference report is not at {REFERENCE}")
    return REFERENCE.read_text(encoding="utf-8")


def squeezed(text: str) -> list[str]:
    """Two texts are equivalent when these are equal."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def exported(report: Report) -> str:
    return hea.write(document_of(Report.objects.get(pk=report.pk)))


def test_what_a_reader_takes_fits_the_record() -> None:
    columns = {
        "organisation": Report.organisation.field,
        "service": Service.name.field,
        "subject": Report.subject.field,
    }
    assert {name: column.max_length for name, column in columns.items()} == MOST_CHARACTERS


def test_the_samples_are_there() -> None:
    assert len(SAMPLES) >= 2


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_report_taken_into_the_record_comes_out_equivalent(sample: Path) -> None:
    text = sample.read_text(encoding="utf-8-sig")
    report = take_past_report(make.page(), text)
    assert squeezed(exported(report)) == squeezed(text)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_what_comes_out_imports_again_elsewhere_to_the_same_records(sample: Path) -> None:
    first = take_past_report(make.page(), sample.read_text(encoding="utf-8-sig"))
    text, records = exported(first), record_of(first)
    Incident.objects.all().delete()
    Report.objects.all().delete()
    again = take_past_report(make.page(), text)
    assert record_of(again) == records


def record_of(report: Report) -> object:
    """Everything an import writes, without ids, pages and the instants of the import itself."""
    incident = report.incident
    return (
        list(incident.log.order_by("happened_at", "id").values_list("happened_at", "kind", "text")),
        list(
            incident.updates.values_list(
                "number", "stage", "severity", "concerned", "happened_at", "recovered_at"
            )
        ),
        list(incident.impacts.values_list("service__name", "status", "from_at", "until_at")),
        list(report.lines.order_by("id").values_list("is_included", "wording", "is_joined")),
        (report.number, report.subject, report.service.name, report.service.code, report.issued_on),
        (report.what_happened, report.scope, report.cause, report.measures),
        (report.period_from, report.period_until, report.from_is_approximate, report.until_is_approximate),
        (incident.title, incident.stage, incident.started_at, incident.resolved_at),
    )


def test_the_reference_comes_out_equivalent_with_its_thirty_lines_and_eleven_updates() -> None:
    text = read_reference()
    report = take_past_report(make.page(), text)
    assert squeezed(exported(report)) == squeezed(text)
    document = document_of(report)
    assert len(list(hea_entries(exported(report)))) == 30
    assert sum(line.update is not None for line in document.timeline) == 11
    assert not report.lines.exclude(wording="").exists()


def hea_entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if "\t" in line]


def test_a_report_built_anew_from_the_imported_incident_has_the_same_timeline() -> None:
    report = take_past_report(make.page(), read_reference())
    before = hea_entries(exported(report))
    incident = report.incident
    joined = set(report.lines.filter(is_joined=True).values_list("entry_id", flat=True))
    report.delete()
    from_record = build_anew(Incident.objects.get(pk=incident.pk), joined=joined)
    assert hea_entries(from_record) == before


def build_anew(incident: Incident, *, joined: set[int]) -> str:
    report = draft_report(incident)
    sections = dict.fromkeys(("what_happened", "scope", "cause", "measures"), "本文")
    saved = save_report(report, {**sections, "subject": "反映遅延"}, version=1)
    joins = {entry_id: LineChoice(is_joined=True) for entry_id in joined}
    choose_lines(report, joins, version=saved.version)
    return exported(report)


def sample_report() -> Report:
    return take_past_report(make.page(), SAMPLES[0].read_text(encoding="utf-8-sig"))


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def test_changing_one_log_instant_changes_exactly_its_line() -> None:
    report = sample_report()
    before = exported(report)
    entry = LogEntry.objects.filter(incident=report.incident).order_by("happened_at", "id").last()
    assert entry is not None
    LogEntry.objects.filter(pk=entry.pk).update(happened_at=entry.happened_at + timedelta(minutes=1))
    ((old, new),) = changed_lines(before, exported(report))
    assert old.partition("\t")[2] == new.partition("\t")[2]
    assert old != new


def test_changing_the_service_s_name_changes_exactly_the_title_line() -> None:
    report = sample_report()
    before = exported(report)
    Service.objects.filter(pk=report.service_id).update(name="Renamed Service")
    report = Report.objects.get(pk=report.pk)
    ((_, new),) = changed_lines(before, exported(report))
    assert new.startswith("Renamed Service ")


def test_changing_the_period_changes_exactly_its_line() -> None:
    report = sample_report()
    before = exported(report)
    assert report.period_until is not None
    Report.objects.filter(pk=report.pk).update(period_until=report.period_until + timedelta(hours=1))
    ((old, _),) = changed_lines(before, exported(report))
    assert "から" in old


def test_no_column_holds_the_document() -> None:
    report = sample_report()
    lines = hea_entries(exported(report))
    for name in ("what_happened", "scope", "cause", "measures"):
        assert not any(line in getattr(report, name) for line in lines)


def test_importing_tells_nobody() -> None:
    page = make.page()
    make.subscriber(page)
    take_past_report(page, SAMPLES[0].read_text(encoding="utf-8-sig"))
    assert (Notice.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_number_that_is_taken_is_refused_at_its_line_and_saves_nothing() -> None:
    page = make.page()
    text = SAMPLES[0].read_text(encoding="utf-8-sig")
    take_past_report(page, text)
    counts = [model.objects.count() for model in (Incident, Update, LogEntry, Service, AuditEntry)]
    with pytest.raises(hea.ReportSyntaxError, match="already taken") as refused:
        take_past_report(page, text)
    assert text.splitlines()[refused.value.line - 1].startswith("Incident No: ")
    assert [model.objects.count() for model in (Incident, Update, LogEntry, Service, AuditEntry)] == counts


def test_the_commands_take_a_file_in_and_bring_it_out(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = SAMPLES[0].read_text(encoding="utf-8-sig")
    file = tmp_path / "report.txt"
    file.write_text(text, encoding="utf-8")
    call_command("import_report", str(file))
    number = Report.objects.get().number
    call_command("export_report", number, "-o", str(tmp_path / "out.txt"))
    assert squeezed((tmp_path / "out.txt").read_text(encoding="utf-8")) == squeezed(text)
    for form in ("md", "html"):
        call_command("export_report", number, "--format", form, "-o", str(tmp_path / f"out.{form}"))
        assert str(number) in (tmp_path / f"out.{form}").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_a_printed_edition_is_taken_in_again(form: str, tmp_path: Path) -> None:
    page = make.page()
    page.letterhead = "〒100-0000 東京都千代田区一番町1\n\n 電話 03-0000-0000 "
    page.save()
    report = take_past_report(page, SAMPLES[0].read_text(encoding="utf-8-sig"))
    file, before = tmp_path / f"report.{form}", exported(report)
    call_command("export_report", report.number, "--format", form, "-o", str(file))
    Incident.objects.all().delete()
    call_command("import_report", str(file))
    assert exported(Report.objects.get()) == before


def test_one_bad_file_fails_the_command_with_its_line_and_leaves_the_good_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    text = SAMPLES[0].read_text(encoding="utf-8-sig")
    good.write_text(text, encoding="utf-8")
    bad.write_text("2020年10月8日\n\n株式会社\n\nIncident No: x\n", encoding="utf-8")
    with pytest.raises(CommandError, match="1 of 2 files"):
        call_command("import_report", str(bad), str(good))
    assert f"{bad}:5: " in capsys.readouterr().err
    assert Report.objects.count() == 1


def test_a_file_that_is_not_utf8_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "sjis.txt"
    bad.write_bytes(b"x\n" + "障害".encode("shift_jis"))
    with pytest.raises(CommandError):
        call_command("import_report", str(bad))
    assert f"{bad}:2: UTF-8 text" in capsys.readouterr().err


def test_an_unknown_number_is_an_error() -> None:
    with pytest.raises(CommandError, match="no issued report"):
        call_command("export_report", "HEA2020100801")


def test_a_report_of_another_zone_keeps_its_zone() -> None:
    report = sample_report()
    Report.objects.filter(pk=report.pk).update(time_zone="UTC")
    text = exported(Report.objects.get(pk=report.pk))
    Incident.objects.all().delete()
    again = take_past_report(make.page(), text)
    assert again.time_zone == "UTC"
    assert squeezed(exported(again)) == squeezed(text)


def test_a_page_s_known_service_is_taken_by_the_number_s_code() -> None:
    text = SAMPLES[0].read_text(encoding="utf-8-sig")
    first = take_past_report(make.page(), text)
    page = make.page()
    known = make.service(page, name=first.service.name.split(" ")[0], code=first.service.code)
    Incident.objects.all().delete()
    report = take_past_report(page, text)
    assert report.service == known
    assert squeezed(exported(report)) == squeezed(text)


def test_a_given_service_overrides_the_title() -> None:
    text = SAMPLES[0].read_text(encoding="utf-8-sig")
    report = take_past_report(make.page(), text)
    words = report.service.name.split(" ")
    Incident.objects.all().delete()
    assert take_past_report(make.page(), text, service=words[0]).service.name == words[0]


def test_issuing_gives_numbers_from_one_per_code_and_day() -> None:
    page = make.page()
    service = make.service(page, code="HEA")
    numbers = [issued_report(page, service).number for _ in range(2)]
    assert numbers == ["HEA2020100801", "HEA2020100802"]
    assert find_issued("HEA2020100801", page=page) is not None


def issued_report(page: Page, service: Service) -> Report:
    with times.at(jst("2020-09-04 12:46")):
        incident = make.incident(page, {service: "degraded"})
        make.update(incident)
        make.update(incident, "resolved")
    report = draft_report(incident)
    texts = dict.fromkeys(("what_happened", "scope", "cause", "measures"), "本文")
    save_report(report, {**texts, "subject": "遅延"}, version=1)
    with times.at(jst("2020-10-08 15:00")):
        return issue(report, notify=False)


def test_a_report_that_was_withdrawn_is_not_taken() -> None:
    document = make_document(withdrawn_on=date(2020, 10, 20))
    with pytest.raises(Refused) as refused:
        take_past_report(make.page(), hea.write(document))
    assert refused.value.field == "withdrawn_on"
    assert not Report.objects.exists()


@given(documents())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_survives_the_way_through_the_record(document: Document) -> None:
    """Also one whose updates come in an order, or in words, that the record would tell otherwise."""
    document = replace(document, withdrawn_on=None)
    with transaction.atomic():
        report = take_past_report(make.page(), hea.write(document))
        built = document_of(with_record(report.pk))
        transaction.set_rollback(True)
    assert hea.write(built) == hea.write(document)
