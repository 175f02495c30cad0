"""What staff are shown to look at, in the order in which they need it."""

from datetime import timedelta

import pytest

from incidents.actions.incident import dismiss_draft
from incidents.lib import times
from incidents.queries.board import recent_incidents
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:00")


def test_the_incident_that_ended_last_comes_first_whenever_it_was_opened() -> None:
    page = make.page()
    with times.at(NOON):
        long, short, dismissed = (
            make.incident(page, title=title) for title in ("long", "short", "dismissed")
        )
        make.update(long)
        make.update(short)
    for hours, ended in ((1, short), (3, long)):
        with times.at(NOON + timedelta(hours=hours)):
            make.update(ended, "resolved")
    with times.at(NOON + timedelta(hours=2)):
        dismiss_draft(dismissed)
    assert [incident.title for incident in recent_incidents(page)] == ["long", "dismissed", "short"]
