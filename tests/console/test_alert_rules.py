"""Rules of a source of alerts: edited row by row, and tried on past alerts before they are kept."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.console.alert_rules_form import ConditionRow, RuleRow, RulesForm
from incidents.models import Alert, AlertSource, AuditEntry, Incident, Service
from tests import make, make_alerts
from tests.console.conftest import Desk


@pytest.fixture
def services(desk: Desk) -> tuple[Service, Service]:
    archive = make.service(desk.page, slug="archive", name="Mail archive")
    return archive, make.service(desk.page, slug="relay", name="Mail relay")


@pytest.fixture
def source(desk: Desk, services: tuple[Service, Service]) -> AlertSource:
    return make_alerts.source(desk.page, service=services[0])


def address(source: AlertSource) -> str:
    return f"/console/alert-sources/{source.pk}/rules/"


def typed(*rules: tuple[str, str, str, str, str], **more: str) -> dict[str, str]:
    """Rules of one condition each: label, how, value, service, severity."""
    data = {"rules": str(len(rules)), **more}
    for at, (label, how, value, service, severity) in enumerate(rules):
        data |= {
            f"conditions_{at}": "1",
            f"label_{at}_0": label,
            f"how_{at}_0": how,
            f"value_{at}_0": value,
            f"service_{at}": service,
            f"severity_{at}": severity,
        }
    return data


DB = ("host", "begins", "db", "relay", "critical")
WEB = ("host", "is", "web", "archive", "")


def sent(desk: Desk, source: AlertSource, data: dict[str, str]) -> Any:
    return desk.client.post(address(source), data)


def stored(source: AlertSource) -> list[Any]:
    source.refresh_from_db()
    return list(source.rules)


def trials(html: str) -> list[str]:
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>")[:-1]]


def test_rules_are_kept_in_their_order_and_blank_rows_left_out(desk: Desk, source: AlertSource) -> None:
    answer = sent(desk, source, typed(DB, ("", "is", "", "", ""), WEB, do="save"))
    assert answer.status_code == 302
    assert [rule["service"] for rule in stored(source)] == ["relay", "archive"]
    assert stored(source)[0] == {
        "conditions": [{"label": "host", "how": "begins", "value": "db"}],
        "service": "relay",
        "severity": "critical",
    }
    entry = AuditEntry.objects.get(action="set_alert_rules")
    assert (entry.actor, entry.before, len(entry.after["rules"])) == (desk.staff, {"rules": []}, 2)


def test_what_is_kept_is_shown_again(desk: Desk, source: AlertSource) -> None:
    sent(desk, source, typed(DB, ("title", "matches", "^disk", "-", ""), do="save"))
    html = desk.client.get(address(source)).content.decode()
    assert 'value="^disk"' in html
    assert '<option value="-" selected>' in html


@pytest.mark.parametrize(
    ("do", "order"),
    [("up 2", ["web", "db"]), ("down 1", ["web", "db"]), ("up 1", ["db", "web"]), ("remove 1", ["web"])],
)
def test_rows_are_moved_and_removed_without_being_kept(
    desk: Desk, source: AlertSource, do: str, order: list[str]
) -> None:
    html = sent(desk, source, typed(DB, WEB, do=do)).content.decode()
    assert re.findall(r'name="value_\d_0" value="(\w*)"', html) == order
    assert stored(source) == []


def test_a_rule_and_a_condition_are_added_and_nothing_is_wrong_yet(desk: Desk, source: AlertSource) -> None:
    half = ("host", "is", "", "", "")
    for do, fields in (("add", 2), ("condition 1", 2)):
        answer = sent(desk, source, typed(half, do=do))
        html = answer.content.decode()
        assert (answer.status_code, len(re.findall(r'name="value_\d_\d"', html))) == (200, fields)
        assert "errorlist" not in html


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (("", "is", "db", "relay", ""), "expected the name of a label"),
        (("host", "is", "", "relay", ""), "expected a text of 1 to 200 characters"),
        (("host", "is", "x" * 201, "relay", ""), "expected a text of 1 to 200 characters"),
        (("host", "like", "db", "relay", ""), "expected one of is, begins, matches"),
        (("host", "matches", "(", "relay", ""), "expected a regular expression of RE2"),
        (("host", "matches", r"(a)\1", "relay", ""), "expected a regular expression of RE2"),
        (("host", "is", "db", "", ""), "Choose where these alerts go."),
        (("host", "is", "db", "nowhere", ""), "There is no service nowhere."),
        (("", "is", "", "relay", ""), "Name at least one condition."),
        (("host", "is", "db", "relay", "awful"), "expected minor, major, critical or nothing"),
    ],
)
def test_what_is_wrong_stands_at_its_rule_and_nothing_is_kept(
    desk: Desk, source: AlertSource, rule: tuple[str, str, str, str, str], said: str
) -> None:
    answer = sent(desk, source, typed(WEB, rule, do="save"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert said in html[html.index('id="rule-2"') :]
    assert "errorlist" not in html[html.index('id="rule-1"') : html.index('id="rule-2"')]
    assert stored(source) == []


def test_past_alerts_show_where_they_went_beside_where_they_would_go(desk: Desk, source: AlertSource) -> None:
    make_alerts.hear(source, make_alerts.fires("disk", labels={"host": "db1"}))
    make_alerts.hear(source, make_alerts.fires("load", severity="minor", labels={"host": "app"}))
    answer = sent(desk, source, typed(DB, ("host", "is", "app", "-", ""), do="try"))
    newest, oldest = trials(answer.content.decode())
    assert newest.endswith("Mail archive Minor ignored Rule 2")
    assert oldest.endswith("Mail archive Major Mail relay Critical Rule 1")
    assert stored(source) == []
    assert {alert.service.slug for alert in Alert.objects.all()} == {"archive"}


def test_an_alert_that_went_nowhere_is_tried_too(desk: Desk, services: tuple[Service, Service]) -> None:
    source = make_alerts.source(desk.page)
    make_alerts.hear(source, make_alerts.fires("disk", labels={"host": "db1"}))
    assert not Alert.objects.exists()
    (row,) = trials(sent(desk, source, typed(DB, do="try")).content.decode())
    assert row.endswith("ignored Mail relay Critical Rule 1")


def test_a_try_writes_nothing(desk: Desk, source: AlertSource) -> None:
    make_alerts.hear(source, make_alerts.fires("disk", labels={"host": "db1"}))
    entries, incidents = AuditEntry.objects.count(), Incident.objects.count()
    with CaptureQueriesContext(connection) as asked:
        sent(desk, source, typed(DB, do="try"))
    written = [q["sql"] for q in asked if re.match(r"INSERT|UPDATE|DELETE", q["sql"])]
    assert not [sql for sql in written if "session" not in sql]
    assert (AuditEntry.objects.count(), Incident.objects.count()) == (entries, incidents)


def test_a_try_asks_as_much_for_one_alert_as_for_three(desk: Desk, source: AlertSource) -> None:
    make_alerts.hear(source, make_alerts.fires("1"))
    sent(desk, source, typed(DB, do="try"))
    with CaptureQueriesContext(connection) as one:
        sent(desk, source, typed(DB, do="try"))
    for key in "23":
        make_alerts.hear(source, make_alerts.fires(key))
    with CaptureQueriesContext(connection) as three:
        html = sent(desk, source, typed(DB, do="try")).content.decode()
    assert len(trials(html)) == 3
    assert len(three) == len(one)


@pytest.mark.parametrize("do", ["up 9", "remove x", "remove ²", "condition", "nonsense", "up 0"])
def test_buttons_that_do_not_exist_change_nothing(desk: Desk, source: AlertSource, do: str) -> None:
    answer = sent(desk, source, typed(DB, do=do))
    assert answer.status_code == 200
    assert answer.content.decode().count('name="value_0_0"') == 1


def test_a_form_grows_no_larger_than_can_be_sent(desk: Desk, source: AlertSource) -> None:
    form = RulesForm([RuleRow([ConditionRow("host", "is", "db")] * 10, "relay")] * 29, services={})
    form.apply("condition 1")
    form.apply("add")
    assert len(form.rows) == 29
    data = {"do": "try", "csrfmiddlewaretoken": "x", "rules": "29"}
    for at, row in enumerate(form.rows):
        data |= {f"conditions_{at}": "10", f"service_{at}": "relay", f"severity_{at}": ""}
        for n, one in enumerate(row.conditions):
            data |= {f"{name}_{at}_{n}": value for name, value in one.stored().items()}
    answer = sent(desk, source, data)
    assert answer.status_code == 200
    assert len(answer.context["form"].rows) == 29


@pytest.mark.parametrize("count", ["", "-1", "x", "1e9", "99999999"])
def test_a_number_of_rules_that_is_none_takes_no_time(desk: Desk, source: AlertSource, count: str) -> None:
    assert sent(desk, source, {"rules": count, "do": "try"}).status_code == 200
