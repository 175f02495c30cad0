import pytest

from incidents.lib.clock import JumpDetector


@pytest.mark.parametrize(
    ("wall", "jump"),
    [(1000.0, 0.0), (1001.9, 0.0), (998.1, 0.0), (1003.0, 3.0), (400.0, -600.0), (4600.0, 3600.0)],
)
def test_a_jump_of_the_wall_s_clock_is_told_once(wall: float, jump: float) -> None:
    readings = iter([900.0, wall, wall + 5])
    steady = iter([0.0, 100.0, 105.0])
    detector = JumpDetector(wall=lambda: next(readings), steady=lambda: next(steady))
    assert detector.jump_seconds() == pytest.approx(jump)
    assert detector.jump_seconds() == 0.0
