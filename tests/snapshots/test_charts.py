import pytest

from incidents.queries.charts import Point
from incidents.snapshots.charts import draw, nice_top


def point(value: float, *, slow: float | None = None, usual: tuple[float, float] | None = None) -> Point:
    low, high = usual or (None, None)
    return Point(value, value, slow if slow is not None else value, value, low, high)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (0.07, 0.08), (1, 1), (1.01, 1.5), (87, 100), (4419, 5000), (656, 800)]
)
def test_the_axis_ends_at_a_plain_number_that_is_not_below(highest: float, top: float) -> None:
    assert nice_top(highest) == pytest.approx(top)


def test_a_line_goes_through_the_middle_of_each_slot_and_breaks_where_nothing_came() -> None:
    drawn = draw({0: point(100), 1: point(50), 3: point(0), 4: point(100)}, slots=5, is_count=True)
    assert drawn.line == "M100 0L300 100M700 200L900 0"


def test_a_value_alone_is_a_dot() -> None:
    assert draw({2: point(10)}, slots=5, is_count=True).line == "M500 0h0"


def test_checks_show_how_slow_the_slow_ones_were() -> None:
    drawn = draw({0: point(50, slow=100), 1: point(50, slow=75)}, slots=2, is_count=False)
    assert (drawn.top, drawn.slow) == (100, "M250 0L750 50")


def test_the_band_of_what_is_usual_goes_along_its_upper_edge_and_back_along_the_lower() -> None:
    points = {0: point(100, usual=(50, 100)), 1: point(75, usual=(25, 100)), 2: point(50)}
    drawn = draw(points, slots=4, is_count=True)
    assert drawn.band == "M125 0L375 0L375 150L125 100Z"


def test_where_a_count_was_not_as_usual_its_line_is_drawn_over() -> None:
    points = {
        0: point(100),
        1: point(50)._replace(failing=60),
        2: point(50)._replace(failing=3600),
        3: point(100),
    }
    drawn = draw(points, slots=4, is_count=True)
    assert drawn.unusual == "M375 100L625 100"
    assert draw(points, slots=4, is_count=False).unusual == ""


def test_holidays_lie_along_the_lower_edge_also_where_nothing_came() -> None:
    assert (
        draw({0: point(1)}, slots=4, is_count=True, holidays={3, 1}).holidays
        == "M250 200h250.0M750 200h250.0"
    )


def test_nothing_measured_draws_nothing() -> None:
    drawn = draw({}, slots=5, is_count=True)
    assert (drawn.line, drawn.band, drawn.slow) == ("", "", "")
