from collections.abc import Iterator

import pytest

from incidents.lib.fetch import Response
from incidents.monitors.canaries import Canaries, judge_canaries


@pytest.fixture
def canaries() -> Iterator[Canaries]:
    with Canaries() as made:
        yield made


def test_where_all_is_well_both_come_out_as_they_must(canaries: Canaries) -> None:
    assert [canaries.find_fault() for _ in range(3)] == ["", "", ""]


def test_an_echo_that_does_not_answer_is_told() -> None:
    with Canaries() as canaries:
        pass
    assert canaries.find_fault().startswith("the check that must pass failed: ")


@pytest.mark.parametrize(
    ("must_pass", "must_fail", "why"),
    [
        (Response(200, body=b"word"), Response(error="refused"), ""),
        (
            Response(error="too many files"),
            Response(error="too many files"),
            "the check that must pass failed: too many files",
        ),
        (
            Response(200, body=b"portal"),
            Response(error="refused"),
            "the check that must pass was answered by somebody else",
        ),
        (Response(200, body=b"word"), Response(302), "the check of a closed port was answered with 302"),
    ],
)
def test_what_is_wrong_is_told(must_pass: Response, must_fail: Response, why: str) -> None:
    assert judge_canaries(must_pass, must_fail, word="word") == why
