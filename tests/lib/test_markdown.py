import re

import pytest

from incidents.lib.errors import Refused
from incidents.lib.markdown import MAX_BRACKETS, MAX_BYTES, MAX_CELLS, MAX_DEPTH, render, render_with_figures

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src='https://evil.test'></iframe>",
    "<form action=https://evil.test><button>x</button></form>",
    "<style>body{display:none}</style>",
    "<div markdown=1 onclick=alert(1)>x</div>",
    "<!-- --><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.test)",
    "[x](\\\\evil.test)",
    "[x](/console/)",
    "[x](#note-1)",
    "[x](ftp://evil.test/a)",
    "[x](sms:+81)",
    "[x](magnet:?xt=1)",
    "![x](https://evil.test/track.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '[x](https://a.test "\\" onmouseover=alert(1) x=\\"")',
    "<javascript:alert(1)>",
    "`</code><script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "**<b onclick=x>**",
    "| a |\n|---|\n| <script>x</script> |",
    "\x02klzzwxh:0000\x03<script>",
    "[x]: javascript:alert(1)\n\n[x]",
    "{: onclick=alert(1) #id .class }",
]
ALLOWED_TAG = re.compile(
    r"</?(?:p|br|strong|em|del|code|pre|blockquote|ul|ol|li|h3|h4|hr|table|thead|tbody|tr)>"
    r'|<ol start="[0-9]+">|<t[hd](?: align="[a-z]+")?>|</t[hd]>'
    r'|<a(?: href="(?:https?|mailto):[^"<>]*")?(?: title="[^"<>]*")?'
    r' rel="nofollow noopener noreferrer ugc">|</a>'
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_leaves_only_allowed_tags_and_addresses(text: str) -> None:
    assert "<" not in ALLOWED_TAG.sub("", render(text))


def test_raw_html_is_shown_as_text() -> None:
    assert render("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


def test_links_carry_their_address_and_distrust() -> None:
    assert render("[x](https://a.test/?b=1&c=2)") == (
        '<p><a href="https://a.test/?b=1&amp;c=2" rel="nofollow noopener noreferrer ugc">x</a></p>'
    )


def test_a_bare_address_becomes_a_link() -> None:
    assert '<a href="https://a.test/b_c_d"' in render("詳細: https://a.test/b_c_d")


def test_images_show_nothing() -> None:
    assert render("a ![x](https://a.test/x.png) b") == "<p>a  b</p>"


def test_a_single_newline_is_a_line_break() -> None:
    assert render("一行目\n二行目") == "<p>一行目<br>\n二行目</p>"


def test_a_list_keeps_the_number_it_begins_with() -> None:
    assert render("1. a\n\nb\n\n2. c").count('<ol start="2">') == 1


def test_footnote_markers_are_never_emphasis() -> None:
    assert render("a(*1) b(*2) *c*") == "<p>a(*1) b(*2) <em>c</em></p>"


def test_a_lone_tilde_is_a_range() -> None:
    assert render("9:00~18:00, 10:00~12:00 ~~x~~") == "<p>9:00~18:00, 10:00~12:00 <del>x</del></p>"


def test_a_backslash_disarms_every_punctuation_mark() -> None:
    assert render(r"\<x@a.test\> \&amp \~~x\~~ \|") == (
        '<p>&lt;<a href="mailto:x@a.test" rel="nofollow noopener noreferrer ugc">x@a.test</a>&gt;'
        " &amp;amp ~~x~~ |</p>"
    )


def test_a_line_of_dashes_makes_no_heading_of_the_line_above() -> None:
    assert render("概要\n--") == "<p>概要<br>\n--</p>"


def test_tables_keep_their_alignment_as_an_attribute() -> None:
    assert '<td align="right">1</td>' in render("| a | b |\n|---|--:|\n| x | 1 |")


def test_the_same_text_renders_the_same_every_time() -> None:
    assert render("a@b.test `c` [d](https://e.test)") == render("a@b.test `c` [d](https://e.test)")


@pytest.mark.parametrize(
    "text",
    [
        "a" * (MAX_BYTES + 1),
        "あ" * (MAX_BYTES // 3 + 1),
        "[\n\n" * (MAX_BRACKETS + 1),
        "[" * MAX_BRACKETS + "a" * 10_000,
        "> " * (MAX_DEPTH + 1) + "a",
        "- " * (MAX_DEPTH + 1) + "a",
        "1. " * (MAX_DEPTH + 1) + "a",
        "    " * (MAX_DEPTH + 1) + "a",
        "|".join("a" * 100) + "\n" + "|".join("-" * 100) + "\n|a" * (MAX_CELLS // 100),
        "> " + "|".join("a" * 100) + "\n> " + "|".join("-" * 100) + "\n> |a" * (MAX_CELLS // 100),
        "a." * 2_000,
        "x@" + ".b1" * 2_000,
    ],
)
def test_a_text_that_costs_too_much_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(Refused) as refused:
        render(text)
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    "text",
    [
        "a" * MAX_BYTES,
        r"\[" * MAX_BRACKETS + "a" * 10_000,
        "> " * MAX_DEPTH + "a",
        "a.b 192.0.2.1\n" * (MAX_BYTES // 14),
        "|".join("a" * 10) + "\n" + "|".join("-" * 10) + "\n|a" * (MAX_CELLS // 10 - 2),
    ],
)
def test_a_text_at_the_limit_is_rendered(text: str) -> None:
    assert "a" in render(text)


def test_a_report_shows_its_figures_and_no_other_image() -> None:
    text = '![画面](figure:one "題") ![x](https://a.test/x.png) ![x](x.png "t") [x](figure:one)'
    assert render_with_figures(text) == (
        '<p><img alt="画面" src="figure:one" title="題">   <a rel="nofollow noopener noreferrer ugc">x</a></p>'
    )
    assert "img" not in render(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_leaves_no_more_in_a_report(text: str) -> None:
    assert "<" not in ALLOWED_TAG.sub("", render_with_figures(text))
