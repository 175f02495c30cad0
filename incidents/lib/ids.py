"""Identifiers that other programs keep: derived, so that they never change and need no column."""

import hashlib
import string

LENGTH = 12
_DIGITS = string.digits + string.ascii_lowercase


def short_id(kind: str, number: int) -> str:
    """12 characters of [a-z0-9], for ever the same for one thing of a kind."""
    digest = hashlib.sha256(f"{kind} {number}".encode()).digest()
    return base36(int.from_bytes(digest))


def base36(number: int) -> str:
    """The last 12 digits of `number` to the base of 36."""
    digits = []
    for _ in range(LENGTH):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
