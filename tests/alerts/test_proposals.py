"""What a sample suggests of where the parts of an alert stand."""

from typing import Any

import pytest

from incidents.alerts.proposals import find_all, first_alert, lists_in, propose, propose_words
from incidents.lib.json_paths import values_at

ODD = {"a b": 1, "it's": {"x": 2}, "日本": [3, 4], "back\\slash": 5, "yes": True, "none": None, "empty": ""}


def test_every_path_leads_to_its_value() -> None:
    found = find_all(ODD)
    assert [one.value for one in found] == [1, 2, 3, 5]
    assert [values_at(one.path, ODD) for one in found] == [[one.value] for one in found]


def test_a_path_too_long_to_be_kept_is_not_found() -> None:
    assert find_all({"x" * 300: 1, "a": 2}) == find_all({"a": 2})


def test_many_values_are_cut_off() -> None:
    assert len(find_all({f"n{n}": n for n in range(1000)})) == 200


def paths(part: str, payload: Any) -> list[str]:
    return [one.path for one in propose(part, find_all(payload))]


@pytest.mark.parametrize(
    ("part", "payload", "likeliest"),
    [
        ("key", {"name": "x", "id": 7}, "$.id"),
        ("key", {"id": 7, "dedup_key": "k"}, "$.dedup_key"),
        ("key", {"check": {"ruleId": 9}}, "$.check.ruleId"),
        ("state", {"type": "webhook", "phase": "RESOLVED"}, "$.phase"),
        ("state", {"status": "firing", "event": "alert"}, "$.status"),
        ("title", {"message": "m", "title": "t"}, "$.title"),
        ("severity", {"level": "warning"}, "$.level"),
        ("time", {"at": "soon", "created_at": "2026-11-24T03:00:00Z"}, "$.created_at"),
        ("time", {"timestamp": 1_790_000_000}, "$.timestamp"),
        ("labels", {"labels": {"host": "db1"}}, "$.labels.host"),
    ],
)
def test_the_likeliest_place_comes_first(part: str, payload: Any, likeliest: str) -> None:
    assert paths(part, payload)[0] == likeliest


@pytest.mark.parametrize("part", ["key", "state", "title", "severity", "time", "labels"])
def test_nothing_that_may_be_secret_is_proposed(part: str) -> None:
    assert paths(part, {"secret": {"id": 1, "status": "down", "title": "x", "at": 1_790_000_000}}) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("DOWN", ("DOWN", "UP")),
        ("resolved", ("firing", "resolved")),
        ("Triggered", ("Triggered", "recovered")),
        (1, ("1", "0")),
        (0, ("1", "0")),
        ("maintenance", ("", "")),
        (None, ("", "")),
    ],
)
def test_one_word_suggests_the_other(value: Any, words: tuple[str, str]) -> None:
    assert propose_words(value) == words


def test_lists_of_objects_may_be_the_alerts() -> None:
    assert lists_in([{"a": 1}]) == ["$[*]"]
    assert lists_in({"tags": ["x"], "alerts": [{"a": 1}], "none": [], "odd name": [{}]}) == ["$.alerts[*]"]
    assert lists_in("text") == []


def test_a_sample_is_looked_at_by_its_first_alert() -> None:
    payload = {"alerts": [{"id": 1}, {"id": 2}]}
    assert first_alert(payload, "$.alerts[*]") == {"id": 1}
    assert first_alert(payload, "$.none[*]") == payload
    assert first_alert(payload, "no path") == payload


def test_a_value_is_shown_in_one_short_line() -> None:
    (found,) = find_all({"text": "a\nb" + "x" * 500})
    assert found.shown.startswith("a b") and len(found.shown) == 121
