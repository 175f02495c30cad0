from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.alerts import fields


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.com/health", "https://api.example.com/health"),
        ("https://me:secret@api.example.com/health?key=secret#x", "https://api.example.com/health"),
        ("tcp://db:5432", "tcp://db:5432"),
        ("no address", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_an_address_is_kept_without_its_secrets(given: Any, kept: str) -> None:
    assert fields.place(given) == kept


@pytest.mark.parametrize("odd", ["a\x00b", "a\ud800b", "a\u202eb", "a\nb"])
def test_what_a_database_refuses_is_in_no_key_label_or_title(odd: str) -> None:
    assert fields.word({"id": odd}, "id") == fields.text(odd) == "a b"
    assert fields.labels({odd: odd}) == {"a b": "a b"}


def test_long_keys_that_begin_alike_stay_two() -> None:
    one, other = (fields.word({"id": "x" * 400 + end}, "id") for end in "ab")
    assert one != other
    assert len(one) == len(other) == 300


def test_a_label_named_as_a_secret_is_left_out() -> None:
    given = {
        "host": "db1",
        "api_key": "k",
        "basic_auth_pass": "p",
        "Authorization": "a",
        "session-token": "t",
    }
    assert fields.labels(given) == {"host": "db1"}


def test_a_secret_in_a_title_is_not_kept() -> None:
    assert (
        fields.text("GET https://me:hunter2@db/ failed, token=abc123") == "GET https://db/ failed, token=***"
    )


@pytest.mark.parametrize("given", [1_790_000_000, "1790000000", 1_790_000_000_000, 1_790_000_000 * 10**9])
def test_instants_are_taken_in_seconds_and_in_parts_of_them(given: Any) -> None:
    assert fields.epoch(given) == datetime.fromtimestamp(1_790_000_000, UTC)


@pytest.mark.parametrize("odd", [None, "", "soon", float("nan"), float("inf"), 1e300, [], {}])
def test_what_is_no_instant_is_none(odd: Any) -> None:
    assert fields.epoch(odd) is fields.instant(odd) is None
