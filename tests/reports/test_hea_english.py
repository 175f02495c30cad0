import dataclasses
from typing import Any

import pytest

from incidents.reports.document import Line
from incidents.reports.hea import ReportSyntaxError, read, write
from incidents.reports.phrases import PHRASES, UpdateKind
from tests.reports.make_document import instant, make_document

DOCUMENT = dataclasses.replace(
    make_document(),
    language="en",
    edition="interim",
    organisation="Minato Information Services",
    service="Minato",
    subject="search is slow",
    timeline=(
        Line(instant("2020-09-04 12:20"), "Judged an incident."),
        Line(
            instant("2020-09-04 12:20"), PHRASES["en"][UpdateKind.FIRST], joined=True, update=UpdateKind.FIRST
        ),
    ),
)
TEXT = write(DOCUMENT)


def change(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def test_an_english_report_is_read_back() -> None:
    assert read(TEXT, services={"ARC": "Minato"}) == DOCUMENT


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("About Tue 1 September 2020, 09:00", "About Tue 1 September 2020, 9:00", {}),
        ("About Tue 1 September", "Tue 1 September", {"period_from_approximate": False}),
        ("to about Tue 8", "to Tue 8", {"period_until_approximate": False}),
        ("Fri 04 Sep 12:20", "Fri 4 Sep 12:20", {}),
        (" (interim report)", " (first report)", {"edition": "first"}),
    ],
)
def test_variants_of_form_are_read(old: str, new: str, changes: dict[str, Any]) -> None:
    assert read(change(old, new), services={"ARC": "Minato"}) == dataclasses.replace(DOCUMENT, **changes)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("8 October 2020", "31 November 2020", "a date that exists"),
        ("8 October 2020", "8 Octember 2020", "a date that exists"),
        ("About Tue 1 September", "About Wed 1 September", "the weekday of 2020-09-01, which is 火 / Tue"),
        ("to about Tue 8 September", "to about Mon 31 August", "not before its start"),
        ("Fri 04 Sep", "Sat 04 Sep", "the weekday of 2020-09-04"),
        ("Fri 04 Sep", "Fri 04 Sop", "a date that exists"),
        ("Fri 04 Sep 12:20", "Fri 04 Sep 24:00", "a time from 00:00 to 23:59"),
        ("■ Permanent measures", "■ Cause", "■ Cause only once"),
        ("times in JST, UTC+9", "times in JST, UTC+8", "■ Period (times in JST, UTC+9)"),
        ("\nEnd\n", "\nThe end\n", "End as the last line"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(old: str, new: str, expected: str) -> None:
    text = change(old, new)
    with pytest.raises(ReportSyntaxError) as refused:
        read(text)
    assert expected in str(refused.value)
    last = max(number for number, line in enumerate(text.split("\n"), 1) if new.strip() in line)
    assert refused.value.line == last
