from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.differences import CONTEXT, changed_part


def test_only_the_stretch_that_changed_is_told_with_a_little_around_it() -> None:
    before, after = changed_part("あ" * 100 + "旧" + "い" * 100, "あ" * 100 + "新しい" + "い" * 100)
    around = "…" + "あ" * CONTEXT + "{}" + "い" * CONTEXT + "…"
    assert before == around.format("旧")
    assert after == around.format("新しい").replace("いい", "いい", 1)


def test_short_texts_are_told_whole() -> None:
    assert changed_part("final", "interim") == ("final", "interim")


@given(st.text("ab", max_size=80), st.text("ab", max_size=80))
def test_what_differs_is_always_told(before: str, after: str) -> None:
    told = changed_part(before, after)
    assert (told[0] == told[1]) is (before == after)
