import pytest

from incidents.lib.markdown import plain, render_with_figures
from incidents.reports.blocks import (
    Block,
    Cell,
    Code,
    Figure,
    Heading,
    Item,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    read_blocks,
    split_lines,
)


def blocks(markdown: str) -> tuple[Block, ...]:
    return read_blocks(render_with_figures(markdown))


def paragraph(text: str) -> Paragraph:
    return Paragraph((Run(text),))


def words(markdown: str) -> str:
    (only,) = blocks(markdown)
    assert isinstance(only, Paragraph)
    return "".join(run.text for run in only.runs)


def test_emphasis_is_kept_beside_the_words() -> None:
    assert blocks("a **b *c*** `d` ~~e~~") == (
        Paragraph(
            (
                Run("a "),
                Run("b ", ("strong",)),
                Run("c", ("strong", "em")),
                Run(" "),
                Run("d", ("code",)),
                Run(" "),
                Run("e", ("del",)),
            )
        ),
    )


@pytest.mark.parametrize(
    "markdown",
    [
        "[手順](https://a.test/x?a=1&b=2)です",
        "https://a.test/x と <x@y.test> と www.a.test",
        "[https://a.test](https://a.test)",
        "[x](javascript:alert)",
        "一行目\n  二行目\n三行目",
        "語(*1)と \\*印\\* と &amp;",
    ],
)
def test_a_paragraph_has_the_words_of_the_text_edition(markdown: str) -> None:
    assert words(markdown) == plain(markdown)


def test_lines_are_without_space_around_them() -> None:
    (only,) = blocks("a\n   **b**\n c ")
    assert isinstance(only, Paragraph)
    assert list(split_lines(only.runs)) == [(Run("a"),), (Run("b", ("strong",)),), (Run("c"),)]


def test_items_have_their_numbers_and_say_whether_they_follow_closely() -> None:
    close = Listing((Item(3, (paragraph("a"),)), Item(4, (paragraph("b"),))))
    loose = Listing((Item(None, (paragraph("c"),), True), Item(None, (paragraph("d"),), True)))
    assert blocks("3. a\n4. b") == (close,)
    assert blocks("- c\n\n- d") == (loose,)


def test_lists_and_quotations_nest() -> None:
    inner = Listing((Item(None, (paragraph("b"),)),))
    assert blocks("1. a\n    - b") == (Listing((Item(1, (paragraph("a"), inner)),)),)
    assert blocks("> a\n>\n> - b") == (Quote((paragraph("a"), inner)),)


def test_a_figure_parts_the_paragraph_that_it_stands_in() -> None:
    figure = Figure("one", "何か", "題")
    assert blocks('前 ![何か](figure:one "題") 後') == (paragraph("前"), figure, paragraph("後"))
    (listing,) = blocks('- 前 ![何か](figure:one "題")')
    assert listing == Listing((Item(None, (paragraph("前"), figure)),))


def test_tables_headings_code_and_rules_are_told_apart() -> None:
    assert blocks("| a | b |\n|---|--:|\n| c | **d** |") == (
        Table(
            (
                (Cell((Run("a"),)), Cell((Run("b"),), "right")),
                (Cell((Run("c"),)), Cell((Run("d", ("strong",)),), "right")),
            )
        ),
    )
    assert blocks("### a\n\n---\n\n    b\n      c") == (Heading((Run("a"),)), Rule(), Code("b\n  c"))


def test_nothing_is_no_blocks() -> None:
    assert blocks("") == blocks("\n \n") == ()
