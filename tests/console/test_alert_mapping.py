"""How the JSON of a generic source is read: looked at by a pasted sample before it is kept."""

import json
from typing import Any

import pytest
from django.db import connection

from incidents.alerts.mapping import read_by, read_mapping
from incidents.models import AlertSource, AuditEntry
from tests import make_alerts
from tests.console.conftest import Desk

SAMPLE = {
    "event": {"id": 4711, "kind": "monitor", "status": "DOWN", "summary": "disk <full>"},
    "severity": "warning",
    "timestamp": "2026-11-24T03:00:00Z",
    "host": "db1",
    "api_key": "hush-hush",
}
TYPED = {
    "each": "",
    "key": "$.event.id",
    "state": "$.event.status",
    "firing": "DOWN",
    "resolved": "UP",
    "title": "$.event.summary",
    "severity": "$.severity",
    "time": "$.timestamp",
    "labels": "host = $.host",
}


@pytest.fixture
def source(desk: Desk) -> AlertSource:
    return make_alerts.source(desk.page)


def address(source: AlertSource) -> str:
    return f"/console/alert-sources/{source.pk}/mapping/"


def sent(desk: Desk, source: AlertSource, do: str, sample: Any = SAMPLE, **typed: str) -> Any:
    text = sample if isinstance(sample, str) else json.dumps(sample)
    return desk.client.post(address(source), {"do": do, "sample": text, **typed})


def kept(source: AlertSource) -> dict[str, Any]:
    source.refresh_from_db()
    return dict(source.mapping)


def fields(answer: Any) -> dict[str, str]:
    form = answer.context["form"]
    return {name: form[name].value() or "" for name in TYPED}


def test_a_sample_fills_in_what_it_suggests(desk: Desk, source: AlertSource) -> None:
    answer = sent(desk, source, "look")
    assert answer.status_code == 200
    assert fields(answer) == {**TYPED, "labels": ""}
    assert kept(source) == {}


def test_what_was_typed_is_not_overwritten_by_a_suggestion(desk: Desk, source: AlertSource) -> None:
    answer = sent(desk, source, "look", key="$.host", firing="BAD")
    assert (fields(answer)["key"], fields(answer)["firing"]) == ("$.host", "BAD")
    assert fields(answer)["resolved"] == "UP"


def test_the_values_found_are_shown_but_no_secrets(desk: Desk, source: AlertSource) -> None:
    html = sent(desk, source, "look").content.decode()
    found = html[html.index('id="found"') : html.index("presets-title")]
    assert "$.event.id" in found and "4711" in found and "disk &lt;full&gt;" in found
    assert "$.api_key" in found and "hush-hush" not in found


def test_a_preview_shows_what_would_be_heard(desk: Desk, source: AlertSource) -> None:
    html = sent(desk, source, "preview", **TYPED).content.decode()
    heard = html[html.index('id="heard"') : html.index("found-title")]
    for words in ("fires", "disk &lt;full&gt;", "4711", "Minor", "2026-11-24 12:00:00 JST", "db1"):
        assert words in heard, words
    assert kept(source) == {}


def test_a_mapping_is_kept_without_its_sample(desk: Desk, source: AlertSource) -> None:
    answer = sent(desk, source, "save", **TYPED)
    assert answer.status_code == 302
    (heard,) = read_by(read_mapping(kept(source)), SAMPLE)
    assert (heard.key, heard.firing, heard.labels) == ("4711", True, {"host": "db1"})
    entry = AuditEntry.objects.get(action="set_alert_mapping")
    assert entry.actor == desk.staff
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")
            assert "hush-hush" not in str(cursor.fetchall()), table


def test_it_is_kept_without_any_sample_and_shown_as_it_was_typed(desk: Desk, source: AlertSource) -> None:
    assert sent(desk, source, "save", sample="", **TYPED).status_code == 302
    assert fields(desk.client.get(address(source))) == TYPED


@pytest.mark.parametrize(
    ("do", "field", "value"),
    [
        ("take key $.host", "key", "$.host"),
        ("take firing CRITICAL", "firing", "DOWN, CRITICAL"),
        ("take resolved UP", "resolved", "UP"),
        ("take labels kind = $.event.kind", "labels", "host = $.host\nkind = $.event.kind"),
        ("take each $.alerts[*]", "each", "$.alerts[*]"),
        ("take nonsense x", "key", "$.event.id"),
        ("preset nonsense", "key", "$.event.id"),
        ("preset zabbix", "state", "$.value"),
        ("preset nagios", "resolved", "RECOVERY, FLAPPINGSTOP"),
    ],
)
def test_a_button_fills_its_field_and_keeps_nothing(
    desk: Desk, source: AlertSource, do: str, field: str, value: str
) -> None:
    assert fields(sent(desk, source, do, **TYPED))[field] == value
    assert kept(source) == {}


def test_a_list_of_alerts_is_found(desk: Desk, source: AlertSource) -> None:
    sample = [{"id": 1, "status": "down"}, {"id": 2, "status": "up"}]
    answer = sent(desk, source, "look", sample)
    assert fields(answer)["each"] == "$[*]"
    assert [(one.key, one.firing) for one in answer.context["form"].heard] == [("1", True), ("2", False)]
    html = sent(desk, source, "look", {"version": 1, "alerts": sample}).content.decode()
    assert 'value="take each $.alerts[*]"' in html


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"key": ""}, "key", "This field is required."),
        ({"key": "event.id"}, "key", "expected a JSON path such as $.status"),
        ({"key": "$.nothing"}, "key", "$.nothing in the sample: expected a text or a number"),
        ({"state": "$.event"}, "state", "$.event in the sample: expected a text or a number"),
        ({"title": "$.."}, "title", "expected a JSON path such as $.status"),
        ({"time": "$..a..b"}, "time", "expected a JSON path with one selector"),
        ({"firing": ","}, "firing", "expected the words that stand there"),
        ({"labels": "host"}, "labels", "Line 1: expected a line such as host = $.host"),
        ({"labels": "a = $.a\n\nhost = x"}, "labels", "Line 3: expected a JSON path"),
        ({"labels": "\n".join(f"l{n} = $.a" for n in range(21))}, "labels", "at most 20 labels"),
    ],
)
def test_what_is_wrong_names_its_field_and_path(
    desk: Desk, source: AlertSource, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = sent(desk, source, "save", **{**TYPED, **wrong})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert said in answer.context["form"].errors[field][0]
    assert kept(source) == {}


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ("{", "expected JSON in UTF-8"),
        ("[" * 21 + "]" * 21, "expected JSON nested at most 20 deep"),
        ('{"a": NaN}', "expected JSON in UTF-8"),
        (json.dumps({"a": "x" * 256 * 1024}), "Paste at most 256 kB."),
        ("[" * 200_000, "expected JSON nested at most 20 deep"),
    ],
)
@pytest.mark.parametrize("do", ["look", "save"])
def test_a_sample_that_cannot_be_one_is_refused(
    desk: Desk, source: AlertSource, sample: str, said: str, do: str
) -> None:
    answer = sent(desk, source, do, sample, **TYPED)
    assert answer.status_code == 422
    assert answer.context["form"].errors["sample"] == [said]
    assert kept(source) == {}


def test_a_state_that_is_neither_says_what_stands_there(desk: Desk, source: AlertSource) -> None:
    html = sent(desk, source, "preview", **{**TYPED, "firing": "BAD"}).content.decode()
    assert "Nothing: “DOWN” is neither among the words while it fires nor when it is over." in html
    assert 'value="take firing DOWN"' in html


def test_other_formats_have_no_mapping(desk: Desk) -> None:
    assert desk.client.get(address(make_alerts.source(desk.page, "grafana"))).status_code == 404
