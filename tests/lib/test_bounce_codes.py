import pytest

from incidents.lib.bounce_codes import Verdict, judge_code, judge_text


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        *((code, Verdict.HARD) for code in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
        *(
            (code, Verdict.SOFT)
            for code in ("5.2.2", "4.2.2", "4.1.1", "4.4.1", "5.3.4", "5.1.8", "5.1.0", "")
        ),
        *((code, Verdict.POLICY) for code in ("5.7.1", "5.7.26", "4.7.0")),
    ],
)
def test_a_code_says_whose_fault_it_is(code: str, verdict: Verdict) -> None:
    assert judge_code(code) is verdict


@pytest.mark.parametrize(
    ("words", "verdict", "code"),
    [
        ("550 5.1.1 <x@example.com>: user unknown", Verdict.HARD, "5.1.1"),
        ("550 5.7.1 access denied, no such user", Verdict.POLICY, "5.7.1"),
        ("552 5.2.2 mailbox full", Verdict.SOFT, "5.2.2"),
        ("550 Unknown user x@example.jp", Verdict.HARD, ""),
        ("554 5.0.0 user unknown", Verdict.HARD, ""),
        ("宛先のメールアドレスが見つかりません。", Verdict.HARD, ""),
        ("550 mailbox unavailable", Verdict.SOFT, ""),
        ("user unknown or over quota", Verdict.SOFT, ""),
        ("one 5.1.1, another 4.2.2", Verdict.SOFT, "4.2.2"),
        ("host 10.5.1.1 or version 5.1.1.2 is no code", Verdict.SOFT, ""),
        ("", Verdict.SOFT, ""),
    ],
)
def test_words_are_hard_only_where_nothing_speaks_against_it(words: str, verdict: Verdict, code: str) -> None:
    assert judge_text(words) == (verdict, code)
