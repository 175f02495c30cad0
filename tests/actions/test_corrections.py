"""What was told wrongly of a public incident stays readable with both values."""

from datetime import timedelta

import pytest

from incidents.actions import incident as actions
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, IncidentCorrection, Service, UpdateRevision
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")
ONSET = jst("2020-09-01 09:00")


@pytest.fixture
def service() -> Service:
    return make.service(make.page())


@pytest.fixture
def incident(service: Service) -> Incident:
    """Told at noon, over two hours later."""
    with times.at(NOON):
        incident = make.incident(service.page, {service: "degraded"}, title="題名", started_at=ONSET)
        make.update(incident)
    with times.at(NOON + timedelta(hours=2)):
        make.update(incident, "resolved", body="復旧しました。")
    return incident


def corrections(incident: Incident) -> list[tuple[str, object, object]]:
    return [(c.what, c.before, c.after) for c in incident.corrections.all()]


def at(instant: object) -> dict[str, object]:
    return {"at": instant}


def test_a_corrected_title_and_onset_are_noted_with_who_and_when(incident: Incident) -> None:
    staff = make.staff()
    with times.at(NOON + timedelta(hours=3)):
        actions.correct_incident(
            incident, title="正しい題名", started_at=ONSET + timedelta(hours=1), actor=staff
        )
    assert corrections(incident) == [
        ("onset", at("2020-09-01T00:00:00+00:00"), at("2020-09-01T01:00:00+00:00")),
        ("title", {"title": "題名", "titles": {}}, {"title": "正しい題名", "titles": {}}),
    ]
    noted = IncidentCorrection.objects.all()
    assert {(c.corrected_at, c.corrected_by) for c in noted} == {(NOON + timedelta(hours=3), staff)}


def test_what_did_not_change_is_no_correction(incident: Incident) -> None:
    actions.correct_incident(incident, title="題名", started_at=ONSET)
    edit_update(incident.updates.get(number=2), Draft(stage="resolved", body="復旧しました。"))
    assert not corrections(incident)
    assert not UpdateRevision.objects.exists()


def test_what_was_never_public_is_no_correction(service: Service) -> None:
    draft = make.incident(service.page, {service: "degraded"})
    actions.correct_incident(draft, title="別の題名")
    assert not corrections(draft)


def test_a_title_corrected_in_another_language_only_is_noted(incident: Incident) -> None:
    actions.correct_incident(incident, titles={"en": "Title"})
    assert corrections(incident) == [
        ("title", {"title": "題名", "titles": {}}, {"title": "題名", "titles": {"en": "Title"}})
    ]


def test_a_corrected_end_is_noted_as_the_end_that_was_shown(incident: Incident) -> None:
    last = incident.updates.get(number=2)
    recovered = NOON + timedelta(minutes=30)
    edit_update(last, Draft(stage="resolved", body="復旧しました。", recovered_at=recovered))
    edit_update(last, Draft(stage="monitoring", body="経過を観察中です。"))
    ends = ["2020-09-04T05:46:00+00:00", "2020-09-04T04:16:00+00:00", None]
    assert corrections(incident) == [("end", at(ends[1]), at(ends[2])), ("end", at(ends[0]), at(ends[1]))]


def test_a_corrected_scope_is_noted_with_its_update(incident: Incident, service: Service) -> None:
    other = make.service(service.page)
    scope = {service: "major_outage", other: "degraded"}
    edit_update(
        incident.updates.get(number=1), Draft(stage="investigating", body="調査しております。", scope=scope)
    )
    before = {"update": 1, "scope": {str(service.pk): "degraded"}}
    after = {"update": 1, "scope": {str(service.pk): "major_outage", str(other.pk): "degraded"}}
    assert corrections(incident) == [("scope", before, after)]


def test_the_second_of_two_who_correct_at_once_is_told_and_overwrites_nothing(incident: Incident) -> None:
    update = incident.updates.get(number=1)
    edit_update(update, Draft(stage="investigating", body="一人目の訂正"), version=0)
    with pytest.raises(Refused, match="someone else corrected this update") as refused:
        edit_update(update, Draft(stage="investigating", body="二人目の訂正"), version=0)
    assert refused.value.field == "version"
    update.refresh_from_db()
    assert update.body == "一人目の訂正"
    edit_update(update, Draft(stage="investigating", body="二人目の訂正"), version=1)
    assert [revision.body for revision in update.revisions.all()] == ["調査しております。", "一人目の訂正"]
