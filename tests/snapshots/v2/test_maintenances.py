import json

import pytest

from incidents.lib import times
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.page import overview
from incidents.queries.v2.components import Object
from incidents.queries.v2.incidents import maintenance_object
from incidents.queries.v2.present import Present
from incidents.snapshots.edition import Edition
from tests import make
from tests.snapshots.plan import STARTS, plan
from tests.snapshots.v2.fields import faults
from tests.snapshots.v2.scene import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def present() -> Present:
    page = make.page(host="testserver")
    make.service(page, slug="mail", name="メール送信")
    make.service(page, slug="search")
    with times.at(NOW):
        return Present(Edition(page, "ja", NOW), overview(page))


@pytest.mark.parametrize(
    "given",
    [
        plan("scheduled"),
        plan("scheduled", "in_progress", started_at=STARTS),
        plan("scheduled", "in_progress", "verifying", started_at=STARTS),
        plan("scheduled", "in_progress", "verifying", "completed", started_at=STARTS, ended_at=STARTS),
    ],
    ids=lambda given: given.state,
)
def test_every_key_is_there_with_its_type_and_no_other(present: Present, given: MaintenanceView) -> None:
    made = json.loads(json.dumps(maintenance_object(given, present)))
    assert list(faults(made, "scheduled_maintenance")) == []
    assert (made["id"], made["status"], made["impact"]) == (given.id, given.state, "maintenance")


def test_it_has_a_window_and_says_when_it_was_verified_and_completed(present: Present) -> None:
    done = plan("scheduled", "in_progress", "verifying", "completed", started_at=STARTS, ended_at=STARTS)
    made = maintenance_object(done, present)
    assert (made["scheduled_for"], made["scheduled_until"]) == (
        "2020-09-10T01:00:00.000+09:00",
        "2020-09-10T03:00:00.000+09:00",
    )
    assert (made["monitoring_at"], made["resolved_at"]) == (
        "2020-09-10T01:15:00.000+09:00",
        "2020-09-10T01:00:00.000+09:00",
    )
    waiting = maintenance_object(plan("scheduled"), present)
    assert (waiting["monitoring_at"], waiting["resolved_at"]) == (None, None)


def test_its_updates_come_newest_first_with_what_its_services_have(present: Present) -> None:
    made = maintenance_object(plan("scheduled", "in_progress", "completed", started_at=STARTS), present)
    assert [one["status"] for one in made["incident_updates"]] == ["completed", "in_progress", "scheduled"]
    assert [changes(one) for one in made["incident_updates"]] == [
        [("メール送信", "under_maintenance", "operational")],
        [("メール送信", "operational", "under_maintenance")],
        [("メール送信", "operational", "operational")],
    ]
    assert [one["name"] for one in made["components"]] == ["メール送信"]


def changes(update: Object) -> list[tuple[str, str, str]]:
    return [(one["name"], one["old_status"], one["new_status"]) for one in update["affected_components"]]
