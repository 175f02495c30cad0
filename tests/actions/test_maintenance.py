"""What may happen to a planned maintenance, from which state, and what each step leaves on the record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from incidents.actions import maintenance as actions
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Delivery, Maintenance, MaintenanceUpdate, Page
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
ANNOUNCED = jst("2020-09-01 12:00")
FROM, UNTIL = jst("2020-09-05 02:00"), jst("2020-09-05 04:00")
DURING = jst("2020-09-05 03:00")

STEPS: dict[str, Callable[[Maintenance], object]] = {
    "tell": lambda m: actions.tell_of_maintenance(m, Telling("進捗をお知らせいたします。")),
    "start": actions.start_maintenance,
    "verify": actions.verify_maintenance,
    "finish": actions.finish_maintenance,
    "extend": lambda m: actions.extend_maintenance(m, until=UNTIL + timedelta(hours=1)),
    "reschedule": lambda m: actions.reschedule_maintenance(
        m, scheduled_from=FROM + timedelta(days=1), scheduled_until=UNTIL + timedelta(days=1)
    ),
    "cancel": actions.cancel_maintenance,
}
ALLOWED = {
    "scheduled": {
        "tell": "scheduled",
        "start": "in_progress",
        "reschedule": "scheduled",
        "cancel": "cancelled",
    },
    "in_progress": {
        "tell": "in_progress",
        "verify": "verifying",
        "finish": "completed",
        "extend": "in_progress",
        "cancel": "cancelled",
    },
    "verifying": {
        "tell": "verifying",
        "finish": "completed",
        "extend": "verifying",
        "cancel": "cancelled",
    },
    "completed": {},
    "cancelled": {},
}
WAY_TO = {
    "scheduled": [],
    "in_progress": ["start"],
    "verifying": ["start", "verify"],
    "completed": ["start", "finish"],
    "cancelled": ["cancel"],
}
DEFAULT_NOTICE = {"tell": 0, "start": 0, "verify": 0, "finish": 1, "extend": 1, "reschedule": 1, "cancel": 1}


def announced(page: Page | None = None, **values: Any) -> Maintenance:
    with times.at(ANNOUNCED):
        return make.maintenance(
            page or make.page(), **{"scheduled_from": FROM, "scheduled_until": UNTIL, **values}
        )


def brought_to(state: str, page: Page | None = None) -> Maintenance:
    maintenance = announced(page)
    with times.at(DURING):
        for step in WAY_TO[state]:
            STEPS[step](maintenance)
    return fresh(maintenance)


def fresh(maintenance: Maintenance) -> Maintenance:
    return Maintenance.objects.get(pk=maintenance.pk)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ALLOWED)
def test_a_step_leads_from_where_it_is_allowed_to_its_state_and_is_refused_elsewhere(
    state: str, step: str
) -> None:
    maintenance = brought_to(state)
    told = maintenance.updates.count()
    with times.at(DURING):
        if step in ALLOWED[state]:
            STEPS[step](maintenance)
        else:
            with pytest.raises(Refused):
                STEPS[step](maintenance)
    assert fresh(maintenance).state == ALLOWED[state].get(step, state)
    assert maintenance.updates.count() == told + (step in ALLOWED[state])


@pytest.mark.parametrize(
    ("state", "step", "sentence"),
    [
        ("scheduled", "finish", "this maintenance has not started yet"),
        ("in_progress", "start", "this maintenance has started already"),
        ("verifying", "verify", "this maintenance is being verified already"),
        ("completed", "extend", "this maintenance is over"),
        ("cancelled", "start", "this maintenance was cancelled"),
    ],
)
def test_a_refused_step_says_why(state: str, step: str, sentence: str) -> None:
    maintenance = brought_to(state)
    with times.at(DURING), pytest.raises(Refused, match=sentence):
        STEPS[step](maintenance)


@pytest.mark.parametrize("step", DEFAULT_NOTICE)
def test_mails_go_out_by_the_default_of_the_step_unless_staff_say_otherwise(step: str) -> None:
    page = make.page()
    make.subscriber(page)
    state = next(state for state in ALLOWED if step in ALLOWED[state])
    maintenance = brought_to(state, page)
    before = Delivery.objects.count()
    with times.at(DURING):
        STEPS[step](maintenance)
    assert Delivery.objects.count() - before == DEFAULT_NOTICE[step]


def test_staff_choose_for_each_step_whether_people_are_mailed() -> None:
    page = make.page()
    make.subscriber(page)
    maintenance = announced(page)
    with times.at(DURING):
        actions.start_maintenance(maintenance, Telling(notify=True))
        assert Delivery.objects.count() == 1
        actions.finish_maintenance(maintenance, Telling(notify=False))
    assert Delivery.objects.count() == 1


def test_a_maintenance_is_public_at_once_with_its_first_words() -> None:
    page = make.page()
    revision = page.revision
    maintenance = announced(page, titles={"en": "Database upgrade"}, bodies={"en": "We **upgrade** it."})
    update = maintenance.updates.get()
    assert (maintenance.state, update.state, update.number) == ("scheduled", "scheduled", 1)
    assert (update.scheduled_from, update.scheduled_until) == (FROM, UNTIL)
    assert maintenance.texts == {"en": {"title": "Database upgrade", "first_title": "Database upgrade"}}
    assert update.texts["en"]["body_html"] == "<p>We <strong>upgrade</strong> it.</p>"
    page.refresh_from_db()
    assert page.revision > revision
    assert len(maintenance.public_id) == 12


def test_what_really_happened_is_told_with_its_own_instants() -> None:
    maintenance = announced()
    with times.at(DURING):
        actions.start_maintenance(maintenance, Telling(happened_at=jst("2020-09-05 02:10")))
    with times.at(UNTIL):
        actions.finish_maintenance(maintenance, Telling(happened_at=jst("2020-09-05 03:50")))
    maintenance = fresh(maintenance)
    assert (maintenance.started_at, maintenance.ended_at) == (
        jst("2020-09-05 02:10"),
        jst("2020-09-05 03:50"),
    )
    assert maintenance.updates.latest("number").published_at == UNTIL


def test_one_cancelled_before_it_began_has_no_start_and_one_that_ran_has_an_end() -> None:
    never, broken_off = announced(), announced()
    with times.at(DURING):
        actions.start_maintenance(broken_off)
        actions.cancel_maintenance(never)
    with times.at(UNTIL):
        actions.cancel_maintenance(broken_off)
    never, broken_off = fresh(never), fresh(broken_off)
    assert (never.started_at, never.ended_at, never.cancelled_at) == (None, None, DURING)
    assert (broken_off.started_at, broken_off.ended_at, broken_off.cancelled_at) == (DURING, UNTIL, UNTIL)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("start", {"ja": "メンテナンスを開始いたしました。", "en": "The maintenance has started."}),
        (
            "cancel",
            {"ja": "このメンテナンスは中止いたしました。", "en": "This maintenance has been cancelled."},
        ),
    ],
)
def test_a_step_without_a_text_is_told_in_fixed_words_in_each_language(
    step: str, words: dict[str, str]
) -> None:
    maintenance = announced()
    with times.at(DURING):
        STEPS[step](maintenance)
    update = maintenance.updates.latest("number")
    assert {"ja": update.body, "en": update.texts["en"]["body"]} == words


def test_a_text_of_staff_is_told_alone_where_it_has_no_other_language() -> None:
    maintenance = announced()
    with times.at(DURING):
        update = actions.start_maintenance(maintenance, Telling("予定どおり開始しました。"))
    assert (update.body, update.texts) == ("予定どおり開始しました。", {})


def test_a_request_sent_twice_is_one_maintenance_and_one_step() -> None:
    page = make.page()
    with times.at(ANNOUNCED):
        plan = make.plan({make.service(page): "maintenance"})
        twins = [actions.schedule_maintenance(page, plan, request_key="a1", notify=False) for _ in range(2)]
        assert twins[0] == twins[1]
    with times.at(DURING):
        steps = [actions.start_maintenance(twins[0], Telling(request_key="b1")) for _ in range(2)]
    assert steps[0] == steps[1]
    assert (Maintenance.objects.count(), MaintenanceUpdate.objects.count()) == (1, 2)


def test_without_a_key_every_announcement_is_its_own() -> None:
    page = make.page()
    make.maintenance(page)
    make.maintenance(page)
    assert Maintenance.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"titles": {"en": "x" * 151}}, "title_en"),
        ({"titles": {"fr": "Mise à jour"}}, "texts"),
        ({"body": "  "}, "body"),
        ({"body": "[" * 401}, "body"),
        ({"bodies": {"en": "[" * 401}}, "body_en"),
        ({"bodies": {"fr": "Mise à jour"}}, "texts"),
        ({"scheduled_until": FROM}, "scheduled_until"),
        ({"scheduled_from": ANNOUNCED - timedelta(minutes=1)}, "scheduled_from"),
        ({"services": {}}, "services"),
    ],
)
def test_a_plan_that_cannot_be_so_is_refused_by_its_field_and_nothing_is_saved(
    values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        announced(**values)
    assert refused.value.field == field
    assert Maintenance.objects.count() == 0


@pytest.mark.parametrize("status", ["operational", "unknown", "on fire"])
def test_a_maintenance_is_felt_by_its_services(status: str) -> None:
    page = make.page()
    with pytest.raises(Refused, match="expected one of"):
        make.maintenance(page, {make.service(page): status})


def test_a_service_of_another_page_is_refused() -> None:
    with pytest.raises(Refused, match="not a service of this page"):
        make.maintenance(make.page(), {make.service(make.page()): "maintenance"})


def test_one_may_begin_in_the_minute_that_runs() -> None:
    with times.at(ANNOUNCED + timedelta(seconds=40)):
        assert make.maintenance(make.page(), scheduled_from=ANNOUNCED).scheduled_from == ANNOUNCED


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        (UNTIL, "the new end must lie after the present one"),
        (UNTIL - timedelta(minutes=1), "the new end must lie after the present one"),
    ],
)
def test_an_extension_moves_the_end_to_a_later_time(until: datetime, sentence: str) -> None:
    maintenance = brought_to("in_progress")
    with times.at(DURING), pytest.raises(Refused, match=sentence) as refused:
        actions.extend_maintenance(maintenance, until=until)
    assert refused.value.field == "scheduled_until"


def test_an_extension_ends_in_the_future() -> None:
    maintenance = brought_to("in_progress")
    with times.at(UNTIL + timedelta(hours=1)), pytest.raises(Refused, match="and in the future"):
        actions.extend_maintenance(maintenance, until=UNTIL + timedelta(minutes=30))


def test_each_update_keeps_the_window_it_told() -> None:
    maintenance = announced()
    with times.at(ANNOUNCED + timedelta(hours=1)):
        STEPS["reschedule"](maintenance)
    first, second = maintenance.updates.all()
    assert (first.scheduled_from, second.scheduled_from) == (FROM, FROM + timedelta(days=1))


def test_the_window_that_was_announced_is_no_change() -> None:
    maintenance = announced()
    with times.at(ANNOUNCED), pytest.raises(Refused, match="announced already") as refused:
        actions.reschedule_maintenance(maintenance, scheduled_from=FROM, scheduled_until=UNTIL)
    assert refused.value.field == "scheduled_from"


@pytest.mark.parametrize(
    ("happened_at", "sentence"),
    [
        (DURING + timedelta(minutes=1), "cannot have happened in the future"),
        (ANNOUNCED - timedelta(minutes=1), "cannot lie before the one before it"),
    ],
)
def test_a_step_happens_between_the_one_before_and_now(happened_at: datetime, sentence: str) -> None:
    maintenance = announced()
    with times.at(DURING), pytest.raises(Refused, match=sentence) as refused:
        actions.start_maintenance(maintenance, Telling(happened_at=happened_at))
    assert refused.value.field == "happened_at"
    assert fresh(maintenance).state == "scheduled"


def test_a_correction_mails_nobody_and_leaves_the_stem_of_the_mails() -> None:
    page = make.page()
    make.subscriber(page)
    other = make.service(page)
    maintenance = announced(page, titles={"en": "Databse upgrade"})
    actions.correct_maintenance(
        maintenance,
        title="データベース更新",
        titles={"en": "Database upgrade"},
        services={other: "degraded"},
        auto_start=False,
        auto_finish=True,
    )
    maintenance = fresh(maintenance)
    assert (maintenance.title, maintenance.first_title) == ("データベース更新", "データベースの更新")
    assert maintenance.texts["en"] == {"title": "Database upgrade", "first_title": "Databse upgrade"}
    assert [(row.service, row.status) for row in maintenance.services.all()] == [(other, "degraded")]
    assert (maintenance.auto_start, maintenance.auto_finish) == (False, True)
    assert (Delivery.objects.count(), maintenance.updates.count()) == (0, 1)


def test_every_step_leaves_an_audit_entry_and_a_new_revision() -> None:
    staff = make.staff()
    maintenance = announced()
    with times.at(DURING):
        actions.start_maintenance(maintenance, actor=staff)
    entry = AuditEntry.objects.get(action="start_maintenance")
    assert (entry.actor, entry.object_id) == (staff, str(maintenance.pk))
    assert (entry.before["state"], entry.after["state"]) == ("scheduled", "in_progress")
    after = fresh(maintenance)
    assert after.revision == maintenance.revision + 1
    assert after.page.revision > maintenance.page.revision


def test_mails_in_the_hold_can_be_taken_back() -> None:
    page = make.page()
    make.subscriber(page)
    maintenance = announced(page, notify=True)
    assert actions.cancel_mails(maintenance.updates.get()) == 1
    assert Delivery.objects.get().state == "cancelled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "in_progress"},
        {"state": "completed", "started_at": DURING},
        {"ended_at": DURING},
        {"state": "cancelled"},
        {"cancelled_at": DURING},
        {"scheduled_until": FROM},
        {"state": "completed", "started_at": UNTIL, "ended_at": FROM},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(wrong: dict[str, Any]) -> None:
    maintenance = announced()
    with pytest.raises(IntegrityError), transaction.atomic():
        Maintenance.objects.filter(pk=maintenance.pk).update(**wrong)
