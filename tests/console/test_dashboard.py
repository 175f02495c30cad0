import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions.location import note_seen, suspect_canary, suspect_network
from incidents.actions.measure import add_measure, finish_measure
from incidents.actions.monitor import park_monitor
from incidents.actions.report import draft_report
from incidents.actions.service import set_status
from incidents.actions.update import publish_draft
from incidents.lib import times
from incidents.models import Delivery, Incident, IncidentState, LogEntry, MailEvent, Measure, Throttle, Update
from tests import make
from tests.console.conftest import Desk
from tests.make_returned import bounce, told


def html_of(desk: Desk, address: str = "/console/") -> str:
    response = desk.client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_shows_what_is_red_with_its_status_and_since(desk: Desk) -> None:
    service = make.service(desk.page, name="Search")
    with times.at(make.jst("2020-09-04 12:46")):
        set_status(service, "major_outage")
    html = html_of(desk)
    assert "Search" in html
    assert "Major outage" in html
    assert "2020-09-04 12:46 JST" in html


def test_says_that_all_is_well_when_it_is(desk: Desk) -> None:
    make.service(desk.page)
    make.service(desk.page)
    assert "All 2 services are operational." in html_of(desk)


def test_the_publish_button_tells_how_many_people_will_be_told(desk: Desk) -> None:
    search, mail = make.service(desk.page), make.service(desk.page)
    make.subscriber(desk.page)
    make.subscriber(desk.page, None, search)
    make.subscriber(desk.page, None, mail)
    make.incident(desk.page, {search: "degraded"})
    assert "notifies 2 people" in html_of(desk)


def test_one_click_publishes_a_draft_and_tells_the_subscribers(desk: Desk) -> None:
    make.subscriber(desk.page)
    incident = make.incident(desk.page)
    response = desk.client.post(f"/console/incidents/{incident.reference}/publish/", follow=True)
    assert "Published. 1 person is notified." in response.content.decode()
    update = Update.objects.get()
    assert update.created_by == desk.staff
    assert Delivery.objects.get().notice.update == update


def test_the_second_click_publishes_nothing_more_and_is_no_fault(desk: Desk) -> None:
    incident = make.incident(desk.page)
    for _ in range(2):
        response = desk.client.post(f"/console/incidents/{incident.reference}/publish/", follow=True)
    assert "is not a draft any more" not in response.content.decode()
    assert Update.objects.count() == 1


@pytest.mark.parametrize("published", ["by another", "a while ago"])
def test_who_publishes_what_is_public_already_is_told(desk: Desk, published: str) -> None:
    with times.at(times.now() - timedelta(minutes=1)):
        incident = make.incident(desk.page)
    actor = desk.staff if published == "a while ago" else make.staff("other@example.com")
    then = times.now() - timedelta(seconds=11) if published == "a while ago" else times.now()
    with times.at(then):
        publish_draft(Incident.objects.get(pk=incident.pk), actor=actor)
    response = desk.client.post(f"/console/incidents/{incident.reference}/publish/", follow=True)
    assert "is not a draft any more" in response.content.decode()
    assert Update.objects.count() == 1


def test_publishing_is_a_post(desk: Desk) -> None:
    incident = make.incident(desk.page)
    assert desk.client.get(f"/console/incidents/{incident.reference}/publish/").status_code == 405
    assert not Update.objects.exists()


def test_a_draft_is_dismissed_with_a_reason_that_stays_in_the_log(desk: Desk) -> None:
    incident = make.incident(desk.page)
    address = f"/console/incidents/{incident.reference}/dismiss/"
    assert desk.client.get(address).status_code == 200
    desk.client.post(address, {"reason": "A test of the mail server."})
    incident.refresh_from_db()
    assert incident.state == IncidentState.DISMISSED
    assert LogEntry.objects.get().text == "A test of the mail server."


def test_dismissing_without_a_reason_names_the_field_and_changes_nothing(desk: Desk) -> None:
    incident = make.incident(desk.page)
    response = desk.client.post(f"/console/incidents/{incident.reference}/dismiss/", {"reason": " "})
    assert response.status_code == 422
    assert 'id="id_reason_error"' in response.content.decode()
    incident.refresh_from_db()
    assert incident.state == IncidentState.DRAFT


def test_the_promise_that_is_longest_overdue_stands_first(desk: Desk) -> None:
    now = times.now()
    for title, minutes in (("later", 20), ("overdue", -30), ("soon", 5)):
        incident = make.incident(desk.page, title=title)
        make.update(incident)
        Incident.objects.filter(pk=incident.pk).update(next_update_at=now + timedelta(minutes=minutes))
    html = html_of(desk)
    assert html.index("overdue</a>") < html.index("soon</a>") < html.index("later</a>")
    assert "overdue by 30 minutes" in html


def test_mails_that_were_lost_are_named(desk: Desk) -> None:
    make.subscriber(desk.page)
    make.update(make.incident(desk.page), notify=True)
    Delivery.objects.update(state="failed")
    assert "1 mail did not reach its reader." in html_of(desk)


def test_old_mails_wait_for_a_decision_and_both_buttons_work(desk: Desk) -> None:
    make.subscriber(desk.page)
    incident = make.incident(desk.page)
    make.update(incident, notify=True)
    assert "held-send" not in html_of(desk)
    Delivery.objects.update(state="held")
    html = html_of(desk)
    assert "1 old mail is waiting for your decision" in html
    assert incident.reference in html
    desk.client.post("/console/mail/held/send/")
    assert Delivery.objects.get().state == "queued"
    Delivery.objects.update(state="held")
    answer = desk.client.post("/console/mail/held/expire/", follow=True).content.decode()
    assert "1 old mail will not be sent." in answer
    assert Delivery.objects.get().state == "expired"


def test_old_mails_are_decided_on_by_a_post(desk: Desk) -> None:
    for verb in ("send", "expire"):
        assert desk.client.get(f"/console/mail/held/{verb}/").status_code == 405


def test_a_mail_server_that_takes_nothing_is_shown_with_its_words(desk: Desk) -> None:
    later = timezone.now() + timedelta(minutes=5)
    Throttle.objects.create(
        key="smtp:25", is_lane=False, pause_seconds=300, paused_until=later, last_reply="535 <no>"
    )
    html = html_of(desk)
    assert "The mail server takes no mail at the moment (535 &lt;no&gt;)." in html
    Throttle.objects.update(paused_until=timezone.now())
    assert "takes no mail" not in html_of(desk)


def test_mails_refused_for_how_we_send_are_shown_with_the_words_of_the_last(desk: Desk) -> None:
    make.subscriber(desk.page)
    for words in ("550 5.7.26 <unsigned>", "550 5.7.1 listed"):
        bounce(told(desk.page)[0], "soft", code=words.split()[1], words=words)
    html = html_of(desk)
    assert "In the last day 2 mails were refused for how we send" in html
    assert "(550 5.7.1 listed)" in html
    MailEvent.objects.update(at=timezone.now() - timedelta(days=2))
    assert "for how we send" not in html_of(desk)


def test_says_that_mail_is_not_set_up(desk: Desk) -> None:
    assert "Mail is not set up" in html_of(desk)


def test_the_board_answers_nothing_while_it_has_not_changed(desk: Desk) -> None:
    with times.at(make.jst("2020-09-04 12:46")):
        seen = re.search(r"\?seen=(\w+)", html_of(desk))
        assert seen
        address = f"/console/board/?seen={seen[1]}"
        assert desk.client.get(address).status_code == 204
        make.incident(desk.page, title="A new draft")
        response = desk.client.get(address)
    assert response.status_code == 200
    assert "A new draft" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_what_a_reader_can_focus_has_a_name_that_survives_the_polling(desk: Desk) -> None:
    make.incident(desk.page)
    make.update(make.incident(desk.page))
    board = desk.client.get("/console/board/").content.decode()
    focusable = re.findall(r"<(?:a|button|summary)\b[^>]*>", board)
    assert focusable
    assert not [tag for tag in focusable if " id=" not in tag]


def test_the_number_of_queries_does_not_grow_with_what_is_shown(desk: Desk) -> None:
    def fill() -> None:
        make.subscriber(desk.page)
        make.incident(desk.page)
        make.update(make.incident(desk.page), notify=True)
        over = make.incident(desk.page)
        make.update(over)
        make.update(over, stage="resolved", report_due_on=date(2999, 1, 1))
        make.monitor(make.service(desk.page))
        late = add_measure(
            draft_report(over),
            text="Watch it",
            owner=desk.staff,
            due_on=times.now().date() + timedelta(days=9),
        )
        Measure.objects.filter(pk=late.pk).update(due_on=date(2020, 1, 1))

    fill()
    with CaptureQueriesContext(
        connection,
    ) as one:
        html_of(desk)
    fill()
    fill()
    with CaptureQueriesContext(connection) as three:
        html_of(desk)
    assert len(three) == len(one)
    assert len(one) <= 31


def test_a_location_whose_word_does_not_count_is_told(desk: Desk) -> None:
    make.monitor(make.service(desk.page), kind="tcp", target="1.1.1.1:25")
    assert "The location main has made no checks yet." in html_of(desk)
    note_seen("main", at=timezone.now())
    assert "The location main" not in html_of(desk)
    suspect_network("main", at=timezone.now())
    assert "its own network is suspect" in html_of(desk)
    suspect_canary("main", why="the check that must pass failed", at=timezone.now())
    assert "The checks of the location main cannot be believed" in html_of(desk)


def test_a_monitor_that_was_stopped_is_told_with_its_reason(desk: Desk) -> None:
    monitor = make.monitor(make.service(desk.page), kind="tcp", name="Mail port")
    park_monitor(monitor, reason="its check ended 3 times the process that made it")
    assert "The monitor Mail port was stopped: its check ended 3 times the process" in html_of(desk)


def test_reports_that_are_due_soon_or_overdue_are_told(desk: Desk) -> None:
    with times.at(make.jst("2026-06-01 10:00")):
        incident = make.incident(desk.page)
        make.update(incident)
        make.update(incident, "resolved", report_due_on=date(2026, 6, 15))
        assert "due soon" not in html_of(desk)
    for day, words in (("2026-06-10", "due soon"), ("2026-06-15", "due soon"), ("2026-06-16", "overdue")):
        with times.at(make.jst(f"{day} 10:00")):
            assert f"{words}" in html_of(desk)


def test_measures_that_are_overdue_stand_on_the_board_until_they_are_done(desk: Desk) -> None:
    with times.at(make.jst("2026-06-01 10:00")):
        incident = make.incident(desk.page)
        make.update(incident)
        measure = add_measure(
            draft_report(incident), text="Watch the disk", owner=desk.staff, due_on=date(2026, 6, 5)
        )
        assert "Watch the disk" not in html_of(desk)
    with times.at(make.jst("2026-06-06 10:00")):
        assert "Watch the disk" in html_of(desk)
        finish_measure(measure)
        assert "Watch the disk" not in html_of(desk)
