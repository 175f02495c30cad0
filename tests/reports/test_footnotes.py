from incidents.reports.footnotes import Note, find_unmatched, read_notes, renumber_footnotes

SCOPE = (
    "1. 通常(*1)より遅延\n\n(*1) 指標は9時間以内\n\n2. 通知(*2)と(*3)\n\n"
    "(*2) 設定箇所\n\nアプリ > 設定\n\n(*3) 通知"
)


def test_a_note_reaches_to_the_next_note_or_list_item() -> None:
    assert list(read_notes(SCOPE)) == [
        Note(1, "指標は9時間以内"),
        Note(2, "設定箇所\n\nアプリ > 設定"),
        Note(3, "通知"),
    ]


def test_adding_a_footnote_renumbers_those_after_it_in_all_sections() -> None:
    scope = SCOPE.replace("遅延", "遅延(*9)") + "\n\n(*9) 追加"
    renumbered = renumber_footnotes(["", scope, "原因(*4)\n\n(*4) 注"])
    assert renumbered[1].startswith("1. 通常(*1)より遅延(*2)\n\n(*1) 指標")
    assert "2. 通知(*3)と(*4)\n\n(*3) 設定箇所" in renumbered[1]
    assert renumbered[1].endswith("(*4) 通知\n\n(*2) 追加")
    assert renumbered[2] == "原因(*5)\n\n(*5) 注"


def test_a_marker_used_twice_keeps_one_number() -> None:
    assert renumber_footnotes(["a(*7)b(*7)\n\n(*7) 注"]) == ("a(*1)b(*1)\n\n(*1) 注",)


def test_an_escaped_marker_is_a_marker() -> None:
    assert renumber_footnotes(["a(\\*7)\n\n(\\*7) 注"]) == ("a(*1)\n\n(*1) 注",)


def test_numbers_follow_the_first_use_and_not_the_notes() -> None:
    assert renumber_footnotes(["(*2) 先の注\n\na(*1)b(*2)\n\n(*1) 注"]) == (
        "(*2) 先の注\n\na(*1)b(*2)\n\n(*1) 注",
    )


def test_a_note_may_stand_in_another_section_than_its_marker() -> None:
    assert list(find_unmatched(["語(*1)", "(*1) 注"])) == []


def test_what_lacks_its_other_is_found_with_its_section() -> None:
    assert list(find_unmatched(["語(*1)", "(*2) 注"])) == [
        (0, "a note that begins (*1) for the marker (*1)"),
        (1, "a marker (*2) for the note (*2)"),
    ]


def test_a_marker_that_begins_a_line_without_a_space_is_no_note() -> None:
    assert [number for number, _ in find_unmatched(["(*1)は参考値です。"])] == [0]
