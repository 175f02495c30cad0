from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.maintenance import start_maintenance
from incidents.console.maintenance_steps import BUTTONS
from incidents.lib import times
from incidents.models import Delivery, Maintenance, Service, Signal
from tests import make
from tests.console.conftest import Desk
from tests.make_console import typed

NEW = "/console/maintenances/new/"


def address(maintenance: Maintenance, rest: str = "") -> str:
    return f"/console/maintenances/{maintenance.public_id}/{rest}"


def planned(*services: Service, **values: Any) -> dict[str, Any]:
    """The form filled in: two hours, beginning tomorrow."""
    begins_at = times.now() + timedelta(days=1)
    given = {
        "title": "Database upgrade",
        "body": "We **upgrade** the database.",
        "scheduled_from": typed(begins_at),
        "scheduled_until": typed(begins_at + timedelta(hours=2)),
        "auto_start": "on",
        "notify": "on",
        "hold": "hold",
        "request_key": "key-1",
    }
    return given | {f"service_{service.pk}": "maintenance" for service in services} | values


def told(**values: Any) -> dict[str, Any]:
    return {"body": "Told by staff.", "hold": "hold", "request_key": "key-2"} | values


def test_a_maintenance_is_looked_at_once_more_before_it_is_announced(desk: Desk) -> None:
    service = make.service(desk.page, name="Search")
    for _ in range(2):
        make.subscriber(desk.page)
    sent = planned(service, title_en="Upgrade", body_en="In **English**.")
    html = desk.client.post(NEW, sent).content.decode()
    assert not Maintenance.objects.exists()
    assert "<strong>upgrade</strong>" in html and "<strong>English</strong>" in html
    assert '<strong id="audience-count">2</strong>' in html
    assert "Search" in html and "Under maintenance" in html


def test_what_was_confirmed_is_announced_and_its_subscribers_are_mailed(desk: Desk) -> None:
    service = make.service(desk.page)
    make.subscriber(desk.page)
    sent = planned(service, title_en="Upgrade", is_emergency="on", confirmed="1")
    response = desk.client.post(NEW, sent)
    maintenance = Maintenance.objects.get()
    assert response["Location"] == address(maintenance)
    assert (maintenance.title, maintenance.created_by) == ("Database upgrade", desk.staff)
    assert (maintenance.is_emergency, maintenance.auto_start, maintenance.auto_finish) == (True, True, False)
    assert maintenance.texts["en"]["title"] == "Upgrade"
    assert f"{maintenance.scheduled_from:%H:%M}" == f"{times.now():%H:%M}"
    assert Delivery.objects.get().notice.maintenance == maintenance


def test_the_confirmation_holds_all_that_was_typed(desk: Desk) -> None:
    service = make.service(desk.page)
    html = desk.client.post(NEW, planned(service, body_en="In English.")).content.decode()
    for name, value in planned(service, body_en="In English.").items():
        assert f'name="{name}"' in html, name
        assert value in html or value == "on", name
    assert 'name="notify" value="True"' in html and 'name="auto_finish" value="False"' in html


def test_the_same_confirmation_sent_twice_is_one_maintenance(desk: Desk) -> None:
    service = make.service(desk.page)
    for _ in range(2):
        assert desk.client.post(NEW, planned(service, confirmed="1")).status_code == 302
    assert Maintenance.objects.count() == 1


def test_it_can_be_changed_instead(desk: Desk) -> None:
    service = make.service(desk.page)
    html = desk.client.post(NEW, planned(service, change="1")).content.decode()
    assert 'id="maintenance-form"' in html and "Database upgrade" in html
    assert not Maintenance.objects.exists()


def test_nobody_is_mailed_when_staff_say_so(desk: Desk) -> None:
    service = make.service(desk.page)
    make.subscriber(desk.page)
    sent = {name: value for name, value in planned(service).items() if name != "notify"}
    assert "Nobody is mailed." in desk.client.post(NEW, sent).content.decode()
    desk.client.post(NEW, sent | {"confirmed": "1"})
    assert Maintenance.objects.count() == 1
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}])
@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"title": " "}, 'id="id_title_error"'),
        ({"body": "[" * 401}, "expected at most 400 opening brackets ["),
        ({"body_en": "[" * 401}, 'id="id_body_en_error"'),
        ({"scheduled_from": "soon"}, "Enter a date and a time, such as 2020-09-04 12:46."),
        ({"scheduled_from": "2020-02-30T10:00"}, 'id="id_scheduled_from_error"'),
        ({"scheduled_from": "2020-09-04T10:00"}, "the maintenance must not begin in the past"),
        ({"scheduled_until": "2020-09-04T10:00"}, "the maintenance must end after it begins"),
        ({"hold": "never"}, "never is not one of the available choices"),
    ],
)
def test_a_wrong_plan_names_its_field_and_keeps_what_was_typed(
    desk: Desk, wrong: dict[str, Any], expected: str, confirmed: dict[str, str]
) -> None:
    sent = planned(make.service(desk.page), title_en="Keep me.") | wrong | confirmed
    response = desk.client.post(NEW, sent)
    html = response.content.decode()
    assert response.status_code == 422
    assert expected in html and "Keep me." in html
    assert not Maintenance.objects.exists()


def test_a_maintenance_needs_a_service(desk: Desk) -> None:
    make.service(desk.page)
    response = desk.client.post(NEW, planned())
    assert "Choose at least one affected service and its status." in response.content.decode()


def test_a_service_cannot_be_said_to_run_as_usual(desk: Desk) -> None:
    service = make.service(desk.page)
    response = desk.client.post(NEW, planned(service, **{f"service_{service.pk}": "operational"}))
    assert f'id="id_service_{service.pk}_error"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed_at", "shown"),
    [
        ("2036-03-09T02:30", "2036-03-09 03:00 EDT"),  # clocks go from 02:00 to 03:00
        ("2036-11-02T01:30", "2036-11-02 01:30 EDT"),  # 01:30 comes twice
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_is_taken_and_shown_for_what_it_is(
    desk: Desk, typed_at: str, shown: str
) -> None:
    desk.page.time_zone = "America/New_York"
    desk.page.save()
    sent = planned(make.service(desk.page), scheduled_from=typed_at, scheduled_until="2036-12-01T00:00")
    assert shown in desk.client.post(NEW, sent).content.decode()


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("scheduled", {"start", "reschedule", "update", "cancel"}),
        ("in_progress", {"verify", "finish", "extend", "update", "cancel"}),
    ],
)
def test_the_screen_offers_the_steps_that_can_be_taken(desk: Desk, state: str, offered: set[str]) -> None:
    maintenance = make.maintenance(desk.page)
    if state == "in_progress":
        start_maintenance(maintenance)
    html = desk.client.get(address(maintenance)).content.decode()
    assert {button.name for button in BUTTONS if f'id="step-{button.name}"' in html} == offered


def test_a_step_shows_its_usual_words_and_how_many_will_be_mailed(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    make.subscriber(desk.page)
    html = desk.client.get(address(maintenance, "start/")).content.decode()
    assert "メンテナンスを開始いたしました。" in html and "The maintenance has started." in html
    assert '<strong id="audience-count">1</strong>' in html
    assert Maintenance.objects.get().state == "scheduled"


@pytest.mark.parametrize("button", BUTTONS, ids=lambda button: button.name)
def test_by_default_a_step_mails_people_or_does_not(desk: Desk, button: Any) -> None:
    maintenance = make.maintenance(desk.page)
    form = desk.client.get(address(maintenance, f"{button.name}/")).context["form"]
    assert form["notify"].value() is (button.name in {"finish", "extend", "reschedule", "cancel"})


def test_a_maintenance_runs_its_whole_course_from_its_screens(desk: Desk) -> None:
    make.subscriber(desk.page)
    maintenance = make.maintenance(desk.page)
    until = typed(maintenance.scheduled_until + timedelta(hours=1))
    for number, (step, values) in enumerate(
        [
            ("start", {}),
            ("update", {"body": "Half of it is done."}),
            ("extend", {"scheduled_until": until, "notify": "on"}),
            ("verify", {"body_en": "Looking at it."}),
            ("finish", {"notify": "on"}),
        ]
    ):
        response = desk.client.post(
            address(maintenance, f"{step}/"), told(request_key=f"k{number}", **values)
        )
        assert response["Location"] == address(maintenance), response.content.decode()
    maintenance.refresh_from_db()
    states = [update.state for update in maintenance.updates.all()]
    assert states == ["scheduled", "in_progress", "in_progress", "in_progress", "verifying", "completed"]
    assert maintenance.updates.get(number=3).body == "Half of it is done."
    assert maintenance.updates.get(number=5).texts["en"]["body"] == "Looking at it."
    assert Delivery.objects.count() == 2
    html = desk.client.get(address(maintenance)).content.decode()
    assert "Completed" in html and 'id="step-' not in html


def test_a_step_sent_twice_is_one(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    for _ in range(2):
        assert desk.client.post(address(maintenance, "start/"), told()).status_code == 302
    assert maintenance.updates.count() == 2


def test_a_step_that_someone_else_took_first_says_so(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    start_maintenance(maintenance)
    response = desk.client.post(address(maintenance, "start/"), told(), follow=True)
    assert "this maintenance has started already" in response.content.decode()
    assert maintenance.updates.count() == 2


@pytest.mark.parametrize(
    ("step", "wrong", "expected"),
    [
        ("start", {"happened_at": "2999-01-01T00:00"}, 'id="id_happened_at_error"'),
        ("update", {"body": " "}, 'id="id_body_error"'),
        ("reschedule", {"scheduled_from": "", "scheduled_until": ""}, 'id="id_scheduled_from_error"'),
        (
            "reschedule",
            {"scheduled_from": "2020-09-04T10:00", "scheduled_until": "2999-01-01T00:00"},
            "the maintenance must not begin in the past",
        ),
    ],
)
def test_a_wrong_step_names_its_field_and_changes_nothing(
    desk: Desk, step: str, wrong: dict[str, str], expected: str
) -> None:
    maintenance = make.maintenance(desk.page)
    response = desk.client.post(address(maintenance, f"{step}/"), told() | wrong)
    assert response.status_code == 422
    assert expected in response.content.decode()
    assert maintenance.updates.count() == 1


def test_a_window_left_as_it_is_keeps_its_seconds_and_is_no_new_one(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    page = desk.client.get(address(maintenance, "reschedule/"))
    window = {field.name: typed(field.initial) for field in page.context["form"].window}
    response = desk.client.post(address(maintenance, "reschedule/"), told(**window))
    assert "this is the window that was announced already" in response.content.decode()


def test_without_script_the_preview_is_a_button_that_changes_nothing(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    html = desk.client.post(
        address(maintenance, "start/"), told(body="**Now**", preview="1")
    ).content.decode()
    assert "<strong>Now</strong>" in html
    assert Maintenance.objects.get().state == "scheduled"


def test_title_services_and_the_clock_are_edited_without_a_mail(desk: Desk) -> None:
    make.subscriber(desk.page)
    maintenance = make.maintenance(desk.page)
    other = make.service(desk.page)
    form = desk.client.get(address(maintenance, "correct/")).context["form"]
    assert form["title"].value() == maintenance.title
    sent = {
        "title": "Renamed",
        "title_en": "In English",
        f"service_{other.pk}": "degraded",
        "auto_finish": "on",
    }
    desk.client.post(address(maintenance, "correct/"), sent)
    maintenance.refresh_from_db()
    assert (maintenance.title, maintenance.texts["en"]["title"]) == ("Renamed", "In English")
    assert (maintenance.auto_start, maintenance.auto_finish) == (False, True)
    assert [row.service for row in maintenance.services.all()] == [other]
    assert not Delivery.objects.exists()


def test_a_wrong_edit_names_its_field(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    response = desk.client.post(address(maintenance, "correct/"), {"title": ""})
    assert response.status_code == 422
    html = response.content.decode()
    assert 'id="id_title_error"' in html
    assert "Choose at least one affected service and its status." in html


def test_mails_in_the_hold_are_taken_back(desk: Desk) -> None:
    make.subscriber(desk.page)
    maintenance = make.maintenance(desk.page, notify=True)
    assert "Cancel the mails" in desk.client.get(address(maintenance)).content.decode()
    response = desk.client.post(address(maintenance, "updates/1/cancel/"), follow=True)
    assert "1 mail was taken back." in response.content.decode()
    again = desk.client.post(address(maintenance, "updates/1/cancel/"), follow=True)
    assert "No mail was waiting any more." in again.content.decode()


def test_what_monitors_saw_meanwhile_is_shown(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    now = times.now()
    monitor = make.monitor(make.service(desk.page))
    Signal.objects.create(
        service=monitor.service,
        monitor=monitor,
        maintenance=maintenance,
        verdict="down",
        status="major_outage",
        started_at=now,
        detected_at=now,
        summary="The search did not answer.",
    )
    assert "The search did not answer." in desk.client.get(address(maintenance)).content.decode()


def test_the_dashboard_says_what_waits_for_people(desk: Desk) -> None:
    with times.at(times.now() - timedelta(hours=3)):
        missed = make.maintenance(desk.page, title="Missed")
        make.maintenance(desk.page, title="Soon", scheduled_from=times.now() + timedelta(days=2))
        make.maintenance(desk.page, title="Far", scheduled_from=times.now() + timedelta(days=30))
    html = desk.client.get("/console/").content.decode()
    assert "The planned start of “Missed” has passed and nobody was told of it." in html
    assert f'id="waiting-{missed.public_id}"' in html
    assert "Soon" in html and "of “Soon”" not in html and "Far" not in html


def test_the_dashboard_says_that_a_planned_end_has_passed(desk: Desk) -> None:
    with times.at(times.now() - timedelta(hours=3)):
        maintenance = make.maintenance(desk.page, title="Late")
        start_maintenance(maintenance)
    assert "The planned end of “Late” has passed." in desk.client.get("/console/").content.decode()


def test_one_of_another_page_is_not_found(desk: Desk) -> None:
    other = make.page()
    desk.page.host = "testserver"
    desk.page.save()
    maintenance = make.maintenance(other)
    for rest in ("", "start/", "correct/"):
        assert desk.client.get(address(maintenance, rest)).status_code == 404
    assert "データベースの更新" not in desk.client.get("/console/maintenances/").content.decode()


def test_an_unknown_step_is_not_found(desk: Desk) -> None:
    assert desk.client.get(address(make.maintenance(desk.page), "explode/")).status_code == 404


def test_a_step_is_for_staff(desk: Desk) -> None:
    maintenance = make.maintenance(desk.page)
    response = Client().post(address(maintenance, "start/"), told())
    assert response["Location"].startswith("/console/login/")
    assert maintenance.updates.count() == 1


def test_the_number_of_queries_does_not_grow_with_what_is_shown(desk: Desk) -> None:
    def filled(count: int) -> Maintenance:
        hit = {make.service(desk.page): "maintenance" for _ in range(count)}
        maintenance = make.maintenance(desk.page, hit, notify=True)
        for number in range(count):
            desk.client.post(address(maintenance, "update/"), told(request_key=f"k{number}"))
        return maintenance

    small, large = filled(1), filled(3)
    counts = []
    for shown in (address(small), address(large)):
        with CaptureQueriesContext(connection) as queries:
            assert desk.client.get(shown).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


def test_list_and_dashboard_cost_the_same_for_one_and_for_three(desk: Desk) -> None:
    def count(shown: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.client.get(shown)
        return len(queries)

    screens = ("/console/maintenances/", "/console/")
    make.maintenance(desk.page)
    one = [count(screen) for screen in screens]
    for _ in range(2):
        make.maintenance(desk.page)
    assert [count(screen) for screen in screens] == one
