from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.log import add_entry
from incidents.lib import times
from incidents.models import Incident, LogEntry
from tests import make
from tests.console.conftest import Desk
from tests.make_console import typed


def address(incident: Incident, rest: str = "") -> str:
    return f"/console/incidents/{incident.reference}/{rest}"


def test_shows_the_draft_with_the_words_it_would_be_published_with(desk: Desk) -> None:
    service = make.service(desk.page, name="Search")
    incident = make.incident(desk.page, {service: "partial_outage"})
    html = desk.client.get(address(incident)).content.decode()
    assert "Search" in html
    assert "監視システムで検知いたしました" in html
    assert '<option value="partial_outage" selected>' in html


def test_an_unknown_reference_is_not_found(desk: Desk) -> None:
    assert desk.client.get("/console/incidents/INC-20200904-99/").status_code == 404


def test_the_log_tells_what_happened_and_when_it_was_recorded(desk: Desk) -> None:
    with times.at(make.jst("2020-09-04 12:00")):
        incident = make.incident(desk.page, started_at=make.jst("2020-09-01 09:00"))
    with times.at(make.jst("2020-09-04 12:46")):
        add_entry(
            incident, text="A customer called.", kind="enquiry", happened_at=make.jst("2020-09-04 10:00")
        )
    html = desk.client.get(address(incident)).content.decode()
    assert html.index("2020-09-04 10:00 JST") < html.index("2020-09-04 12:46 JST")
    assert "Enquiry" in html


def test_an_entry_is_written_back_dated_in_the_zone_of_the_page(desk: Desk) -> None:
    incident = make.incident(desk.page)
    desk.client.post(
        address(incident, "log/"),
        {"log-kind": "enquiry", "log-text": "A customer called.", "log-happened_at": "2020-09-04T10:00"},
    )
    entry = LogEntry.objects.get()
    assert entry.happened_at == make.jst("2020-09-04 10:00")
    assert (entry.author, entry.kind) == (desk.staff, "enquiry")


def test_a_wrong_entry_names_its_fields_and_keeps_what_was_typed(desk: Desk) -> None:
    incident = make.incident(desk.page)
    response = desk.client.post(
        address(incident, "log/"),
        {"log-kind": "rumour", "log-text": "A customer called.", "log-happened_at": "yesterday"},
    )
    html = response.content.decode()
    assert response.status_code == 422
    assert 'id="id_log-kind_error"' in html
    assert "Enter a date and a time, such as 2020-09-04 12:46." in html
    assert "A customer called." in html
    assert not LogEntry.objects.exists()


def test_an_entry_of_the_future_is_refused_at_its_field(desk: Desk) -> None:
    incident = make.incident(desk.page)
    future = typed(times.now() + timedelta(days=1))
    response = desk.client.post(
        address(incident, "log/"), {"log-kind": "action", "log-text": "x", "log-happened_at": future}
    )
    assert "a log entry cannot have happened in the future" in response.content.decode()
    assert not LogEntry.objects.exists()


def test_an_entry_is_edited_and_keeps_the_seconds_that_the_form_does_not_show(desk: Desk) -> None:
    incident = make.incident(desk.page)
    happened_at = make.jst("2020-09-04 10:00").replace(second=17)
    entry = add_entry(incident, text="A customer caled.", kind="enquiry", happened_at=happened_at)
    desk.client.post(
        address(incident, f"log/{entry.pk}/"),
        {"log-kind": "enquiry", "log-text": "A customer called.", "log-happened_at": typed(happened_at)},
    )
    entry.refresh_from_db()
    assert (entry.text, entry.happened_at) == ("A customer called.", happened_at)


def test_the_line_of_a_public_update_is_not_edited_as_text(desk: Desk) -> None:
    incident = make.incident(desk.page)
    make.update(incident)
    entry = LogEntry.objects.get()
    assert desk.client.get(address(incident, f"log/{entry.pk}/")).status_code == 404


def test_an_entry_of_another_incident_is_not_found(desk: Desk) -> None:
    entry = add_entry(make.incident(desk.page), text="x")
    assert desk.client.get(address(make.incident(desk.page), f"log/{entry.pk}/")).status_code == 404


def test_title_and_onset_are_corrected(desk: Desk) -> None:
    incident = make.incident(desk.page)
    desk.client.post(address(incident, "correct/"), {"title": "Late", "started_at": "2020-09-01T09:00"})
    incident.refresh_from_db()
    assert (incident.title, incident.started_at) == ("Late", make.jst("2020-09-01 09:00"))


def test_a_wrong_correction_names_its_fields_and_saves_nothing(desk: Desk) -> None:
    incident = make.incident(desk.page, title="Late")
    future = typed(times.now() + timedelta(days=1))
    response = desk.client.post(address(incident, "correct/"), {"title": "", "started_at": future})
    assert response.status_code == 422
    assert 'id="id_title_error"' in response.content.decode()
    response = desk.client.post(address(incident, "correct/"), {"title": "Later", "started_at": future})
    assert 'id="id_started_at_error"' in response.content.decode()
    incident.refresh_from_db()
    assert incident.title == "Late"


def test_a_new_incident_opens_as_a_draft(desk: Desk) -> None:
    service = make.service(desk.page)
    response = desk.client.post(
        "/console/incidents/new/",
        {
            "title": "Late",
            "severity": "major",
            "started_at": "2020-09-01T09:00",
            f"service_{service.pk}": "degraded",
        },
    )
    incident = Incident.objects.get()
    assert response["Location"] == address(incident)
    assert (incident.state, incident.severity, incident.opened_by) == ("draft", "major", desk.staff)
    assert incident.started_at == make.jst("2020-09-01 09:00")


def test_many_services_fold_away_only_beside_those_that_are_named(desk: Desk) -> None:
    named, *_ = [make.service(desk.page) for _ in range(8)]
    incident = make.incident(desk.page, {named: "degraded"})
    assert "other services" not in desk.client.get("/console/incidents/new/").content.decode()
    assert "7 other services" in desk.client.get(address(incident)).content.decode()


def test_a_new_incident_needs_a_title_a_severity_and_a_service(desk: Desk) -> None:
    make.service(desk.page)
    response = desk.client.post("/console/incidents/new/", {"title": " ", "severity": "huge"})
    html = response.content.decode()
    assert response.status_code == 422
    assert 'id="id_title_error"' in html
    assert "Choose at least one affected service and its status." in html
    assert "huge is not one of the available choices" in html
    assert not Incident.objects.exists()


def test_the_list_is_filtered_by_state_and_words(desk: Desk) -> None:
    make.incident(desk.page, title="A draft")
    make.update(make.incident(desk.page, title="An open one"))
    drafts = desk.client.get("/console/incidents/?show=draft").content.decode()
    assert "A draft" in drafts
    assert "An open one" not in drafts
    found = desk.client.get("/console/incidents/?q=open").content.decode()
    assert "A draft" not in found
    assert "An open one" in found


def test_an_unknown_filter_or_page_number_shows_everything(desk: Desk) -> None:
    make.incident(desk.page, title="A draft")
    assert "A draft" in desk.client.get("/console/incidents/?show=x&page=x").content.decode()


def test_the_number_of_queries_does_not_grow_with_what_is_shown(desk: Desk) -> None:
    def filled(count: int) -> Incident:
        services = {make.service(desk.page): "degraded" for _ in range(count)}
        incident = make.incident(desk.page, services)
        for _ in range(count):
            make.update(incident, notify=True)
            add_entry(incident, text="x", actor=desk.staff)
        return incident

    small, large = filled(1), filled(3)
    with CaptureQueriesContext(connection) as one:
        desk.client.get(address(small))
    with CaptureQueriesContext(connection) as three:
        desk.client.get(address(large))
    assert len(three) == len(one)
    assert len(one) <= 24
