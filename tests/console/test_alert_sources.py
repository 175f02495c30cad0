"""Sources of alerts in the console: made, looked at, tried out, given another secret, switched off."""

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.alert import forget_old_events, keep_event
from incidents.actions.alert_source import note_refusal
from incidents.alerts.heard import Heard
from incidents.alerts.intake import take_events, to_json
from incidents.alerts.mapping import PRESETS
from incidents.console.alert_setups import SETUPS
from incidents.lib import times
from incidents.models import (
    Alert,
    AlertEvent,
    AlertFormat,
    AlertSource,
    AuditEntry,
    Incident,
    IncidentState,
    Service,
)
from tests import make, make_alerts
from tests.console.conftest import Desk

LIST = "/console/alert-sources/"


@pytest.fixture
def service(desk: Desk) -> Service:
    return make.service(desk.page, name="Mail archive", slug="archive")


def address(source: AlertSource, rest: str = "") -> str:
    return f"{LIST}{source.pk}/{rest}"


def shown(desk: Desk, path: str) -> str:
    return desk.client.get(path).content.decode()


def ring(source: AlertSource, *, secret: str) -> int:
    """A call as its sender makes it."""
    body = {"version": "4", "alerts": []}
    return (
        Client()
        .post(
            f"/hooks/{source.format}/{source.public_id}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        .status_code
    )


def test_a_list_without_sources_says_so(desk: Desk) -> None:
    assert "No system reports here yet." in shown(desk, LIST)


def test_every_setup_is_offered_with_how_it_is_set_up(desk: Desk) -> None:
    html = shown(desk, f"{LIST}new/")
    for word in SETUPS:
        assert f'href="{LIST}new/{word}/"' in html
        assert desk.client.get(f"{LIST}new/{word}/").status_code == 200
    assert desk.client.get(f"{LIST}new/nonsense/").status_code == 404


def test_every_format_can_be_set_up() -> None:
    assert {setup.kind for setup in SETUPS.values()} == set(AlertFormat.values)
    assert set(AlertFormat.values) <= set(SETUPS)
    assert {setup.preset for setup in SETUPS.values()} - {""} == set(PRESETS)


def test_a_source_is_made_and_its_secret_is_shown_once(desk: Desk, service: Service) -> None:
    made = desk.client.post(
        f"{LIST}new/alertmanager/", {"name": "Tokyo", "service": service.pk, "silence_hours": "6"}
    ).content.decode()
    source = AlertSource.objects.get()
    assert (source.name, source.service, source.silence_hours) == ("Tokyo", service, 6)
    assert f"/hooks/alertmanager/{source.public_id}" in made
    assert f"credentials: {source.secret}" in made
    assert source.secret not in shown(desk, address(source))
    assert AuditEntry.objects.get(action="create_alert_source").actor == desk.staff


@pytest.mark.parametrize("word", ["mackerel", "pingdom", "uptimerobot"])
def test_a_sender_of_addresses_alone_is_given_the_whole_one(desk: Desk, word: str) -> None:
    made = desk.client.post(f"{LIST}new/{word}/", {"name": "Monitor"}).content.decode()
    source = AlertSource.objects.get()
    assert re.search(
        rf'value="https?://page:{source.secret}@[^"]+/hooks/{source.format}/{source.public_id}"', made
    )


def test_amazon_signs_what_it_sends_so_no_secret_is_shown(desk: Desk) -> None:
    made = desk.client.post(f"{LIST}new/cloudwatch/", {"name": "AWS"}).content.decode()
    assert AlertSource.objects.get().secret not in made


@pytest.mark.parametrize("word", ["datadog", "uptimerobot", "zabbix", "nagios"])
def test_a_preset_needs_no_sample(desk: Desk, word: str) -> None:
    desk.client.post(f"{LIST}new/{word}/", {"name": "Monitor"})
    source = AlertSource.objects.get()
    assert source.format == "generic"
    assert source.mapping["key"].startswith("$.")


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_pasted_into_a_sender_holds_all_that_its_preset_reads(name: str) -> None:
    setup, preset = SETUPS[name], PRESETS[name]
    told = setup.snippet + str(setup.about)
    paths = (
        preset.key,
        preset.state,
        preset.title,
        preset.severity,
        preset.time,
        *(preset.labels or {}).values(),
    )
    for member in (path.removeprefix("$.") for path in paths if path):
        assert re.search(rf"\b{member}\b", told), member


def test_the_fields_that_curl_sends_for_nagios_open_a_draft(desk: Desk, service: Service) -> None:
    desk.client.post(f"{LIST}new/nagios/", {"name": "Nagios", "service": service.pk})
    source = AlertSource.objects.get()
    fields = {
        "key": "db1/disk",
        "type": "PROBLEM",
        "state": "CRITICAL",
        "output": 'DISK "/" 95%',
        "at": "1790000000",
    }
    answer = Client().post(
        f"/hooks/generic/{source.public_id}",
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {source.secret}"},
    )
    take_events()
    assert answer.status_code == 200
    alert = Alert.objects.get()
    assert (alert.key, alert.severity, alert.title) == ("db1/disk", "critical", 'DISK "/" 95%')


def test_two_sources_of_a_page_have_two_names(desk: Desk) -> None:
    make_alerts.source(desk.page, name="Tokyo")
    answer = desk.client.post(f"{LIST}new/grafana/", {"name": " Tokyo "})
    assert answer.status_code == 422
    assert "Tokyo is taken by another source of this page" in answer.content.decode()


def test_silence_is_said_in_hours_of_at_least_one(desk: Desk) -> None:
    answer = desk.client.post(f"{LIST}new/grafana/", {"name": "x", "silence_hours": "0"})
    assert answer.status_code == 422
    assert not AlertSource.objects.exists()


def test_the_list_says_what_was_heard_and_what_was_refused(desk: Desk, service: Service) -> None:
    heard = make_alerts.source(desk.page, name="Heard", service=service)
    make_alerts.source(desk.page, "grafana", name="Never", service=service)
    with times.at(times.now() - timedelta(hours=25)):
        make_alerts.hear(heard, Heard("old", firing=False))
    make_alerts.hear(heard, make_alerts.fires("disk"))
    for second in range(3, 0, -1):
        with times.at(times.now() - timedelta(seconds=second)):
            note_refusal(heard, status=401, reason="unauthorized")
    note_refusal(heard, status=413, reason="too large")
    first, second = re.findall(r'<li id="source-.*?</li>', shown(desk, LIST), re.DOTALL)
    assert "1 event in 24 hours" in first and "4 refused" in first
    assert "Nothing was ever received." in second and "0 events in 24 hours" in second


def test_the_list_asks_as_much_for_one_source_as_for_three(desk: Desk, service: Service) -> None:
    make_alerts.source(desk.page, name="1", service=service)
    shown(desk, LIST)
    with CaptureQueriesContext(connection) as one:
        shown(desk, LIST)
    for name in "23":
        make_alerts.source(desk.page, name=name, service=service)
    with CaptureQueriesContext(connection) as three:
        shown(desk, LIST)
    assert len(three) == len(one)


def test_sources_of_another_page_are_not_found(desk: Desk) -> None:
    other = make_alerts.source(make.page(), name="Theirs")
    assert "Theirs" not in shown(desk, LIST)
    for rest in ("", "edit/", "rules/", "mapping/", "remove/"):
        assert desk.client.get(address(other, rest)).status_code == 404
    for rest in ("secret/", "secret/revoke/", "enable/", "test/", "remove/"):
        assert desk.client.post(address(other, rest)).status_code == 404
    assert AlertSource.objects.get().enabled


def test_a_source_is_changed(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, "grafana")
    desk.client.post(address(source, "edit/"), {"name": "New", "service": service.pk, "silence_hours": ""})
    source.refresh_from_db()
    assert (source.name, source.service, source.silence_hours) == ("New", service, None)
    entry = AuditEntry.objects.get(action="edit_alert_source")
    assert (entry.actor, entry.before["name"], entry.after["service"]) == (desk.staff, "grafana", "archive")


def test_a_service_of_another_page_cannot_be_chosen(desk: Desk) -> None:
    theirs = make.service(make.page())
    answer = desk.client.post(f"{LIST}new/grafana/", {"name": "x", "service": theirs.pk})
    assert answer.status_code == 422


def test_a_new_secret_is_shown_once_and_the_former_is_taken_until_it_is_revoked(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "alertmanager")
    former = source.secret
    html = desk.client.post(address(source, "secret/")).content.decode()
    source.refresh_from_db()
    assert source.secret != former and source.secret in html
    assert former not in html
    assert (ring(source, secret=former), ring(source, secret=source.secret)) == (200, 200)
    assert "The former secret is taken until" in shown(desk, address(source))
    desk.client.post(address(source, "secret/revoke/"))
    assert (ring(source, secret=former), ring(source, secret=source.secret)) == (401, 200)
    assert "The former secret is taken until" not in shown(desk, address(source))
    assert AuditEntry.objects.get(action="revoke_previous_alert_secret").actor == desk.staff


def test_a_secret_that_the_sender_made_is_taken_and_too_short_a_one_refused(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "pagerduty")
    answer = desk.client.post(address(source, "secret/"), {"secret": "short"})
    assert answer.status_code == 422
    assert "expected 32 to 200 characters" in answer.content.decode()
    desk.client.post(address(source, "secret/"), {"secret": "s" * 40})
    source.refresh_from_db()
    assert source.secret == "s" * 40


def test_a_source_that_is_switched_off_refuses_and_its_alerts_end(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, "alertmanager", service=service)
    make_alerts.hear(source, make_alerts.fires("disk"))
    desk.client.post(address(source, "enable/"), {"enabled": "0"})
    assert ring(source, secret=source.secret) == 409
    assert Alert.objects.get().ended_at is not None
    assert Incident.objects.get().state == IncidentState.DISMISSED
    assert "The source was switched off." in shown(desk, address(source))
    desk.client.post(address(source, "enable/"), {"enabled": "1"})
    assert ring(source, secret=source.secret) == 200


def test_a_source_is_removed_after_a_question_and_its_incident_stays(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    make_alerts.hear(source, make_alerts.fires("disk"))
    assert "This cannot be undone." in shown(desk, address(source, "remove/"))
    desk.client.post(address(source, "remove/"))
    assert not AlertSource.objects.exists()
    assert Incident.objects.get().state == IncidentState.DISMISSED
    assert AuditEntry.objects.get(action="remove_alert_source").before["name"] == "generic"


def test_an_event_that_cannot_be_taken_is_shown_with_the_reason_and_holds_up_no_other(
    desk: Desk, service: Service
) -> None:
    kept = make_alerts.source(desk.page, service=service)
    event = AlertEvent.objects.create(source=kept, received_at=times.now(), heard=[{"broken": 1}])
    make_alerts.hear(kept, make_alerts.fires("disk"))
    assert Alert.objects.get().key == "disk"
    event.refresh_from_db()
    assert event.outcome == [{"step": "poisoned", "error": "KeyError"}]
    html = shown(desk, address(kept))
    assert html.count("Could not be taken: KeyError") == 1
    assert desk.client.get(address(kept, "rules/")).status_code == 200


def test_what_waits_when_its_source_is_switched_off_opens_nothing(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    keep_event(source, [to_json(make_alerts.fires("disk"))])
    desk.client.post(address(source, "enable/"), {"enabled": "0"})
    take_events()
    assert not Alert.objects.exists()
    assert "Ignored: the source was switched off" in shown(desk, address(source))


def test_a_test_goes_by_the_rules_and_opens_nothing(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, "grafana")
    source.rules = [
        {
            "conditions": [{"label": "host", "how": "begins", "value": "db"}],
            "service": "archive",
            "severity": "critical",
        }
    ]
    source.save()
    desk.client.post(address(source, "test/"), {"labels": "host = db1"})
    assert "Waits to be taken" in shown(desk, address(source))
    take_events()
    html = shown(desk, address(source))
    assert "Would be an alert of Mail archive, Critical" in html
    assert "Test from here" in html
    assert not Alert.objects.exists() and not Incident.objects.exists()
    source.refresh_from_db()
    assert source.last_event_at is None
    assert AuditEntry.objects.get(action="test_alert_source").actor == desk.staff


def test_a_test_that_no_rule_takes_says_so(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "grafana")
    desk.client.post(address(source, "test/"), {"labels": ""})
    take_events()
    assert "Ignored: no rule and no default service takes it" in shown(desk, address(source))


def test_a_line_of_a_test_that_is_no_label_is_refused(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "grafana")
    answer = desk.client.post(address(source, "test/"), {"labels": "host"})
    assert answer.status_code == 422
    assert "Write each line as name = value." in answer.content.decode()
    assert not AlertEvent.objects.exists()


def test_what_became_of_each_alert_is_shown_with_its_incident(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    make_alerts.hear(source, make_alerts.fires("disk"), make_alerts.fires("load"))
    make_alerts.hear(source, make_alerts.fires("disk"), Heard("gone", firing=False))
    make_alerts.hear(source, Heard("disk", firing=False))
    html = shown(desk, address(source))
    for words in (
        "Opened a draft",
        "Joined an incident",
        "Goes on",
        "Ended the alert",
        "Ignored: it ends nothing that is open",
    ):
        assert html.count(words) == 1, words
    reference = Incident.objects.get().reference
    assert html.count(f'href="/console/incidents/{reference}/"') == 4


def test_a_late_alert_is_ignored_and_says_why(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    now = times.now()
    make_alerts.hear(source, make_alerts.fires("disk", at=now))
    make_alerts.hear(source, Heard("disk", firing=False, at=now - timedelta(hours=1)))
    assert "Ignored: older than what is known" in shown(desk, address(source))


def test_an_alert_that_a_rule_lets_go_says_so(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    source.rules = [{"conditions": [{"label": "title", "how": "is", "value": "disk fails"}], "service": ""}]
    source.save()
    make_alerts.hear(source, make_alerts.fires("disk"))
    assert "Ignored by a rule" in shown(desk, address(source))
    assert not Alert.objects.exists()


def test_what_the_sender_wrote_is_escaped(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    hostile = "<script>alert(1)</script>"
    make_alerts.hear(source, make_alerts.fires("disk", title=hostile, labels={hostile: hostile}))
    assert hostile not in shown(desk, address(source))
    assert hostile not in shown(desk, address(source, "rules/"))


def test_a_test_of_the_sender_itself_is_seen(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "alertmanager")
    assert ring(source, secret=source.secret) == 200
    take_events()
    html = shown(desk, address(source))
    assert "A test or news of the sender: it changes nothing" in html
    assert "Nothing was ever received." not in html


def test_refusals_are_counted_by_hour_and_reason(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "alertmanager")
    hour = times.now().replace(minute=0, second=0, microsecond=0)
    for second in (0, 0.05, 1, 2):
        with times.at(hour + timedelta(seconds=second)):
            ring(source, secret="x" * 64)
    html = shown(desk, address(source))
    assert html.count("The sender did not prove that it knows the secret.") == 1
    assert "3 times in that hour" in html
    assert source.refusals.get().count == 3


def test_a_refusal_is_told_in_the_reader_s_language(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "alertmanager")
    note_refusal(source, status=422, reason="alerts[0].status: expected a text or a number")
    desk.staff.language = "ja"
    desk.staff.save()
    assert "alerts[0].status: 文字列または数値が必要です。" in shown(desk, address(source))


def test_refusals_are_forgotten_with_the_events_after_a_week(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "alertmanager")
    for days in (8, 1):
        with times.at(times.now() - timedelta(days=days)):
            note_refusal(source, status=401, reason="unauthorized")
    forget_old_events()
    assert source.refusals.count() == 1


def test_a_screen_looks_again_by_itself_while_something_waits(desk: Desk) -> None:
    source = make_alerts.source(desk.page, "grafana")
    assert "hx-trigger" not in shown(desk, address(source))
    desk.client.post(address(source, "test/"), {"labels": ""})
    assert "hx-trigger" in shown(desk, address(source))
    take_events()
    assert "hx-trigger" not in shown(desk, address(source))


def test_the_screen_asks_as_much_for_one_event_as_for_three(desk: Desk, service: Service) -> None:
    source = make_alerts.source(desk.page, service=service)
    make_alerts.hear(source, make_alerts.fires("1"))
    shown(desk, address(source))
    with CaptureQueriesContext(connection) as one:
        shown(desk, address(source))
    for key in "23":
        make_alerts.hear(source, make_alerts.fires(key))
    with CaptureQueriesContext(connection) as three:
        shown(desk, address(source))
    assert len(three) == len(one)
