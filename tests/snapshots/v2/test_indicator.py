import pytest

from incidents.queries.v2.indicator import indicate

UP, SLOW, PARTLY, DOWN = "operational", "degraded", "partial_outage", "major_outage"
WORKS, UNKNOWN = "maintenance", "unknown"


@pytest.mark.parametrize(
    ("statuses", "indicator", "description"),
    [
        ([UP], "none", "All Systems Operational"),
        ([UP] * 9, "none", "All Systems Operational"),
        ([WORKS, UP], "maintenance", "Service Under Maintenance"),
        ([WORKS], "maintenance", "Service Under Maintenance"),
        ([SLOW], "minor", "Partially Degraded Service"),
        ([SLOW, UP, WORKS], "minor", "Partially Degraded Service"),
        ([SLOW, SLOW], "minor", "Degraded System Service"),
        ([PARTLY, UP], "major", "Partial System Outage"),
        ([PARTLY, PARTLY], "major", "Partial System Outage"),
        ([PARTLY, SLOW, WORKS, UNKNOWN], "major", "Partial System Outage"),
        ([DOWN, UP], "major", "Partial System Outage"),
        (
            [DOWN] * 5 + [PARTLY] + [UP] * 3,
            "major",
            "Partial System Outage",
        ),  # recorded at GitHub, 2020-04-02
        ([DOWN], "critical", "Major System Outage"),
        ([DOWN, DOWN], "critical", "Major System Outage"),
        ([DOWN] * 8 + [UP], "major", "Partial System Outage"),
        ([DOWN] * 9 + [UP], "critical", "Major System Outage"),
        ([DOWN, UNKNOWN], "major", "Partial System Outage"),
        ([UNKNOWN], "minor", "Some Components Report No Recent Data"),
        ([UNKNOWN, UP, WORKS], "minor", "Some Components Report No Recent Data"),
        ([UNKNOWN, SLOW], "minor", "Partially Degraded Service"),
        ([], "minor", "No Components Are Listed"),
    ],
)
def test_the_page_in_one_word(statuses: list[str], indicator: str, description: str) -> None:
    found = indicate(statuses)
    assert (found.indicator, found.description) == (indicator, description)
