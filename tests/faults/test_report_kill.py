"""A process killed in the midst of issuing a report: everything of the edition is there, or nothing."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from incidents.actions.report_issue import issue_report, reserve_number
from incidents.models import AudiencePart, Delivery, IssuedEdition, IssuedFile, Notice, Report
from incidents.reports import frozen, issue
from tests import make
from tests.make_report import draft, resolved

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

TABLES = (
    "incidents_issuededition",
    "incidents_issuedfile",
    "incidents_notice",
    "incidents_audiencepart",
)


def die_at(table: str) -> Callable[..., Any]:
    """Before the first row reaches the table."""

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO" in sql and table in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(sql, params, many, context)

    return execute


def issue_and_die(report: Report, table: str) -> int:
    """The signal that ended the process, which had written every edition."""
    reserved = reserve_number(report)
    written = frozen.freeze(reserved)
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            with connection.execute_wrapper(die_at(table)):
                issue_report(reserved, written, reach="page")
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status)


@pytest.mark.parametrize("table", TABLES)
def test_a_killed_issue_leaves_nothing_and_is_done_again(table: str) -> None:
    incident = resolved()
    make.subscriber(incident.page)
    report = draft(incident)
    assert issue_and_die(report, table) == signal.SIGKILL
    left = [model.objects.count() for model in (IssuedEdition, IssuedFile, Notice, AudiencePart, Delivery)]
    assert left == [0, 0, 0, 0, 0]
    assert Report.objects.get().state == "draft"
    number = Report.objects.get().number
    again = issue.issue(report, reach="page")
    assert again.number == number
    assert (IssuedEdition.objects.count(), Delivery.objects.count()) == (1, 1)
