"""What is said of the recovery to come."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, RecoveryEstimate, Update
from incidents.models.estimate import UNDECIDED, UNSAID, known
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOON = jst("2020-09-04 12:46")
SIX, EIGHT = jst("2020-09-04 18:00"), jst("2020-09-04 20:00")


@pytest.fixture
def incident() -> Incident:
    with times.at(NOON):
        return make.incident(make.page())


def tell(incident: Incident, minutes: int, stage: str = "investigating", **values: Any) -> RecoveryEstimate:
    """What stands of the incident after an update."""
    with times.at(NOON + timedelta(minutes=minutes)):
        make.update(incident, stage, **values)
    incident.refresh_from_db()
    return incident.recovery


def test_what_is_told_of_the_recovery_stands_until_it_is_told_anew(incident: Incident) -> None:
    assert tell(incident, 0) == UNSAID
    assert tell(incident, 1, estimate=known(SIX)) == known(SIX)
    assert tell(incident, 2) == known(SIX)
    assert tell(incident, 3, estimate=known(SIX, EIGHT)) == known(SIX, EIGHT)
    assert tell(incident, 4, estimate=UNDECIDED) == UNDECIDED
    assert tell(incident, 5, "resolved") == UNSAID


def test_the_end_says_nothing_of_a_recovery_to_come(incident: Incident) -> None:
    tell(incident, 0, estimate=known(SIX))
    tell(incident, 1, "resolved", estimate=known(SIX))
    assert incident.updates.get(number=2).recovery == UNSAID


@pytest.mark.parametrize(
    ("estimate", "field"),
    [
        (known(NOON), "estimate_from"),
        (known(NOON - timedelta(hours=1), SIX), "estimate_from"),
        (known(EIGHT, SIX), "estimate_until"),
        (RecoveryEstimate("known"), "estimate_from"),
        (RecoveryEstimate("known", SIX), "estimate_from"),
    ],
)
def test_an_estimate_that_cannot_be_so_is_refused_by_its_field(
    incident: Incident, estimate: RecoveryEstimate, field: str
) -> None:
    with times.at(NOON), pytest.raises(Refused) as refused:
        make.update(incident, estimate=estimate)
    assert refused.value.field == field
    assert not Update.objects.exists()


def test_a_correction_keeps_the_estimate_unless_it_tells_another(incident: Incident) -> None:
    tell(incident, 0, estimate=known(SIX))
    first = incident.updates.get()
    for values, expected in (
        ({}, known(SIX)),
        ({"estimate": known(EIGHT)}, known(EIGHT)),
        ({"estimate": UNSAID}, UNSAID),
    ):
        edit_update(first, Draft(stage="investigating", body="訂正後の本文", **values))  # type: ignore[arg-type]
        incident.refresh_from_db()
        assert incident.recovery == expected
    assert [revision.told["estimate"] for revision in first.revisions.all()] == ["known"] * 3
