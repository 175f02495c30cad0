from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.measure import add_measure, drop_measure, finish_measure
from incidents.actions.report import draft_report
from incidents.lib import times
from incidents.models import Delivery, Measure, MeasuresNote, Page, Report, Staff
from tests import make
from tests.console.conftest import Desk

DUE = date(2999, 6, 15)


def reported(page: Page) -> Report:
    incident = make.incident(page)
    make.update(incident)
    make.update(incident, "resolved")
    return draft_report(incident)


def issued(report: Report, number: str = "SVC2026060101") -> Report:
    Report.objects.filter(pk=report.pk).update(
        number=number, state="issued", issued_on=date(2026, 6, 1), issued_at=times.now()
    )
    return Report.objects.select_related("incident__page").get(pk=report.pk)


def added(report: Report, owner: Staff, text: str = "Watch the disk") -> Measure:
    day = times.now().date() + timedelta(days=30)
    return add_measure(report, text=text, owner=owner, due_on=day)


def of(report: Report, rest: str = "") -> str:
    return f"/console/incidents/{report.incident.reference}/report/measures/{rest}"


def at(measure: Measure, rest: str = "") -> str:
    return f"/console/measures/{measure.public_id}/{rest}"


def html_of(desk: Desk, address: str) -> str:
    response = desk.client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_items_of_the_report_are_offered_until_they_are_tasks(desk: Desk) -> None:
    report = reported(desk.page)
    Report.objects.filter(pk=report.pk).update(measures="1. Watch the disk.\n2. Train the team.")
    html = html_of(desk, of(report))
    assert "?text=Watch%20the%20disk.#measure-form" in html
    assert 'value="Train the team."' in html_of(desk, of(report) + "?text=Train%20the%20team.")
    sent = {"text": "Watch the disk.", "owner": desk.staff.pk, "due_on": DUE.isoformat()}
    with times.at(make.jst("2998-01-01 10:00")):
        desk.client.post(of(report), sent)
    measure = Measure.objects.get()
    assert (measure.text, measure.owner, measure.due_on) == ("Watch the disk.", desk.staff, DUE)
    html = html_of(desk, of(report))
    assert "?text=Watch" not in html
    assert "?text=Train" in html


def test_what_is_wrong_is_said_at_its_field(desk: Desk) -> None:
    report = reported(desk.page)
    sent = {"text": "Watch", "owner": desk.staff.pk, "due_on": "2020-01-01"}
    response = desk.client.post(of(report), sent)
    assert response.status_code == 422
    assert 'id="id_due_on_error"' in response.content.decode()
    assert not Measure.objects.exists()


def test_a_measure_is_changed_done_and_opened_again(desk: Desk) -> None:
    measure = added(reported(desk.page), desk.staff)
    sent = {"text": "Watch two disks", "owner": desk.staff.pk, "due_on": measure.due_on.isoformat()}
    desk.client.post(at(measure), sent)
    desk.client.post(at(measure, "done/"))
    measure.refresh_from_db()
    assert (measure.text, measure.state) == ("Watch two disks", "done")
    assert 'id="measure-reopen"' in html_of(desk, at(measure))
    desk.client.post(at(measure, "reopen/"))
    measure.refresh_from_db()
    assert measure.state == "open"


def test_dropping_needs_a_reason(desk: Desk) -> None:
    measure = added(reported(desk.page), desk.staff)
    response = desk.client.post(at(measure, "drop/"), {"because": ""})
    assert response.status_code == 422
    desk.client.post(at(measure, "drop/"), {"because": "Replaced by <another>."})
    assert "Replaced by &lt;another&gt;." in html_of(desk, at(measure))


@pytest.mark.parametrize("rest", ["done/", "drop/", "reopen/"])
def test_what_changes_a_measure_is_a_post(desk: Desk, rest: str) -> None:
    assert desk.client.get(at(added(reported(desk.page), desk.staff), rest)).status_code == 405


def test_the_list_filters_by_state_day_and_owner(desk: Desk) -> None:
    report, other = reported(desk.page), make.staff("other@example.com")
    names = {"open": other, "late": other, "mine": desk.staff, "done": other, "dropped": other}
    made = {name: added(report, owner, f"measure-{name}") for name, owner in names.items()}
    Measure.objects.filter(pk=made["late"].pk).update(due_on=date(2020, 1, 1))
    finish_measure(made["done"])
    drop_measure(made["dropped"], because="No use.")
    added(reported(make.page()), other, "measure-elsewhere")
    expected = {
        "open": {"open", "late", "mine"},
        "overdue": {"late"},
        "mine": {"mine"},
        "done": {"done"},
        "dropped": {"dropped"},
        "all": set(made),
        "nonsense": {"open", "late", "mine"},
    }
    for show, shown in expected.items():
        html = html_of(desk, f"/console/measures/?show={show}")
        assert {name for name in [*made, "elsewhere"] if f"measure-{name}<" in html} == shown, show


def test_the_lists_cost_the_same_whatever_they_show(desk: Desk) -> None:
    report = issued(reported(desk.page))
    addresses = ("/console/measures/?show=all", of(report))

    def cost() -> list[int]:
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                html_of(desk, address)
            counts.append(len(queries))
        return counts

    added(report, desk.staff)
    one = cost()
    for number in range(2):
        added(report, make.staff(f"o{number}@example.com"), f"More {number}")
        added(reported(desk.page), desk.staff)
    assert cost() == one
    assert max(one) <= 14


def test_another_pages_measure_is_not_found(desk: Desk) -> None:
    assert desk.client.get(at(added(reported(make.page()), desk.staff))).status_code == 404
    assert desk.client.get("/console/measures/no-such-one/").status_code == 404


def test_customers_are_told_after_a_second_look(desk: Desk) -> None:
    report = issued(reported(desk.page))
    make.subscriber(desk.page)
    measure = added(report, desk.staff)
    assert "tell-form" not in html_of(desk, of(report))
    finish_measure(measure)
    assert "tell-form" in html_of(desk, of(report))
    sent = {"body": "すべて完了しました。", "body_en": "All <b>done</b>.", "notify": "on"}
    html = desk.client.post(of(report, "tell/"), sent).content.decode()
    assert "1 person is notified." in html
    assert not MeasuresNote.objects.exists()
    desk.client.post(of(report, "tell/"), sent | {"confirmed": "1"})
    assert MeasuresNote.objects.get().published_by == desk.staff
    assert Delivery.objects.count() == 1
    assert "tell-form" not in html_of(desk, of(report))
    desk.client.post(of(report, "tell/"), sent | {"confirmed": "1"})
    assert Delivery.objects.count() == 1


def test_the_note_names_no_masked_party(desk: Desk) -> None:
    report = issued(reported(desk.page))
    Report.objects.filter(pk=report.pk).update(parties=[{"name": "Acme", "mask": "回線事業者"}])
    finish_measure(added(report, desk.staff))
    sent = {"body": "Acmeと完了しました。", "body_en": "Done with acme.", "confirmed": "1"}
    desk.client.post(of(report, "tell/"), sent)
    note = MeasuresNote.objects.get()
    assert (note.body, note.texts["en"]["body"]) == ("回線事業者と完了しました。", "Done with 回線事業者.")


def test_the_note_is_read_beside_the_report_in_each_language(desk: Desk) -> None:
    report = issued(reported(desk.page))
    texts = {"what_happened": "a", "scope": "b", "cause": "c", "measures": "d"}
    Report.objects.filter(pk=report.pk).update(period_until=report.period_from, **texts)
    finish_measure(added(report, desk.staff))
    sent = {"body": "すべて完了しました。", "body_en": "All <b>done</b>.", "confirmed": "1"}
    desk.client.post(of(report, "tell/"), sent)
    client = Client(headers={"host": desk.page.host})
    assert "すべて完了しました。" in client.get(f"/reports/{report.number}").content.decode()
    english = client.get(f"/en/reports/{report.number}").content.decode()
    assert "All &lt;b&gt;done&lt;/b&gt;." in english
    assert "Permanent measures completed" in english
