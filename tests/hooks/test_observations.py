"""Counts pushed to /observations/<monitor id>: admitted by token, all or nothing."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from incidents.actions.monitor import create_monitor
from incidents.hooks.observations import read_points
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Monitor, Observation
from tests import make
from tests.make import jst

NOW = jst("2020-09-01 10:00")


@pytest.fixture
def monitor(db: None) -> tuple[Monitor, str]:
    return create_monitor(make.service(make.page()), kind="baseline", name="受信通数", interval_seconds=3600)


def push(monitor: Monitor, token: str, body: object) -> Any:
    with times.at(NOW):
        return Client().post(
            f"/observations/{monitor.public_id}",
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("4012", [(NOW, 4012.0)]),
        ({"value": 12.5}, [(NOW, 12.5)]),
        ({"value": 7, "at": "2020-09-01T09:00:00+09:00"}, [(jst("2020-09-01 09:00"), 7.0)]),
        (
            {
                "observations": [
                    {"value": 1, "at": "2020-09-01T00:00:00Z"},
                    {"value": 2, "at": "2020-09-01T10:00+09:00"},
                ]
            },
            [(jst("2020-09-01 09:00"), 1.0), (NOW, 2.0)],
        ),
        ([{"value": 3, "at": "2020-09-01T10:00:00+09:00"}], [(NOW, 3.0)]),
    ],
)
def test_a_number_a_value_with_its_instant_and_batches_are_kept(
    monitor: tuple[Monitor, str], body: object, points: list[object]
) -> None:
    answer = push(*monitor, body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": len(points)})
    assert list(Observation.objects.values_list("at", "value")) == points


def test_an_unknown_monitor_is_not_found(monitor: tuple[Monitor, str]) -> None:
    answer = Client().post(f"/observations/{uuid4()}", "1", content_type="application/json")
    assert answer.status_code == 404


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_refused_and_nothing_kept(monitor: tuple[Monitor, str], token: str) -> None:
    assert push(monitor[0], token, "1").status_code == 401
    assert not Observation.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", ""),
        ("not json", ""),
        ("null", "value"),
        ('"12"', "value"),
        ("true", "value"),
        ("NaN", "observations[0].value"),
        ("1e999", "observations[0].value"),
        ('{"value": "12"}', "value"),
        ('{"at": "2020-09-01T10:00:00+09:00"}', "value"),
        ('{"value": 1, "at": "yesterday"}', "at"),
        ('{"value": 1, "at": "2020-09-01T10:00:00"}', "at"),
        ('{"value": 1, "at": "2020-09-01T10:06:00+09:00"}', "observations[0].at"),
        ('{"value": 1, "at": "2019-01-01T00:00:00+09:00"}', "observations[0].at"),
        ('{"observations": []}', "observations"),
        ('{"observations": {}}', "observations"),
        ("[1, 2]", "observations[0]"),
        ('[{"value": 1}]', "observations[0].at"),
        ('{"value": 1, "more": ' + "[" * 20 + "]" * 20 + "}", ""),
    ],
)
def test_what_is_no_observation_is_refused_by_its_field(
    monitor: tuple[Monitor, str], body: str, field: str
) -> None:
    answer = push(*monitor, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Observation.objects.exists()


def test_one_bad_point_refuses_the_whole_batch(monitor: tuple[Monitor, str]) -> None:
    good = {"value": 1, "at": "2020-09-01T09:00:00+09:00"}
    answer = push(*monitor, [good, {"value": None, "at": "2020-09-01T10:00:00+09:00"}])
    assert (answer.status_code, answer.json()["field"]) == (422, "observations[1].value")
    assert not Observation.objects.exists()


def test_a_value_sent_again_replaces_the_earlier_one(monitor: tuple[Monitor, str]) -> None:
    push(*monitor, {"value": 1, "at": "2020-09-01T09:00:00+09:00"})
    push(*monitor, {"value": 2, "at": "2020-09-01T09:00:00+09:00"})
    assert Observation.objects.get().value == 2.0


def test_only_posts_are_taken(monitor: tuple[Monitor, str]) -> None:
    assert Client().get(f"/observations/{monitor[0].public_id}").status_code == 405


def test_a_batch_has_a_largest_size() -> None:
    at = NOW.isoformat()
    body = json.dumps([{"value": 1, "at": at}] * 5001).encode()
    with pytest.raises(Refused, match="at most 5000"):
        read_points(body)


def test_a_batch_of_the_past_opens_no_old_incident(monitor: tuple[Monitor, str]) -> None:
    start = NOW - timedelta(days=30)
    counts = [4000] * 24 * 20 + [1000] * 24 + [4000] * (24 * 9 + 1)
    points = [
        {"value": value, "at": (start + timedelta(hours=hour)).isoformat()}
        for hour, value in enumerate(counts)
    ]
    assert push(*monitor, points).status_code == 202
    monitor[0].refresh_from_db()
    assert monitor[0].verdict == "up"
    assert not monitor[0].signals.exists()


@pytest.mark.parametrize("seconds", [10, 7000])
def test_an_interval_that_no_count_can_have_is_refused_by_its_field(
    monitor: tuple[Monitor, str], seconds: int
) -> None:
    Monitor.objects.update(interval_seconds=seconds)
    answer = push(*monitor, 5)
    assert (answer.status_code, answer.json()["field"]) == (422, "interval_seconds")
    assert not Observation.objects.exists()
