from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incidents.console import past_reports
from incidents.models import Delivery, Incident, Report, Service
from incidents.reports import hea
from incidents.reports.uploads import LARGEST_BYTES
from incidents.reports.writers import WRITERS
from tests import make
from tests.console.conftest import Desk
from tests.reports.make_document import make_document

SAMPLES = Path(__file__).parents[1] / "reports" / "samples"
ADDRESS = "/console/reports/past/"
GOOD = hea.write(make_document())
WRONG = GOOD.replace("9月04日(金) 12:46", "9月04日(木) 12:46")


def upload(desk: Desk, *files: tuple[str, str | bytes], **more: object) -> Any:
    sent = [
        SimpleUploadedFile(name, body.encode() if isinstance(body, str) else body) for name, body in files
    ]
    return desk.client.post(ADDRESS, {"files": sent, "look": "1", **more})


def send(desk: Desk, *texts: str, services: tuple[str, ...] = (), **more: object) -> Any:
    sent = {
        "text": list(texts),
        "name": [f"{number}.txt" for number in range(len(texts))],
        "service": list(services) or [""] * len(texts),
        **more,
    }
    return desk.client.post(ADDRESS, sent)


def test_each_file_says_what_it_would_create_and_creates_nothing(desk: Desk) -> None:
    names = ("ARC2025011401.txt", "MLX2024030101.txt")
    html = upload(desk, *((name, (SAMPLES / name).read_bytes()) for name in names)).content.decode()
    for name in names:
        assert name.removesuffix(".txt") in html
    assert "Take 2 reports" in html
    assert not Report.objects.exists()
    assert not Service.objects.exists()


def test_a_wrong_line_is_told_and_shown_and_can_be_corrected(desk: Desk) -> None:
    response = upload(desk, ("past.txt", WRONG))
    html = response.content.decode()
    line = next(n for n, text in enumerate(WRONG.split("\n"), 1) if "(木)" in text)
    assert response.status_code == 422
    assert f"Line {line}, expected there:" in html
    assert '<code class="break">9月04日(木) 12:46' in html
    assert "Take what is right by now" in html
    taken = send(desk, GOOD, take="1")
    assert taken.status_code == 200
    assert "ARC2020100801" in taken.content.decode()
    assert Report.objects.get().number == "ARC2020100801"


def test_what_is_taken_is_the_same_document_and_mails_nobody(desk: Desk) -> None:
    make.subscriber(desk.page)
    send(desk, GOOD, take="1")
    assert Incident.objects.get().origin == "import"
    assert not Delivery.objects.exists()


def test_of_several_the_good_are_taken_and_the_wrong_stay(desk: Desk) -> None:
    response = send(desk, GOOD, WRONG, take="1")
    html = response.content.decode()
    assert response.status_code == 422
    assert Report.objects.count() == 1
    assert html.count("<textarea") == 1
    assert "is in the file" not in html


def test_a_number_that_is_taken_is_said_with_its_line(desk: Desk) -> None:
    send(desk, GOOD, take="1")
    html = upload(desk, ("again.txt", GOOD)).content.decode()
    assert "a number other than ARC2020100801, which is taken" in html
    assert '<code class="break">Incident No: ARC2020100801' in html


def test_one_number_in_two_files_is_taken_once(desk: Desk) -> None:
    html = upload(desk, ("one.txt", GOOD), ("two.txt", GOOD)).content.decode()
    assert "ARC2020100801 is in the file one.txt too" in html
    assert "Take 1 report<" in html


def test_the_service_can_be_chosen(desk: Desk) -> None:
    make.service(desk.page, name="Minato Mail")
    send(desk, GOOD, services=("Minato Mail",), take="1")
    report = Report.objects.select_related("service").get()
    assert (report.service.name, report.subject) == ("Minato Mail", "Vault 検索の遅延")


def test_a_service_of_another_page_cannot_be_chosen(desk: Desk) -> None:
    make.service(make.page(), name="Minato Mail")
    send(desk, GOOD, services=("Minato Mail",), take="1")
    assert Report.objects.select_related("service").get().service.name == "Minato Mail Vault"


def test_one_can_be_left_out(desk: Desk) -> None:
    html = send(desk, GOOD, WRONG, strike=["1"], look="1").content.decode()
    assert html.count("<textarea") == 1


def test_what_is_typed_comes_back_as_it_was(desk: Desk) -> None:
    text = "\n\n  <b>not a report</b>\n"
    html = send(desk, text, look="1").content.decode()
    assert ">\n\n\n  &lt;b&gt;not a report&lt;/b&gt;\n</textarea>" in html


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (GOOD.encode() + b"\xff", "UTF-8 text"),
        (b"%PDF-1.7 nothing", "expected a PDF that can be read"),
        (b"PK\x03\x04 nothing", "expected a Word file"),
        (b"a\0b", "expected text in UTF-8"),
        (b"a" * (LARGEST_BYTES + 1), "expected a file of at most 5 MB"),
        (b"a" * 100_001, "expected at most 100000 characters"),
        (b"", "Line 1, expected there:"),
    ],
    ids=["bytes", "pdf", "word", "zero", "huge", "long", "empty"],
)
def test_a_file_that_is_no_report_says_why(desk: Desk, body: bytes, sentence: str) -> None:
    response = upload(desk, ("bad.txt", body))
    assert response.status_code == 422
    assert sentence in response.content.decode()


@pytest.mark.parametrize("edition", ["pdf", "docx"])
def test_our_own_pdf_and_word_editions_are_read_back(desk: Desk, edition: str) -> None:
    html = upload(desk, (f"past.{edition}", WRITERS[edition](make_document(), {}))).content.decode()
    assert "ARC2020100801" in html
    assert "Take 1 report<" in html


def test_too_many_files_are_refused_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_reports, "MOST_FILES", 2)
    response = upload(desk, *((f"{n}.txt", GOOD) for n in range(3)))
    assert response.status_code == 422
    assert "expected at most 2 files at once" in response.content.decode()


def test_too_much_text_is_refused_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_reports, "MOST_CHARACTERS", len(GOOD))
    response = send(desk, GOOD, GOOD, take="1")
    assert "characters in all files together" in response.content.decode()
    assert not Report.objects.exists()


def test_a_form_that_did_not_arrive_whole_takes_nothing(desk: Desk) -> None:
    sent = {"text": [GOOD, GOOD], "name": ["a.txt"], "service": [""], "take": "1"}
    assert desk.client.post(ADDRESS, sent).status_code == 422
    assert not Report.objects.exists()


def test_what_is_wrong_is_said_in_japanese(desk: Desk) -> None:
    desk.staff.language = "ja"
    desk.staff.save()
    html = upload(desk, ("past.txt", WRONG)).content.decode()
    assert "2020-09-04の曜日（金 / Fri）" in html
