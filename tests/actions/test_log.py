from typing import Any

import pytest

from incidents.actions import log
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, LogEntry
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db


def test_a_line_may_be_dated_back_and_says_when_it_was_written() -> None:
    incident = make.incident(make.page())
    with times.at(jst("2020-09-04 12:20")):
        entry = log.add_entry(
            incident, text="減少を確認", kind="finding", happened_at=jst("2020-09-01 09:00")
        )
    assert (entry.happened_at, entry.recorded_at) == (jst("2020-09-01 09:00"), jst("2020-09-04 12:20"))


def test_a_corrected_line_leaves_its_earlier_words_in_the_audit_trail() -> None:
    entry = log.add_entry(make.incident(make.page()), text="増設")
    log.edit_entry(entry, text="増強", kind="action", happened_at=entry.happened_at)
    assert AuditEntry.objects.get(action="edit_log_entry").before["text"] == "増設"


def test_a_correction_starts_from_what_another_has_corrected_meanwhile() -> None:
    entry = log.add_entry(make.incident(make.page()), text="一報")
    as_two_read_it = [LogEntry.objects.get(pk=entry.pk) for _ in range(2)]
    for read, words in zip(as_two_read_it, ("二報", "三報"), strict=True):
        log.edit_entry(read, text=words, kind="action", happened_at=entry.happened_at)
    befores = (
        AuditEntry.objects.filter(action="edit_log_entry").order_by("pk").values_list("before", flat=True)
    )
    assert [before["text"] for before in befores] == ["一報", "二報"]


def test_the_line_of_a_public_update_is_not_typed() -> None:
    incident = make.incident(make.page())
    entry = LogEntry.objects.get(update=make.update(incident))
    with pytest.raises(Refused, match="follows the update"):
        log.edit_entry(entry, text="初報", kind="action", happened_at=entry.happened_at)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"text": "a", "kind": "public_update"}, "kind"),
        ({"text": "a", "kind": "gossip"}, "kind"),
        ({"text": "a", "happened_at": jst("2999-01-01 00:00")}, "happened_at"),
    ],
)
def test_a_line_that_cannot_be_so_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    incident = make.incident(make.page())
    with pytest.raises(Refused) as refused:
        log.add_entry(incident, **values)
    assert refused.value.field == field
    assert not LogEntry.objects.exists()
