"""Signed tokens for links, and random secrets of which only the hash is kept.

Every purpose has a key of its own, derived from SECRET_KEY, so that a token made to unsubscribe can
do nothing else. Tokens are lower-case hex: a gateway that changes the case of a link leaves it valid, and so
does one that leaves marks of quoted-printable in it or takes the sentence's full stop for part of it. (Base32 is
shorter, and takes eight times as long to write: every mail carries two tokens.)
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from functools import lru_cache

from django.conf import settings

MAC_BYTES = 20
"""160 bits."""
LONGEST = 2000
_AROUND = re.compile(r"^[^0-9a-f]+|[^0-9a-f]+$", re.IGNORECASE)
_SOFT_BREAK = re.compile(r"[=\s]+")
_QUOTED_EQUALS = re.compile(r"=3d", re.IGNORECASE)


def sign(purpose: str, value: str) -> str:
    """A token that only `read` with the same purpose turns back into `value`, which it does not hide."""
    return (_mac(settings.SECRET_KEY, purpose, value)[:MAC_BYTES] + value.encode()).hex()


def read(purpose: str, token: str) -> str | None:
    """The value of a token of this purpose, or None; keys in SECRET_KEY_FALLBACKS still count."""
    found = (_verified(purpose, raw) for raw in map(_decode, _readings(token)) if raw)
    return next((value for value in found if value is not None), None)


def _readings(token: str) -> Iterator[str]:
    """The token without what a gateway or a mail program put around or into it; no token holds a `=`."""
    if len(token) > LONGEST:
        return
    for text in (token, _QUOTED_EQUALS.sub("", token)):
        yield _AROUND.sub("", _SOFT_BREAK.sub("", text))


def _verified(purpose: str, raw: bytes) -> str | None:
    if len(raw) < MAC_BYTES:
        return None
    try:
        value = raw[MAC_BYTES:].decode()
    except UnicodeDecodeError:
        return None
    keys = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    macs = [_mac(key, purpose, value)[:MAC_BYTES] for key in keys]
    matches = [hmac.compare_digest(raw[:MAC_BYTES], mac) for mac in macs]
    return value if any(matches) else None


def short_mac(purpose: str, value: str) -> str:
    """80 bits that vouch for `value` where a whole token does not fit, such as a return path."""
    return short_macs(purpose, value)[0]


def short_macs(purpose: str, value: str) -> list[str]:
    """What `short_mac` answers, then what it answered under the keys in SECRET_KEY_FALLBACKS."""
    keys = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    return [base64.b32encode(_mac(key, purpose, value)[:10]).decode().lower() for key in keys]


def keyed_hashes(purpose: str, value: str) -> list[str]:
    """What is kept in place of `value` to know it again, 64 hex digits: the first is to be stored, the others
    are what keys in SECRET_KEY_FALLBACKS made of it."""
    keys = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    return [_mac(key, purpose, value).hex() for key in keys]


def number(purpose: str, value: str) -> int:
    """256 bits as a number, for codes that people type."""
    return int.from_bytes(_mac(settings.SECRET_KEY, purpose, value))


def new_secret() -> str:
    """256 random bits, as 64 hex digits."""
    return secrets.token_hex(32)


def hash_secret(secret: str) -> str:
    """What is stored in place of a secret: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _mac(secret_key: str, purpose: str, value: str) -> bytes:
    return hmac.digest(_key(secret_key, purpose), value.encode(), "sha256")


@lru_cache
def _key(secret_key: str, purpose: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"incidents.lib.tokens/" + purpose.encode(), "sha256")


def _decode(token: str) -> bytes | None:
    """None for what `sign` would not have written, so that one value has one token."""
    try:
        return bytes.fromhex(token)
    except ValueError:
        return None
