"""What staff write beside the first language's text: estimates, other languages, the promised report."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Incident, Service, Update
from incidents.models.estimate import UNDECIDED, UNSAID, RecoveryEstimate, known
from tests import make
from tests.console.conftest import Desk
from tests.make_console import composed, typed

NOON = make.jst("2020-09-04 12:46")


@pytest.fixture
def service(desk: Desk) -> Service:
    return make.service(desk.page)


@pytest.fixture
def incident(desk: Desk, service: Service) -> Incident:
    return make.incident(desk.page, {service: "degraded"}, started_at=make.jst("2020-09-01 09:00"))


def address(incident: Incident, rest: str = "updates/") -> str:
    return f"/console/incidents/{incident.reference}/{rest}"


def post(desk: Desk, to: str, values: dict[str, Any], *, at: Any = NOON) -> Any:
    with times.at(at):
        return desk.client.post(to, values)


@pytest.mark.parametrize(
    ("typed_in", "expected"),
    [
        ({}, UNSAID),
        ({"estimate": "", "estimate_from": "2020-09-04T18:00"}, UNSAID),
        ({"estimate": "about", "estimate_from": "2020-09-04T18:00"}, known(make.jst("2020-09-04 18:00"))),
        (
            {
                "estimate": "between",
                "estimate_from": "2020-09-04T18:00",
                "estimate_until": "2020-09-04T20:00",
            },
            known(make.jst("2020-09-04 18:00"), make.jst("2020-09-04 20:00")),
        ),
        ({"estimate": "undecided"}, UNDECIDED),
    ],
)
def test_an_estimate_is_published_as_it_was_typed(
    desk: Desk, incident: Incident, service: Service, typed_in: dict[str, str], expected: RecoveryEstimate
) -> None:
    response = post(desk, address(incident), composed(service, **typed_in))
    assert response.status_code == 302
    assert Update.objects.get().recovery == expected


@pytest.mark.parametrize(
    ("typed_in", "field", "sentence"),
    [
        ({"estimate": "about"}, "estimate_from", "Enter the time of the estimated recovery."),
        (
            {"estimate": "between", "estimate_from": "2020-09-04T18:00"},
            "estimate_until",
            "Enter the time of the estimated recovery.",
        ),
        (
            {"estimate": "about", "estimate_from": "2020-09-04T12:00"},
            "estimate_from",
            "must lie after this update",
        ),
        (
            {
                "estimate": "between",
                "estimate_from": "2020-09-04T18:00",
                "estimate_until": "2020-09-04T17:00",
            },
            "estimate_until",
            "ends before it begins",
        ),
        ({"estimate": "about", "estimate_from": "soon"}, "estimate_from", "Enter a date and a time"),
        ({"estimate": "maybe"}, "estimate", "maybe is not one of the available choices"),
        ({"body_en": "[" * 401}, "body_en", "at most 400 opening brackets"),
        ({"concerned_en": "x" * 501}, "concerned_en", "at most 500 characters"),
    ],
)
def test_what_cannot_be_so_is_refused_at_its_field(
    desk: Desk, incident: Incident, service: Service, typed_in: dict[str, str], field: str, sentence: str
) -> None:
    response = post(desk, address(incident), composed(service, **{"workaround_en": "Keep me.", **typed_in}))
    html = response.content.decode()
    assert response.status_code == 422
    error = html[html.index(f'id="id_{field}_error"') :][:300]
    assert sentence in error
    assert "Keep me." in html
    assert not Update.objects.exists()


def test_the_end_tells_no_estimate_whatever_was_typed(
    desk: Desk, incident: Incident, service: Service
) -> None:
    with times.at(NOON - timedelta(hours=1)):
        make.update(incident, estimate=known(make.jst("2020-09-04 18:00")))
    post(desk, address(incident), composed(stage="resolved", estimate="about", estimate_from=""))
    assert Update.objects.get(number=2).recovery == UNSAID


def test_every_language_of_the_page_has_its_fields_folded_away_and_previewed(
    desk: Desk, incident: Incident
) -> None:
    html = desk.client.get(address(incident, "")).content.decode()
    found = re.search(r'<details class="translation" id="translation-en"( open)?>', html)
    assert found and not found[1]
    assert "unusual behaviour of" in html[html.index('id="preview-en"') :]
    sent = desk.client.post("/console/preview/", {"body_en": "**bold**"})
    assert sent.content.decode().strip() == "<p><strong>bold</strong></p>"


def test_texts_of_another_language_are_published_and_stand_in_the_next_composer(
    desk: Desk, incident: Incident, service: Service
) -> None:
    texts = {"body_en": "We look.", "concerned_en": "SAML", "workaround_en": "Wait."}
    post(desk, address(incident), composed(service, concerned="SAML利用者", **texts))
    told = Update.objects.get().texts["en"]
    assert (told["body"], told["concerned"], told["workaround"]) == ("We look.", "SAML", "Wait.")
    form = desk.client.get(address(incident, "")).context["composer"]
    assert (form["body_en"].value(), form["concerned_en"].value()) == ("", "SAML")


def test_a_page_in_one_language_has_no_fields_for_others(desk: Desk, incident: Incident) -> None:
    desk.page.languages = ["ja"]
    desk.page.save()
    assert "translation" not in desk.client.get(address(incident, "")).content.decode()


def test_a_correction_begins_with_all_that_was_told(desk: Desk, incident: Incident) -> None:
    six, eight = make.jst("2020-09-04 18:00"), make.jst("2020-09-04 20:00")
    with times.at(NOON):
        make.update(incident, estimate=known(six, eight), texts={"en": {"body": "We look."}})
    form = desk.client.get(address(incident, "updates/1/")).context["form"]
    values = {name: form[name].value() for name in ("estimate", "body_en", "version")}
    assert values == {"estimate": "between", "body_en": "We look.", "version": 0}
    html = desk.client.get(address(incident, "updates/1/")).content.decode()
    assert 'value="2020-09-04T18:00"' in html and 'value="2020-09-04T20:00"' in html


def test_the_second_of_two_who_correct_at_once_sees_the_first_and_overwrites_nothing(
    desk: Desk, incident: Incident, service: Service
) -> None:
    with times.at(NOON):
        update = make.update(incident)
    edit_update(update, Draft(stage="investigating", body="Theirs, saved first."))
    mine = composed(service, stage="investigating", body="Mine.", promise="none", happened_at=typed(NOON))
    response = post(desk, address(incident, "updates/1/"), {**mine, "version": "0"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "someone else corrected this update" in html
    assert "Theirs, saved first." in html and ">Mine.</textarea>" in html
    update.refresh_from_db()
    assert update.body == "Theirs, saved first."
    version = re.search(r'name="version" value="(\d+)"', html)
    assert version
    response = post(desk, address(incident, "updates/1/"), {**mine, "version": version[1]})
    assert response.status_code == 302
    update.refresh_from_db()
    assert update.body == "Mine."


def test_the_end_proposes_a_report_within_ten_working_days(desk: Desk, incident: Incident) -> None:
    with times.at(NOON):
        make.update(incident)
        form = desk.client.get(address(incident, "")).context["composer"]
    assert form["report_due_on"].value() == date(2020, 9, 18)


@pytest.mark.parametrize(("sent", "due_on"), [("2020-09-30", date(2020, 9, 30)), ("", None)])
def test_the_end_promises_the_report_for_the_day_that_was_left_in_the_form(
    desk: Desk, incident: Incident, sent: str, due_on: date | None
) -> None:
    with times.at(NOON):
        make.update(incident)
    response = post(
        desk,
        address(incident),
        composed(stage="resolved", report_due_on=sent),
        at=NOON + timedelta(hours=1),
    )
    assert response.status_code == 302
    incident.refresh_from_db()
    assert incident.report_due_on == due_on


def test_a_report_is_promised_and_taken_back_later(desk: Desk, incident: Incident) -> None:
    with times.at(NOON):
        make.update(incident)
        make.update(incident, "resolved")
    for sent, due_on in (("2020-09-30", date(2020, 9, 30)), ("", None)):
        response = post(desk, address(incident, "report/promise/"), {"report_due_on": sent})
        assert response.status_code == 302
        incident.refresh_from_db()
        assert incident.report_due_on == due_on


@pytest.mark.parametrize(
    ("sent", "sentence"), [("2020-09-03", "for today or a later day"), ("soon", "Enter a date")]
)
def test_a_wrong_day_is_refused_at_its_field(
    desk: Desk, incident: Incident, sent: str, sentence: str
) -> None:
    with times.at(NOON):
        make.update(incident)
        make.update(incident, "resolved")
    response = post(desk, address(incident, "report/promise/"), {"report_due_on": sent})
    html = response.content.decode()
    assert response.status_code == 422
    assert sentence in html[html.index('id="id_promise_report_due_on_error"') :][:200]


def test_the_dashboard_lists_promised_reports_until_they_are_issued(desk: Desk, incident: Incident) -> None:
    with times.at(NOON):
        make.update(incident)
        make.update(incident, "resolved", report_due_on=date(2020, 9, 18))
        assert "Reports promised" in desk.client.get("/console/").content.decode()
    with times.at(make.jst("2020-09-19 09:00")):
        html = desk.client.get("/console/").content.decode()
    assert "overdue" in html[html.index("Reports promised") :][:900]


def test_titles_of_other_languages_are_written_and_corrected(desk: Desk, service: Service) -> None:
    sent = {"title": "検索遅延", "title_en": "Search is late", "severity": "minor"}
    desk.client.post("/console/incidents/new/", {**sent, f"service_{service.pk}": "degraded"})
    incident = Incident.objects.get()
    assert incident.texts == {"en": {"title": "Search is late"}}
    corrected = {
        "title": "検索遅延",
        "title_en": "Search is slow",
        "started_at": typed(incident.started_at),
    }
    desk.client.post(address(incident, "correct/"), corrected)
    incident.refresh_from_db()
    assert incident.texts == {"en": {"title": "Search is slow"}}
