from collections.abc import Mapping, Sequence

from incidents.snapshots.kept import Kept


def doubled(asked: list[Sequence[int]]) -> object:
    def make(lacking: Sequence[int]) -> Mapping[int, int]:
        asked.append(list(lacking))
        return {name: 2 * name for name in lacking}

    return make


def test_only_what_is_new_or_has_another_key_is_made_again() -> None:
    kept = Kept()
    asked: list[Sequence[int]] = []
    kept.under("look")
    make = doubled(asked)
    assert kept.many("a", {1: "x", 2: "x"}, make) == {1: 2, 2: 4}  # type: ignore[arg-type]
    assert kept.many("a", {2: "x", 1: "y", 3: "x"}, make) == {2: 4, 1: 2, 3: 6}  # type: ignore[arg-type]
    assert asked == [[1, 2], [1, 3]]


def test_kinds_do_not_mix_and_another_look_forgets_everything() -> None:
    kept = Kept()
    kept.under("look")
    assert kept.one("a", 1, "x", lambda: "first") == "first"
    assert kept.one("b", 1, "x", lambda: "second") == "second"
    kept.under("look")
    assert kept.one("a", 1, "x", lambda: "never made") == "first"
    kept.under("another look")
    assert kept.one("a", 1, "x", lambda: "third") == "third"


def test_names_come_in_the_order_in_which_they_are_wanted() -> None:
    kept = Kept()
    kept.many("a", {1: "x", 2: "x"}, lambda lacking: dict.fromkeys(lacking, 0))
    assert list(kept.many("a", {2: "x", 3: "x", 1: "x"}, lambda lacking: dict.fromkeys(lacking, 0))) == [
        2,
        3,
        1,
    ]
