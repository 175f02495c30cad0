import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.markdown import escape, plain, render
from incidents.lib.plain_text import clean
from tests.lib.hostile_text import hostile_text, patient
from tests.lib.shown_words import show_words


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**太字**と*斜体*と~~取り消し~~", "太字と斜体と取り消し"),
        ("__a__ _b_ snake_case_name", "a b snake_case_name"),
        ("***a*** **b *c* d**", "a b c d"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("[手順](https://a.test/b_c)", "手順 (https://a.test/b_c)"),
        ("[**手順**](https://a.test)", "手順 (https://a.test)"),
        ('[手順](https://a.test "題")', "手順 (https://a.test)"),
        ("[https://a.test](https://a.test)", "https://a.test"),
        ("[a@b.test](mailto:a@b.test)", "a@b.test"),
        ("[x](javascript:y)", "x"),
        ("<https://a.test/>", "https://a.test/"),
        ("`a * b`", "a * b"),
        (r"\*a\* \[b\] \<c\>", "*a* [b] <c>"),
        ("&lt;a&gt; &amp;amp;", "<a> &amp;"),
        ("a\n\n![図](figure:1)\n\nb", "a\n\nb"),
        ('![図](figure:1 "題")', ""),
        ("### 見出し", "見出し"),
        ("> 引用\n> 続き", "引用\n続き"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("* a\n+ b", "- a\n- b"),
        ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
        ("3. a\n\n9. b", "3. a\n\n4. b"),
        ("1. a\n\n間\n\n2. b", "1. a\n\n間\n\n2. b"),
        ("a\nb\n\n\n\nc", "a\nb\n\nc"),
        ("通常(*1)より、(*2) の", "通常(*1)より、(*2) の"),
    ],
)
def test_plain_shows_the_words_without_markup(markdown: str, words: str) -> None:
    assert plain(markdown) == words


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("(**.example.net*) [a] <b> > c", r"(\*\*.example.net\*) \[a] \<b> > c"),
        ("通常(*1)より", "通常(*1)より"),
        ("snake_case _x_", r"snake_case \_x\_"),
        ("https://a.test/_b_?c=1&d=2", "https://a.test/_b_?c=1&d=2"),
        ("&lt; & AT&T", "&amp;lt; & AT&T"),
        (r"C:\Users \*", r"C:\Users \\\*"),
        ("# a", r"\# a"),
        ("> a", r"\> a"),
        ("---", r"\---"),
        ("2. a", "2. a"),
        ("1. a\n\n3. b", "1. a\n\n3\\. b"),
        ("2020. a", r"2020\. a"),
        ("007. \u3000a", "007\\. \u3000a"),
        ("１. a", r"１\. a"),
        ("- # a", r"- \# a"),
        ("手順:\n- a\n1. b", "手順:\n- a\n1. b"),
        ("  a  \n \n\n\u3000b", "a\n\nb"),
    ],
)
def test_escape_disarms_only_what_would_be_markup(words: str, markdown: str) -> None:
    assert escape(words) == markdown


@patient
@given(hostile_text())
def test_escaped_words_come_back_as_they_were(text: str) -> None:
    assert _lines(plain(escape(text))) == _lines(clean(text))


@patient
@given(hostile_text())
def test_escaping_what_plain_shows_is_stable(text: str) -> None:
    once = escape(plain(text))
    assert escape(plain(once)) == once


@patient
@given(hostile_text())
def test_rendered_escaped_words_are_the_words(text: str) -> None:
    assert show_words(render(escape(text))) == [" ".join(line.split()) for line in _lines(clean(text))]


@patient
@given(st.sampled_from("*_~`[]()<>&\\!|#-.: \n"), st.integers(1, 20_000))
def test_no_repetition_breaks_plain(mark: str, times: int) -> None:
    assert len(plain(mark * times)) <= times


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
