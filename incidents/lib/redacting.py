"""Takes out of a text of others what may be a secret, before it is kept."""

import re

_NAMES = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cookie"
)
_SECRET_NAME = re.compile(rf"{_NAMES}|authorization|signature|\bpass\b|_pass\b|\bpass_", re.IGNORECASE)
_HINT = re.compile(
    rf"://|{_NAMES}|authorization|bearer|basic|sp_live_|whsec_|sk_live_|gh[pousr]_|xox[abprs]-|AKIA|eyJ",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(\w://)[^\s/@]{1,500}@")
_NAMED = re.compile(
    rf"((?:{_NAMES}|authorization)s?[\"']?\s{{0,3}}[=:]\s{{0,3}}(?:bearer |basic )?[\"']?)[^\s\"'&,;<>]+",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"\b(bearer|basic)(\s+)[\w.~+/=-]{12,}", re.IGNORECASE)
_KNOWN = re.compile(r"\b(?:sp_live_|whsec_|sk_live_|gh[pousr]_|xox[abprs]-|AKIA|eyJ)[\w.=+/-]{12,}")


def without_secrets(text: str) -> str:
    """Logins in addresses, what is called a password, a token or the like, and keys that are known by their form."""
    if not _HINT.search(text):
        return text
    text = _LOGIN.sub(r"\1", text)
    text = _NAMED.sub(r"\1***", text)
    text = _SHOWN.sub(r"\1\2***", text)
    return _KNOWN.sub("***", text)


def names_a_secret(name: str) -> bool:
    """Whether what has this name had better not be kept."""
    return _SECRET_NAME.search(name) is not None
