"""Text that looks like markup, like a report's own lines, or like neither."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_PIECES = (
    *("a", "b1", "あ", "。", " ", "  ", "\t", "\n", "\n\n", "\u3000", "    "),
    *("1. ", "2. ", "3. ", "12. ", "007. ", "１. ", "- ", "+ ", "* ", "> ", "# "),
    *("###", "---", "===", "- - -", "|", "--|--", " :-- ", "{", "}", ":", '"', "'"),
    *("!", "\\", "(", ")", "[", "]", "![", "](http://x.test)", "<b>", "<", ">"),
    *("*", "**", "***", "_", "__", "~", "~~", "`", "``", "&", "&lt;", "&amp;", "&copy"),
    *("http://a.test/_b_c", "https://a.test/?a=1&b=2", "x@y.test", "www.a.test"),
    *("<x@y.test>", "<http://q.test>", "(*0)", "(* 1)", "例)", "■ 補足", "以上", "End"),
    *("9月04日(金) 12:46", "第2版 2020年10月20日改訂"),
)

# A test must not fail because the machine is busy.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hostile_text(*, pieces: int = 14) -> st.SearchStrategy[str]:
    built = st.lists(st.sampled_from(_PIECES), max_size=pieces).map("".join)
    return st.one_of(built, st.text(max_size=2 * pieces))
