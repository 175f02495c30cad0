"""Text that looks like markup, like a report's own lines, or like neither."""

from hypothesis import strategies as st

_PIECES = (
    *("a", "b1", "あ", "。", " ", "  ", "\t", "\n", "\n\n", "\u3000", "    "),
    *(
        "1. ",
        "2. ",
        "3. ",
        "12. ",
        "007. ",
        "１. ",
        "- ",
        "+ ",
        "* ",
        "> ",
        "# ",
        "###",
        "---",
        "===",
        "- - -",
    ),
    *(
        "|",
        "--|--",
        " :-- ",
        "{",
        "}",
        ":",
        '"',
        "'",
        "!",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "![",
        "](http://x.test)",
    ),
    *("*", "**", "***", "_", "__", "~", "~~", "`", "``", "<b>", "<", ">", "&", "&lt;", "&amp;", "&copy"),
    *(
        "http://a.test/_b_c",
        "https://a.test/?a=1&b=2",
        "x@y.test",
        "www.a.test",
        "<x@y.test>",
        "<http://q.test>",
    ),
    *(
        "■ 補足",
        "■ 以上",
        "以上",
        "End",
        "例)",
        "9月04日(金) 12:46",
        "第2版 2020年10月20日改訂",
        "(*0)",
        "(* 1)",
    ),
)


def hostile_text() -> st.SearchStrategy[str]:
    pieces = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
    return st.one_of(pieces, st.text(max_size=30))
