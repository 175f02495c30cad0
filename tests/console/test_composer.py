from datetime import timedelta
from typing import Any

import pytest

from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Delivery, DeliveryState, Incident, Update
from tests import make
from tests.console.conftest import Desk
from tests.make_console import composed, typed


def address(incident: Incident, rest: str = "updates/") -> str:
    return f"/console/incidents/{incident.reference}/{rest}"


def told(desk: Desk, incident: Incident) -> Update:
    return make.update(incident, notify=False)


def test_an_update_is_published_with_everything_that_was_typed(desk: Desk) -> None:
    search, mail = make.service(desk.page), make.service(desk.page)
    incident = make.incident(desk.page, {search: "degraded"}, started_at=make.jst("2020-09-01 09:00"))
    sent = composed(
        search,
        severity="major",
        concerned="Users of SAML",
        workaround="Use a password.",
        promise="at",
        next_update_at="2020-09-04T14:00",
        happened_at="2020-09-04T12:46",
        **{f"service_{mail.pk}": "major_outage"},
    )
    response = desk.client.post(address(incident), sent)
    update = Update.objects.get()
    assert response["Location"] == address(incident, "#update-1")
    assert (update.stage, update.severity, update.created_by) == ("identified", "major", desk.staff)
    assert (update.concerned, update.workaround) == ("Users of SAML", "Use a password.")
    assert update.happened_at == make.jst("2020-09-04 12:46")
    assert update.next_update_at == make.jst("2020-09-04 14:00")
    scope = dict(update.scope.values_list("service_id", "status"))
    assert scope == {search.pk: "degraded", mail.pk: "major_outage"}


def test_the_same_form_sent_twice_is_one_update(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    for _ in range(2):
        response = desk.client.post(address(incident), composed(service))
        assert response.status_code == 302
    assert Update.objects.count() == 1


def test_every_form_that_is_shown_has_a_key_of_its_own(desk: Desk) -> None:
    incident = make.incident(desk.page)
    keys = {
        desk.client.get(address(incident, "")).context["composer"]["request_key"].value() for _ in range(2)
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"body": "  "}, 'id="id_body_error"'),
        ({"body": "[" * 401}, "expected at most 400 opening brackets ["),
        ({"stage": "resolved"}, "Select a valid choice. resolved is not one of the available choices."),
        ({"severity": ""}, 'id="id_severity_error"'),
        ({"promise": "at"}, "Enter the time of the next update, or promise none."),
        ({"promise": "at", "next_update_at": "soon"}, 'id="id_next_update_at_error"'),
        ({"promise": "at", "next_update_at": "2020-09-04T14:00"}, "must be promised for later than this one"),
        ({"happened_at": "2020-02-30T10:00"}, 'id="id_happened_at_error"'),
        ({"happened_at": "2001-01-01T00:00"}, "cannot lie before the incident&#x27;s start"),
        ({"happened_at": "2999-01-01T00:00"}, "cannot have happened in the future"),
        ({"concerned": "x" * 501}, 'id="id_concerned_error"'),
        ({"hold": "never"}, "never is not one of the available choices"),
        ({"request_key": ""}, "request_key"),
    ],
)
def test_a_wrong_update_names_its_field_and_keeps_the_text(
    desk: Desk, wrong: dict[str, Any], expected: str
) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    response = desk.client.post(address(incident), composed(service, workaround="Keep me.", **wrong))
    html = response.content.decode()
    assert response.status_code == 422
    assert expected in html
    assert "Keep me." in html
    assert not Update.objects.exists()


def test_an_update_needs_an_affected_service(desk: Desk) -> None:
    incident = make.incident(desk.page)
    response = desk.client.post(address(incident), composed())
    assert "Choose at least one affected service and its status." in response.content.decode()
    assert not Update.objects.exists()


def test_a_status_that_is_no_outage_is_refused_at_its_service(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    sent = composed(service, **{f"service_{service.pk}": "maintenance"})
    response = desk.client.post(address(incident), sent)
    assert f'id="id_service_{service.pk}_error"' in response.content.decode()
    assert not Update.objects.exists()


def test_resolving_tells_when_it_was_really_over_and_promises_nothing(desk: Desk) -> None:
    incident = make.incident(desk.page, started_at=make.jst("2020-09-01 09:00"))
    told(desk, incident)
    sent = composed(stage="resolved", recovered_at="2020-09-06T13:30", promise="severity")
    desk.client.post(address(incident), sent)
    incident.refresh_from_db()
    assert incident.stage == "resolved"
    assert incident.next_update_at is None
    assert [impact.until_at for impact in incident.impacts.all()] == [make.jst("2020-09-06 13:30")]


def test_a_recovery_before_the_onset_is_refused_at_its_field(desk: Desk) -> None:
    incident = make.incident(desk.page)
    told(desk, incident)
    response = desk.client.post(
        address(incident), composed(stage="resolved", recovered_at="2001-01-01T00:00")
    )
    html = response.content.decode()
    assert "the recovery must lie between the start and this update" in html
    assert 'id="id_recovered_at_error"' in html


def test_promising_nothing_is_possible(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident), composed(service, promise="none"))
    assert Update.objects.get().next_update_at is None


def test_mails_wait_in_the_hold_and_can_be_taken_back(desk: Desk) -> None:
    make.subscriber(desk.page)
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident), composed(service))
    assert "Cancel the mails" in desk.client.get(address(incident, "")).content.decode()
    response = desk.client.post(address(incident, "updates/1/cancel/"), follow=True)
    assert "1 mail was taken back." in response.content.decode()
    assert Delivery.objects.get().state == DeliveryState.CANCELLED
    again = desk.client.post(address(incident, "updates/1/cancel/"), follow=True)
    assert "No mail was waiting any more." in again.content.decode()


def test_mails_can_leave_at_once(desk: Desk) -> None:
    make.subscriber(desk.page)
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident), composed(service, hold="now"))
    assert "Cancel the mails" not in desk.client.get(address(incident, "")).content.decode()


def test_nobody_is_mailed_when_staff_say_so(desk: Desk) -> None:
    make.subscriber(desk.page)
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident), {k: v for k, v in composed(service).items() if k != "notify"})
    assert Update.objects.count() == 1
    assert not Delivery.objects.exists()
    assert "Nobody was mailed." in desk.client.get(address(incident, "")).content.decode()


def test_the_progress_of_the_mails_is_counted_and_polled_only_while_some_wait(desk: Desk) -> None:
    for _ in range(3):
        make.subscriber(desk.page)
    incident = make.incident(desk.page)
    make.update(incident, notify=True)
    first = Delivery.objects.order_by("pk").first()
    assert first
    Delivery.objects.filter(pk=first.pk).update(state="sent", sent_at=times.now())
    mails = address(incident, "updates/1/mails/")
    waiting = desk.client.get(mails).content.decode()
    assert "1 of 3 sent" in waiting
    assert "2 waiting" in waiting
    assert "hx-trigger" in waiting
    Delivery.objects.exclude(pk=first.pk).update(state="failed")
    over = desk.client.get(mails).content.decode()
    assert "2 failed" in over
    assert "hx-trigger" not in over


def test_the_audience_follows_the_services_that_are_chosen(desk: Desk) -> None:
    search, mail = make.service(desk.page), make.service(desk.page)
    make.subscriber(desk.page, None, search)
    make.subscriber(desk.page, None, mail)
    incident = make.incident(desk.page, {search: "degraded"})

    def count(**chosen: str) -> str:
        return desk.client.post(address(incident, "audience/"), chosen).content.decode()

    assert '<strong id="audience-count">0</strong>' in count()
    assert '<strong id="audience-count">1</strong>' in count(**{f"service_{mail.pk}": "degraded"})
    both = {f"service_{search.pk}": "degraded", f"service_{mail.pk}": "degraded"}
    assert '<strong id="audience-count">2</strong>' in count(**both)


def test_the_preview_is_what_readers_will_see_and_nothing_worse(desk: Desk) -> None:
    html = desk.client.post("/console/preview/", {"body": "**bold** <script>x</script>"}).content.decode()
    assert "<strong>bold</strong>" in html
    assert "<script>" not in html


def test_the_preview_of_a_text_that_is_too_long_says_so(desk: Desk) -> None:
    html = desk.client.post("/console/preview/", {"body": "x" * 20_001}).content.decode()
    assert "expected at most 20,000 bytes of text" in html


def test_without_script_the_preview_is_a_button_that_saves_nothing(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    response = desk.client.post(address(incident), composed(service, body="**bold**", preview="1"))
    assert "<strong>bold</strong>" in response.content.decode()
    assert not Update.objects.exists()


def test_a_correction_shows_its_mark_and_the_earlier_text(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    update = make.update(incident, body="Searches are lat.")
    before = update.happened_at
    sent = composed(service, stage="investigating", body="Searches are late.", promise="none", version="0")
    sent["happened_at"] = typed(before)
    desk.client.post(address(incident, "updates/1/"), sent)
    html = desk.client.get(address(incident, "")).content.decode()
    assert "tag-corrected" in html
    assert "Searches are late." in html
    assert "Searches are lat." in html
    update.refresh_from_db()
    assert update.happened_at == before


def test_a_wrong_correction_names_its_field_and_changes_nothing(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    make.update(incident, body="Searches are late.")
    sent = composed(service, body="New words.", happened_at="2999-01-01T00:00", promise="none", version="0")
    response = desk.client.post(address(incident, "updates/1/"), sent)
    html = response.content.decode()
    assert response.status_code == 422
    assert "cannot have happened in the future" in html
    assert "New words." in html
    assert Update.objects.get().body == "Searches are late."


def test_the_first_update_cannot_be_corrected_into_an_end(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    make.update(incident)
    response = desk.client.post(
        address(incident, "updates/1/"), composed(service, stage="resolved", promise="none", version="0")
    )
    assert response.status_code == 422
    assert 'id="id_stage_error"' in response.content.decode()
    assert Update.objects.get().stage == "investigating"


def test_an_update_that_is_not_there_is_not_found(desk: Desk) -> None:
    incident = make.incident(desk.page)
    assert desk.client.get(address(incident, "updates/7/")).status_code == 404


def test_the_next_composer_begins_where_the_last_update_ended(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    make.update(incident, stage="identified", concerned="Users of SAML", severity="critical")
    form = desk.client.get(address(incident, "")).context["composer"]
    assert form["stage"].value() == "identified"
    assert form["severity"].value() == "critical"
    assert form["concerned"].value() == "Users of SAML"
    assert form[f"service_{service.pk}"].value() == "degraded"
    assert form["body"].value() in (None, "")
    assert form.initial["next_update_at"] - times.now() < timedelta(minutes=16)


def test_the_page_can_find_again_the_key_of_what_was_sent(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident), composed(service))
    assert 'data-request-key="key-1"' in desk.client.get(address(incident, "")).content.decode()


def test_a_closed_draft_has_no_composer(desk: Desk) -> None:
    service = make.service(desk.page)
    incident = make.incident(desk.page, {service: "degraded"})
    desk.client.post(address(incident, "dismiss/"), {"reason": "A test."})
    assert 'id="composer"' not in desk.client.get(address(incident, "")).content.decode()
    response = desk.client.post(address(incident), composed(service))
    assert "was closed without publication" in response.content.decode()


def test_the_earlier_text_of_an_edit_made_elsewhere_is_shown_too(desk: Desk) -> None:
    incident = make.incident(desk.page)
    update = make.update(incident, body="First words.")
    edit_update(update, Draft(stage="investigating", body="Second words."), actor=desk.staff)
    html = desk.client.get(address(incident, "")).content.decode()
    assert html.index("Second words.") < html.index("First words.")
