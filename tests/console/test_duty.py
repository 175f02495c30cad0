"""The screens on which staff say who is told, and that they look at it."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import incident as incident_actions
from incidents.actions import staff_alert
from incidents.actions.automation import KILL_SWITCH
from incidents.actions.mail_text import set_mail_text
from incidents.actions.staff_alert import Step
from incidents.models import (
    AlertStep,
    Incident,
    Origin,
    Page,
    Service,
    StaffAlert,
    StaffAlertKind,
    StaffContact,
)
from incidents.notices import staff_alerts
from tests import make
from tests.console.conftest import Desk

pytestmark = pytest.mark.django_db
SCREEN = "/console/page/duty/"
PERSON = {"name": "Night shift", "channel": "email", "place": "night@example.com", "language": "ja"}


def draft(desk: Desk) -> Incident:
    return make.incident(desk.page, {make.service(desk.page): "major_outage"}, origin=Origin.MONITOR)


def contact(page: Page, name: str = "Night shift") -> StaffContact:
    place = f"{name.replace(' ', '')}@example.com"
    return staff_alert.add_contact(page, name=name, channel="email", place=place, language="ja")


def test_a_contact_is_added_and_removed(desk: Desk) -> None:
    assert desk.client.post(f"{SCREEN}contacts/", PERSON)["Location"] == SCREEN
    one = StaffContact.objects.get()
    assert "Night shift" in desk.client.get(SCREEN).content.decode()
    desk.client.post(f"{SCREEN}contacts/{one.pk}/remove/")
    assert not StaffContact.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"place": "nobody"}, "place"),
        ({"channel": "slack", "place": "https://evil.example/"}, "place"),
        ({"channel": "sms"}, "channel"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_wrong_contact_names_its_field(desk: Desk, wrong: dict[str, str], field: str) -> None:
    response = desk.client.post(f"{SCREEN}contacts/", PERSON | wrong)
    assert response.status_code == 422
    assert field in response.context["contact_form"].errors
    assert not StaffContact.objects.exists()


def test_steps_are_set_and_shown_again(desk: Desk) -> None:
    one, other = contact(desk.page), contact(desk.page, "Manager")
    given = {"contacts_0": one.pk, "after_1": 15, "contacts_1": [one.pk, other.pk], "repeat_minutes": 30}
    assert desk.client.post(f"{SCREEN}steps/", given)["Location"] == SCREEN
    steps = AlertStep.objects.filter(page=desk.page)
    assert [(step.after_minutes, step.contacts.count()) for step in steps] == [(0, 1), (15, 2)]
    desk.page.refresh_from_db()
    assert desk.page.alert_repeat_minutes == 30
    assert 'value="15"' in desk.client.get(SCREEN).content.decode()


def test_steps_out_of_order_are_refused_with_a_sentence(desk: Desk) -> None:
    one = contact(desk.page)
    given = {"contacts_0": one.pk, "after_1": 0, "contacts_1": one.pk, "repeat_minutes": 0}
    response = desk.client.post(f"{SCREEN}steps/", given)
    assert response.status_code == 422
    assert not AlertStep.objects.exists()


def test_a_contact_of_another_page_cannot_be_removed(desk: Desk) -> None:
    one = contact(make.page())
    assert desk.client.post(f"{SCREEN}contacts/{one.pk}/remove/").status_code == 404


def test_automation_is_switched_and_the_file_is_told_of(desk: Desk, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    desk.client.post(f"{SCREEN}automation/", {"is_automation_off": "on", "automatic_recipients": "50"})
    desk.page.refresh_from_db()
    assert (desk.page.is_automation_off, desk.page.automatic_recipients) == (True, 50)
    assert "The file that stops everything is there" not in desk.client.get(SCREEN).content.decode()
    (tmp_path / KILL_SWITCH).touch()
    assert "The file that stops everything is there" in desk.client.get(SCREEN).content.decode()


def test_a_button_acknowledges_and_tells_who_did(desk: Desk) -> None:
    incident = draft(desk)
    assert f'id="acknowledge-{incident.reference}"' in desk.client.get("/console/").content.decode()
    desk.client.post(f"/console/incidents/{incident.reference}/acknowledge/")
    incident.refresh_from_db()
    assert incident.acknowledged_by == desk.staff
    for path in ("/console/", f"/console/incidents/{incident.reference}/"):
        shown = desk.client.get(path).content.decode()
        assert f"Acknowledged by {desk.staff}" in shown
        assert f'id="acknowledge-{incident.reference}"' not in shown


def test_who_acknowledged_by_a_link_is_told_too(desk: Desk) -> None:
    incident, one = draft(desk), contact(desk.page)
    staff_alert.set_steps(desk.page, [Step(0, (one.pk,))])
    staff_alerts.raise_incident(incident)
    staff_alert.acknowledge(StaffAlert.objects.get(), by=one.name)
    assert "Acknowledged by Night shift" in desk.client.get("/console/").content.decode()


def test_an_alert_of_no_incident_is_acknowledged_on_the_dashboard(desk: Desk) -> None:
    one = contact(desk.page)
    staff_alert.set_steps(desk.page, [Step(0, (one.pk,))])
    staff_alerts.raise_alert(desk.page, StaffAlertKind.OUTBOX, about="5")
    alert = StaffAlert.objects.get()
    assert "Notices are stuck" in desk.client.get("/console/").content.decode()
    desk.client.post(f"/console/alerts/{alert.pk}/acknowledge/")
    alert.refresh_from_db()
    assert alert.acknowledged_by == desk.staff
    assert "Notices are stuck" not in desk.client.get("/console/").content.decode()


def queries(desk: Desk, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        desk.client.get(path)
    return len(captured)


def test_screen_and_dashboard_cost_the_same_with_one_and_three(desk: Desk) -> None:
    counts = []
    for number in range(3):
        one = contact(desk.page, f"Person {number}")
        rows = list(AlertStep.objects.filter(page=desk.page).prefetch_related("contacts"))
        steps = [Step(row.after_minutes, tuple(each.pk for each in row.contacts.all())) for row in rows]
        staff_alert.set_steps(desk.page, [*steps, Step(10 * number, (one.pk,))])
        incident_actions.acknowledge(draft(desk), actor=desk.staff)
        counts.append((queries(desk, SCREEN), queries(desk, "/console/")))
    assert counts[0] == counts[2]


def test_what_a_service_depends_on_is_set_and_a_circle_refused(desk: Desk) -> None:
    database, search = make.service(desk.page, name="Database"), make.service(desk.page, name="Search")
    desk.client.post(f"/console/services/{search.slug}/depends-on/", {"depends_on": database.pk})
    assert list(search.depends_on.all()) == [database]
    response = desk.client.post(f"/console/services/{database.slug}/depends-on/", {"depends_on": search.pk})
    assert response.status_code == 422
    assert "Search depends on Database itself" in response.content.decode()
    assert not Service.depends_on.through.objects.filter(from_service=database).exists()


def test_the_policy_shows_the_page_own_text_that_would_go_public(desk: Desk) -> None:
    service = make.service(desk.page, name="Search")
    path = f"/console/services/{service.slug}/"
    assert (
        "Our monitoring has detected unusual behaviour of Search." in desk.client.get(path).content.decode()
    )
    set_mail_text(desk.page, "automatic_first", "en", "Something is odd with {service}.")
    assert "Something is odd with Search." in desk.client.get(path).content.decode()


def test_a_line_of_the_log_acknowledges_a_draft(desk: Desk) -> None:
    incident = draft(desk)
    typed = {"log-text": "I look at it.", "log-kind": "action", "log-happened_at": ""}
    desk.client.post(f"/console/incidents/{incident.reference}/log/", typed)
    incident.refresh_from_db()
    assert incident.acknowledged_by == desk.staff
