"""Who may report alerts: each sender proves itself as it can, and whoever cannot learns nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from incidents.actions.alert import create_source, rotate_secret
from incidents.hooks.alert_senders import SENDERS
from incidents.lib import times
from incidents.lib.standard_webhooks import sign
from incidents.models import AlertEvent, AlertFormat, AlertSource, Page
from statuspage.logs import LineFormatter
from tests import make
from tests.alerts.test_formats import payload

pytestmark = pytest.mark.django_db
GENERIC = {"key": "$.id", "state": "$.state", "firing": ["down"], "resolved": ["up"]}
BODIES: dict[str, Callable[[], Any]] = {
    "alertmanager": lambda: payload("alertmanager_0.25_firing.recorded"),
    "grafana": lambda: payload("grafana_firing.docs"),
    "healthchecks": lambda: {"code": "c1", "status": "down"},
    "mackerel": lambda: payload("mackerel_alert.docs"),
    "opsgenie": lambda: payload("opsgenie_create.docs"),
    "pagerduty": lambda: {"event": {"id": "1", "event_type": "incident.triggered", "data": {"id": "P"}}},
    "pingdom": lambda: payload("pingdom_down.alerta-tests"),
    "uptime_kuma": lambda: payload("uptime_kuma_down.recorded"),
    "generic": lambda: {"id": 1, "state": "down"},
}
BY_PATH = {"generic", "healthchecks", "mackerel", "opsgenie", "pingdom", "uptime_kuma"}


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def source_of(page: Page, kind: str) -> AlertSource:
    source = create_source(page, name=kind, kind=kind, service=make.service(page))
    source.mapping = GENERIC if kind == "generic" else {}
    source.save(update_fields=["mapping"])
    return source


def post(source: AlertSource, behind: str = "", *, body: bytes = b"", **headers: str) -> Any:
    return Client().post(
        f"/hooks/{source.format}/{source.public_id}{behind}",
        body or json.dumps(BODIES[source.format]()).encode(),
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("user", ["", "page", "監視"])
def test_the_secret_counts_as_token_and_as_password_of_any_user(page: Page, kind: str, user: str) -> None:
    source = source_of(page, kind)
    shown = basic(user, source.secret) if user else f"bearer {source.secret}"
    assert post(source, Authorization=shown).status_code == 200
    assert AlertEvent.objects.count() == 1


@pytest.mark.parametrize("kind", BODIES)
def test_the_secret_counts_in_the_address_of_senders_that_know_no_other_way(page: Page, kind: str) -> None:
    source = source_of(page, kind)
    assert post(source, f"/{source.secret}").status_code == (200 if kind in BY_PATH else 401)


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("behind", ["", "/", "/wrong", "/%FF", "/%00", "/" + "x" * 3000])
def test_without_it_nothing_is_taken_and_nothing_told(page: Page, kind: str, behind: str) -> None:
    answer = post(source_of(page, kind), behind if behind != "/" else "/x")
    assert (answer.status_code, answer.content) == (401, b"unauthorized")
    assert not AlertEvent.objects.exists()


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer ", "Basic", "Basic !", "Basic " + "=" * 9, "Digest x"]
)
def test_an_odd_header_is_no_proof(page: Page, shown: str) -> None:
    assert post(source_of(page, "pingdom"), Authorization=shown).status_code == 401


def test_the_secret_of_another_source_is_none(page: Page) -> None:
    ours, theirs = source_of(page, "pingdom"), source_of(page, "mackerel")
    assert post(ours, Authorization=f"Bearer {theirs.secret}").status_code == 401
    assert post(ours, f"/{theirs.secret}").status_code == 401


def test_a_changed_secret_overlaps_with_the_one_before_for_a_week(page: Page) -> None:
    source = source_of(page, "pingdom")
    before, source = source.secret, rotate_secret(source)
    assert post(source, f"/{source.secret}").status_code == post(source, f"/{before}").status_code == 200
    with times.at(times.now() + timedelta(days=8)):
        assert post(source, f"/{source.secret}").status_code == 200
        assert post(source, f"/{before}").status_code == 401


def _hex(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, hashlib.sha256).hex()


def stamp(seconds: float = 0) -> str:
    return str(int(times.now().timestamp() + seconds))


@pytest.mark.parametrize(
    ("late", "status"), [(None, 200), (0, 200), (-290, 200), (290, 200), (-310, 401), (310, 401)]
)
def test_a_signature_of_grafana_counts_within_five_minutes(
    page: Page, late: float | None, status: int
) -> None:
    source = source_of(page, "grafana")
    body = json.dumps(BODIES["grafana"]()).encode()
    at = "" if late is None else stamp(late)
    headers = {"X_Grafana_Alerting_Timestamp": at} if at else {}
    signature = _hex(source.secret, f"{at}:".encode() + body if at else body)
    answer = post(source, body=body, X_Grafana_Alerting_Signature=signature, **headers)
    assert answer.status_code == status


def test_of_several_signatures_of_pagerduty_one_is_enough(page: Page) -> None:
    source = source_of(page, "pagerduty")
    body = json.dumps(BODIES["pagerduty"]()).encode()
    good = f"v1={_hex(source.secret, body)}"
    assert post(source, body=body, X_PagerDuty_Signature=f"v1=00,{good}").status_code == 200
    assert post(source, body=body + b" ", X_PagerDuty_Signature=good).status_code == 401


def test_an_event_of_pagerduty_that_comes_again_is_known(page: Page) -> None:
    source = source_of(page, "pagerduty")
    for _ in range(2):
        assert post(source, Authorization=f"Bearer {source.secret}").status_code == 200
    assert AlertEvent.objects.count() == 1


@pytest.mark.parametrize(("late", "status"), [(0, 200), (-290, 200), (-310, 401), (310, 401)])
def test_a_standard_webhook_counts_within_five_minutes(page: Page, late: float, status: int) -> None:
    source, body = source_of(page, "generic"), json.dumps(BODIES["generic"]()).encode()
    at = stamp(late)
    signature = sign(source.secret, message_id="m1", stamp=at, body=body)
    answer = post(source, body=body, webhook_id="m1", webhook_timestamp=at, webhook_signature=signature)
    assert answer.status_code == status


def test_a_standard_webhook_that_is_played_again_is_known(page: Page) -> None:
    source, body = source_of(page, "generic"), json.dumps(BODIES["generic"]()).encode()
    at = stamp()
    signature = sign(source.secret, message_id="m1", stamp=at, body=body)
    for _ in range(3):
        post(source, body=body, webhook_id="m1", webhook_timestamp=at, webhook_signature=f"v1,x {signature}")
    assert AlertEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b" " * (256 * 1024 + 1), 413, b"too large"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, 422, b"refused"),
        (b"{", 422, b"refused"),
    ],
)
def test_what_is_too_large_or_too_deep_is_refused_without_a_word(
    page: Page, body: bytes, status: int, told: bytes
) -> None:
    source = source_of(page, "pingdom")
    answer = post(source, f"/{source.secret}", body=body)
    assert (answer.status_code, answer.content) == (status, told)


def test_its_own_sender_hears_which_field_is_wrong(page: Page) -> None:
    source = source_of(page, "pingdom")
    answer = post(source, f"/{source.secret}", body=b'{"current_state": "SIDEWAYS"}')
    assert (answer.status_code, answer.content) == (422, b"current_state: expected DOWN or UP")


def test_no_key_that_a_database_refuses_is_kept(page: Page) -> None:
    source = source_of(page, "generic")
    for odd in (r"\u0000", r"\ud800"):
        body = f'{{"id": "a{odd}b", "state": "down"}}'.encode()
        assert post(source, f"/{source.secret}", body=body).status_code == 200
    assert [event.heard[0]["key"] for event in AlertEvent.objects.all()] == ["a b", "a b"]


def test_every_format_but_mail_has_a_sender() -> None:
    assert set(SENDERS) == set(AlertFormat.values) - {"mail"}


def test_what_comes_by_mail_comes_by_no_other_way(page: Page) -> None:
    source = create_source(page, name="Mail", kind="mail", service=make.service(page))
    assert post(source, body=b"{}", Authorization=f"Bearer {source.secret}").status_code == 404


def test_the_secret_of_an_address_is_in_no_log(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    source = source_of(page, "pingdom")
    post(source, f"/{source.secret}x")
    post(source, f"/{source.secret}", body=b"{")
    written = [LineFormatter().format(record) for record in caplog.records]
    assert len([line for line in written if "/hooks/pingdom/***" in line]) == 2
    assert not [line for line in written if source.secret in line]
