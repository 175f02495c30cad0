"""The demo is made by the same steps as everything else."""

import pytest

from incidents.lib import times
from incidents.management.demo import make_demo
from incidents.models import Maintenance
from incidents.queries.page import overview
from tests import make

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_maintenance_behind_it_and_one_ahead() -> None:
    now = make.jst("2020-09-04 12:46")
    with times.at(now):
        page = make.page()
        make_demo(page)
        shown = overview(page)
    past, coming = Maintenance.objects.order_by("scheduled_from")
    assert (past.state, coming.state) == ("completed", "scheduled")
    assert past.ended_at == past.scheduled_until < now < coming.scheduled_from
    assert [one.id for one in shown.maintenances] == [coming.public_id]
    assert [m.id for day in shown.recent_days for m in day.maintenances] == [past.public_id]
