"""The ways in which one and the same payload arrives."""

import json
from typing import Any

import pytest
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from incidents.actions.alert import create_source
from incidents.models import AlertEvent, AlertSource
from tests import make
from tests.alerts.test_formats import payload

pytestmark = pytest.mark.django_db


@pytest.fixture
def kuma() -> AlertSource:
    page = make.page(host="testserver")
    return create_source(page, name="Uptime Kuma", kind="uptime_kuma", service=make.service(page))


def send(source: AlertSource, body: Any, *, method: str = "post", **more: Any) -> int:
    address = f"/hooks/{source.format}/{source.public_id}/{source.secret}"
    answer: Any = getattr(Client(), method)(address, body, **more)
    return int(answer.status_code)


DOWN = json.dumps(payload("uptime_kuma_down.recorded"))


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (DOWN, {"content_type": "application/json"}),
        (DOWN, {"content_type": "text/plain; charset=UTF-8"}),
        (DOWN, {"content_type": "application/x-www-form-urlencoded"}),
        (DOWN, {"content_type": "application/json", "method": "put"}),
        ({"data": DOWN}, {"content_type": MULTIPART_CONTENT}),
        ({name: json.dumps(value) for name, value in json.loads(DOWN).items()}, {"method": "get"}),
    ],
)
def test_however_it_is_sent_it_is_the_same(kuma: AlertSource, body: Any, more: dict[str, Any]) -> None:
    assert send(kuma, body, **more) == 200
    (heard,) = AlertEvent.objects.get().heard
    assert (heard["key"], heard["firing"]) == ("7", True)
    assert "SECRET" not in json.dumps(heard)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=y"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/json"),
    ],
)
def test_what_is_no_form_and_no_json_is_refused(kuma: AlertSource, body: bytes, kind: str) -> None:
    assert send(kuma, body, content_type=kind) in (400, 422)
    assert not AlertEvent.objects.exists()


def test_a_test_button_is_answered_and_changes_nothing(kuma: AlertSource) -> None:
    body = json.dumps(payload("uptime_kuma_test.recorded"))
    assert send(kuma, body, content_type="application/json") == 200
    assert AlertEvent.objects.get().heard == []
