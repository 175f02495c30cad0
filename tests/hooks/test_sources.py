"""Source addresses pushed to /observations/<monitor id> of an SPF monitor: admitted by token, all or nothing."""

import json
from typing import Any

import pytest
from django.test import Client

from incidents.actions.monitor import create_monitor
from incidents.lib import times
from incidents.models import Monitor, SourceHour
from tests import make
from tests.make import jst

NOW = jst("2020-09-01 10:20")
FORM = (
    '{"sources": [{"address": "192.0.2.1", "outcome": "accepted" or "refused", "count": n, "at": instant}]}'
)


@pytest.fixture
def monitor(db: None) -> tuple[Monitor, str]:
    return create_monitor(make.service(make.page()), kind="spf", name="送信元", target="_spf.sender.example")


def push(monitor: Monitor, token: str, body: object) -> Any:
    with times.at(NOW):
        return Client().post(
            f"/observations/{monitor.public_id}",
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )


def test_sources_are_kept_with_what_is_told_of_them(monitor: tuple[Monitor, str]) -> None:
    full = {
        "address": "2001:DB8::7",
        "outcome": "refused",
        "count": 12,
        "at": "2020-09-01T09:10:00+09:00",
        "host": "Mail.sender.example",
        "domain": "Sender.example",
    }
    answer = push(*monitor, {"sources": [full, {"address": "192.0.2.7", "outcome": "accepted"}]})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    first, second = SourceHour.objects.order_by("hour")
    assert (first.address, first.outcome, first.count) == ("2001:db8::7", "refused", 12)
    assert (first.hour, first.first_at) == (jst("2020-09-01 09:00"), jst("2020-09-01 09:10"))
    assert (first.host, first.domain) == ("mail.sender.example", "sender.example")
    assert (second.count, second.first_at) == (1, NOW)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_refused_and_nothing_kept(monitor: tuple[Monitor, str], token: str) -> None:
    assert (
        push(monitor[0], token, {"sources": [{"address": "192.0.2.7", "outcome": "refused"}]}).status_code
        == 401
    )
    assert not SourceHour.objects.exists()


def source(**values: object) -> dict[str, object]:
    return {"sources": [{"address": "192.0.2.7", "outcome": "refused", **values}]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", ""),
        ("12", "sources"),
        ("[" * 100_000, ""),
        ({"sources": []}, "sources"),
        ({"sources": {"address": "192.0.2.7"}}, "sources"),
        ({"sources": ["192.0.2.7"]}, "sources[0]"),
        ({"sources": [{"outcome": "refused"}]}, "sources[0].address"),
        (source(address="192.0.2.777"), "sources[0].address"),
        (source(address="192.0.2.0/24"), "sources[0].address"),
        (source(address=3), "sources[0].address"),
        (source(outcome="dropped"), "sources[0].outcome"),
        (source(outcome=None), "sources[0].outcome"),
        (source(count=0), "sources[0].count"),
        (source(count=1.5), "sources[0].count"),
        (source(count=True), "sources[0].count"),
        (source(count=10**30), "sources[0].count"),
        (source(at="yesterday"), "sources[0].at"),
        (source(at="2020-09-01T10:00:00"), "sources[0].at"),
        (source(at="2020-09-01T10:30:00+09:00"), "sources[0].at"),
        (source(at="2020-07-01T10:30:00+09:00"), "sources[0].at"),
        (source(host="x" * 254), "sources[0].host"),
        (source(host="a\u0000b"), "sources[0].host"),
        (source(domain=["a"]), "sources[0].domain"),
    ],
)
def test_what_is_no_source_is_refused_by_its_field(
    monitor: tuple[Monitor, str], body: object, field: str
) -> None:
    answer = push(*monitor, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not SourceHour.objects.exists()


def test_one_bad_source_refuses_the_whole_batch(monitor: tuple[Monitor, str]) -> None:
    good = {"address": "192.0.2.7", "outcome": "refused"}
    answer = push(*monitor, {"sources": [good, {**good, "address": "x"}]})
    assert (answer.status_code, answer.json()["field"]) == (422, "sources[1].address")
    assert not SourceHour.objects.exists()


def test_a_batch_has_a_largest_size(monitor: tuple[Monitor, str]) -> None:
    answer = push(*monitor, {"sources": [{"address": "192.0.2.7", "outcome": "refused"}] * 5001})
    assert (answer.status_code, answer.json()["field"]) == (422, "sources")


def test_a_count_is_no_source_and_a_source_no_count(monitor: tuple[Monitor, str]) -> None:
    assert push(*monitor, {"observations": [{"value": 1, "at": NOW.isoformat()}]}).json()["error"] == (
        f"expected {FORM}"
    )
