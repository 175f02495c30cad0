import pytest

from incidents.models import worst


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "operational"),
        (["operational", "operational"], "operational"),
        (["operational", "degraded", "partial_outage"], "partial_outage"),
        (["maintenance", "operational"], "maintenance"),
        (["maintenance", "degraded"], "degraded"),
        (["unknown", "operational"], "unknown"),
        (["unknown", "maintenance"], "unknown"),
        (["unknown", "degraded"], "degraded"),
        (["unknown", "major_outage"], "major_outage"),
    ],
)
def test_the_worst_known_state_wins_and_unknown_is_never_green(statuses: list[str], expected: str) -> None:
    assert worst(statuses) == expected
