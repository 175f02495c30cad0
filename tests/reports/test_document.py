from datetime import date

import pytest

from incidents.lib.errors import Refused
from incidents.reports.document import normalise_section, split_number


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("HEA2020100801", ("HEA", date(2020, 10, 8), 1)),
        ("AB2024022999", ("AB", date(2024, 2, 29), 99)),
        ("ABCDEFGH2020100810", ("ABCDEFGH", date(2020, 10, 8), 10)),
    ],
)
def test_a_number_is_a_code_a_date_and_a_serial(number: str, parts: tuple[str, date, int]) -> None:
    assert split_number(number) == parts


@pytest.mark.parametrize(
    "number", ["", "HEA", "A2020100801", "HEA2020100800", "HEA2023022901", "hea2020100801", "HEA20201008001"]
)
def test_a_number_outside_the_scheme_is_refused(number: str) -> None:
    with pytest.raises(Refused) as refused:
        split_number(number)
    assert refused.value.field == "number"


def test_a_normalised_section_has_the_words_and_the_lists() -> None:
    assert normalise_section("**太字**(*1)\n\n* a\n* b\n\n> 引用 *\n") == "太字(*1)\n\n- a\n- b\n\n引用 \\*"
