"""What a status code (RFC 3463) or a server's words say of an address: pure. The table is in docs/bounces.md."""

import re
from enum import StrEnum

MOST_CHARACTERS = 64 * 1024

_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])", re.ASCII)
_VAGUE = re.compile(r"[45]\.0\.0")
_HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_POLICY_SUBJECT = "7"
# Said of nothing but the mailbox. "Mailbox unavailable" and "rejected" are not here: servers say so of spam too.
_NOBODY = re.compile(
    r"user unknown|unknown user|no such (user|mailbox|recipient|address)|invalid (recipient|mailbox|user)"
    r"|(user|mailbox|recipient|account|address)( [^ ]{1,80})? (does not|doesn't) exist"
    r"|recipient (address )?(rejected: )?not found|no mailbox here by that name"
    r"|宛先(の|となる)?(メール)?(アドレス|ユーザー)?(が|は)?(見つかりません|存在しません)"
    r"|(メール)?アドレス(が|は)(見つかりません|存在しません)",
    re.IGNORECASE,
)

_FULL = re.compile(r"quota|mailbox( is)? full|容量|いっぱい", re.IGNORECASE)


class Verdict(StrEnum):
    HARD = "hard"  # no such mailbox or domain, for good
    SOFT = "soft"  # may pass
    POLICY = "policy"  # our reputation or set-up; the address is not to blame


def judge_code(code: str) -> Verdict:
    if code in _HARD:
        return Verdict.HARD
    is_policy = code.split(".")[1:2] == [_POLICY_SUBJECT]
    return Verdict.POLICY if is_policy else Verdict.SOFT


def find_codes(text: str) -> list[str]:
    """The codes that say something, in their order; 4.0.0 and 5.0.0 say nothing."""
    codes = (".".join(found.groups()) for found in _CODE.finditer(text[:MOST_CHARACTERS]))
    return [code for code in codes if not _VAGUE.fullmatch(code)]


def judge_text(text: str) -> tuple[Verdict, str]:
    """The verdict, and the code that it rests on, if one. Hard only where nothing in the text speaks against it."""
    codes = find_codes(text)
    for verdict in (Verdict.POLICY, Verdict.SOFT, Verdict.HARD):
        code = next((code for code in codes if judge_code(code) is verdict), "")
        if code:
            return verdict, code
    said = text[:MOST_CHARACTERS]
    is_sure = _NOBODY.search(said) and not _FULL.search(said)
    return (Verdict.HARD if is_sure else Verdict.SOFT), ""
