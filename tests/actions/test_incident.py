"""What may happen to an incident, and what each step leaves on the record."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from incidents.actions import incident as actions
from incidents.actions import update as update_actions
from incidents.actions.update import Draft
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Delivery, Impact, Incident, LogEntry, Notice, Update, UpdateRevision
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")


def open_at_noon(**values: Any) -> Incident:
    with times.at(NOON):
        page = make.page()
        service = make.service(page, name="Email Archive", code="HEA")
        return make.incident(page, {service: "degraded"}, started_at=jst("2020-09-01 09:00"), **values)


def test_an_incident_has_its_reference_from_its_opening_by_the_day_of_the_page_s_zone() -> None:
    with times.at(jst("2020-09-04 00:30")):
        page = make.page()
        assert [make.incident(page).reference, make.incident(page).reference] == [
            "INC-20200904-01",
            "INC-20200904-02",
        ]


def test_the_hundredth_incident_of_a_day_is_refused_in_words() -> None:
    with times.at(NOON):
        page = make.page()
        last = make.incident(page)
        Incident.objects.filter(pk=last.pk).update(reference="INC-20200904-99")
        with pytest.raises(Refused, match="at most 99 incident numbers"):
            make.incident(page)


def test_one_click_publishes_the_draft_in_the_page_s_fixed_words() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        update = update_actions.publish_draft(incident)
    incident.refresh_from_db()
    assert (incident.state, incident.stage, incident.published_at) == ("public", "investigating", NOON)
    assert "Email Archive" in update.body
    assert update.next_update_at == NOON + timedelta(minutes=60)
    assert LogEntry.objects.get(update=update).kind == "public_update"
    assert [(i.status, i.from_at, i.until_at) for i in incident.impacts.all()] == [
        ("degraded", jst("2020-09-01 09:00"), None)
    ]


def test_a_draft_is_published_once_however_often_it_is_clicked() -> None:
    incident = open_at_noon()
    update_actions.publish_draft(incident)
    with pytest.raises(Refused, match="not a draft any more"):
        update_actions.publish_draft(incident)
    assert incident.updates.count() == 1


def test_a_request_sent_twice_is_one_update() -> None:
    incident = open_at_noon()
    first = make.update(incident, request_key="a1")
    second = make.update(incident, request_key="a1")
    assert (first.pk, incident.updates.count()) == (second.pk, 1)


def test_each_subscriber_concerned_gets_one_delivery_in_the_same_transaction() -> None:
    incident = open_at_noon()
    page = incident.page
    named = incident.impacts.get().service
    make.subscriber(page)
    make.subscriber(page, None, named)
    make.subscriber(page, None, make.service(page))
    update = make.update(incident, notify=True)
    assert Notice.objects.get(update=update).audience == 2
    assert Delivery.objects.filter(notice__update=update).count() == 2


def test_a_failed_publication_leaves_nothing_behind() -> None:
    incident = open_at_noon()
    make.subscriber(incident.page)
    with pytest.raises(RuntimeError), transaction.atomic():
        make.update(incident, notify=True)
        raise RuntimeError
    assert (
        Update.objects.count(),
        Delivery.objects.count(),
        AuditEntry.objects.filter(action="publish_update").count(),
    ) == (0, 0, 0)


def test_what_an_update_does_not_say_stays_as_the_one_before_told_it() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        make.update(
            incident,
            severity="major",
            concerned="G Suite をご利用のお客様",
            workaround="再送をお願いします。",
        )
    with times.at(NOON + timedelta(hours=2)):
        second = make.update(incident, "identified")
    assert (second.severity, second.concerned, second.workaround) == (
        "major",
        "G Suite をご利用のお客様",
        "再送をお願いします。",
    )
    assert [row.status for row in second.scope.all()] == ["degraded"]
    assert second.next_update_at == NOON + timedelta(hours=2, minutes=30)


def test_a_first_update_that_names_no_service_tells_what_the_draft_proposes() -> None:
    incident = open_at_noon()
    update_actions.publish_update(incident, Draft(stage="investigating", body="調査中です。"), notify=False)
    assert [(i.service.name, i.status) for i in incident.impacts.all()] == [("Email Archive", "degraded")]


def test_staff_may_promise_nothing() -> None:
    assert make.update(open_at_noon(), promise_nothing=True).next_update_at is None


def test_resolving_ends_the_impacts_when_it_was_really_over() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        make.update(incident)
    with times.at(jst("2020-09-08 10:55")):
        make.update(incident, "resolved", recovered_at=jst("2020-09-08 08:00"))
    incident.refresh_from_db()
    assert incident.resolved_at == jst("2020-09-08 10:55")
    assert incident.next_update_at is None
    assert Impact.objects.get(incident=incident).until_at == jst("2020-09-08 08:00")


def test_a_correction_keeps_the_earlier_text_and_folds_again() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        update = make.update(incident, severity="minor")
    with times.at(NOON + timedelta(minutes=5)):
        update_actions.edit_update(
            update, Draft(stage="identified", body="訂正後の本文", severity="critical")
        )
    incident.refresh_from_db()
    update.refresh_from_db()
    assert (incident.stage, incident.severity) == ("identified", "critical")
    assert update.edited_at == NOON + timedelta(minutes=5)
    assert UpdateRevision.objects.get(update=update).body == "調査しております。"
    assert Delivery.objects.count() == 0


def test_a_back_dated_update_moves_its_line_of_the_log() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        update = make.update(incident)
        update_actions.edit_update(
            update, Draft(stage="investigating", body="本文", happened_at=jst("2020-09-04 12:30"))
        )
    assert LogEntry.objects.get(update=update).happened_at == jst("2020-09-04 12:30")


def test_a_later_onset_moves_the_impacts_with_it() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        make.update(incident)
        actions.correct_incident(incident, started_at=jst("2020-09-01 10:00"))
    assert Impact.objects.get(incident=incident).from_at == jst("2020-09-01 10:00")


def test_an_onset_after_the_first_update_or_the_recovery_is_refused() -> None:
    incident = open_at_noon()
    with times.at(NOON):
        make.update(incident)
    with times.at(NOON + timedelta(hours=3)):
        make.update(incident, "resolved", recovered_at=NOON - timedelta(hours=1))
        for onset in (NOON + timedelta(hours=1), NOON - timedelta(minutes=30)):
            with pytest.raises(Refused) as refused:
                actions.correct_incident(incident, started_at=onset)
            assert refused.value.field == "started_at"


def test_a_dismissed_draft_stays_on_the_record() -> None:
    incident = open_at_noon()
    actions.dismiss_draft(incident, reason="誤検知のため")
    incident.refresh_from_db()
    assert incident.state == "dismissed"
    assert incident.log.get().text == "誤検知のため"
    with pytest.raises(Refused, match="closed without publication"):
        make.update(incident)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": "   "}, "body"),
        ({"body": "[" * 500}, "body"),
        ({"happened_at": jst("2020-09-05 00:00")}, "happened_at"),
        ({"happened_at": jst("2020-08-31 00:00")}, "happened_at"),
        ({"next_update_at": jst("2020-09-04 12:00")}, "next_update_at"),
        ({"stage": "resolved"}, "stage"),
    ],
)
def test_an_update_that_cannot_be_so_is_refused_by_its_field_and_nothing_is_saved(
    values: dict[str, Any], field: str
) -> None:
    incident = open_at_noon()
    with times.at(NOON), pytest.raises(Refused) as refused:
        make.update(incident, **values)
    assert refused.value.field == field
    assert (Update.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("status", ["unknown", "maintenance", "on fire"])
def test_an_incident_cannot_put_a_service_in_a_state_that_is_no_outage(status: str) -> None:
    page = make.page()
    with pytest.raises(Refused, match="expected one of"):
        make.incident(page, {make.service(page): status})


def test_a_service_of_another_page_is_refused() -> None:
    page, other = make.page(), make.page()
    with pytest.raises(Refused, match="not a service of this page"):
        make.incident(page, {make.service(other): "degraded"})


@pytest.mark.parametrize("title", ["", "  ", "x" * 151, "two\nlines"])
def test_a_title_is_one_line(title: str) -> None:
    page = make.page()
    with pytest.raises(Refused) as refused:
        make.incident(page, title=title)
    assert refused.value.field == "title"


def test_the_database_itself_refuses_an_end_before_the_start() -> None:
    incident = open_at_noon()
    make.update(incident)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(stage="resolved", resolved_at=jst("2020-08-01 00:00"))


def test_every_action_leaves_an_audit_entry_with_its_actor() -> None:
    incident = open_at_noon()
    staff = make.staff()
    update_actions.publish_draft(incident, actor=staff)
    entry = AuditEntry.objects.get(action="publish_update")
    assert (entry.actor, entry.actor_name) == (staff, "staff@example.com")
    incident.page.refresh_from_db()
    assert incident.page.revision > 0


def test_a_corrected_title_leaves_the_stem_of_the_mails_as_it_was() -> None:
    incident = open_at_noon()
    make.update(incident)
    actions.correct_incident(incident, title="訂正後の題名")
    incident.refresh_from_db()
    assert (incident.title, incident.first_title) == ("訂正後の題名", "メール検索結果の反映遅延")


def test_a_correction_that_names_no_next_update_keeps_the_promise_that_was_made() -> None:
    incident = open_at_noon()
    promised = NOON + timedelta(hours=3)
    with times.at(NOON):
        update = make.update(incident, next_update_at=promised)
    with times.at(NOON + timedelta(minutes=5)):
        corrected = update_actions.edit_update(update, Draft(stage="investigating", body="訂正後の本文"))
        assert corrected.next_update_at == promised
        taken_back = update_actions.edit_update(
            update, Draft(stage="investigating", body="訂正後の本文", promise_nothing=True)
        )
    assert taken_back.next_update_at is None
