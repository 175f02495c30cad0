"""How a sender proves that it knows its source's secret. Pure, and in constant time."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Call:
    """`headers` by their names in lower case; `password` is that of an address such as https://user:pass@host."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Prove = Callable[[Call, Sequence[str], datetime], bool]
"""Whether a call is of somebody who knows one of the secrets."""


def by_token(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """As a bearer token, or as the password of Basic."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        given = _password(given.strip())
    elif scheme.lower() != "bearer":
        return False
    return _is_any(given.strip(), secrets)


def by_grafana(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """HMAC-SHA256 of the body, or of `<timestamp>:<body>` where Grafana is set up to send one."""
    given = call.headers.get("x-grafana-alerting-signature", "")
    stamp = call.headers.get("x-grafana-alerting-timestamp", "")
    if not _HEX.fullmatch(given):
        return False
    if stamp and not _is_near(stamp, now):
        return False
    signed = f"{stamp}:".encode() + call.body if stamp else call.body
    return _is_any(given.lower(), [_hex(secret.encode(), signed) for secret in secrets])


def by_pagerduty(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """Any of several signatures may be ours, while the secret is being changed."""
    given = [one.strip() for one in call.headers.get("x-pagerduty-signature", "").split(",")]
    known = [f"v1={_hex(secret.encode(), call.body)}" for secret in secrets]
    return any(_is_any(one, known) for one in given[:10])


def by_standard_webhooks(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """https://www.standardwebhooks.com: id, timestamp and body, signed."""
    name, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not name or not _is_near(stamp, now):
        return False
    signed = f"{name}.{stamp}.".encode() + call.body
    known = [f"v1,{base64.b64encode(_mac(_raw(secret), signed)).decode()}" for secret in secrets]
    return any(_is_any(one, known) for one in call.headers.get("webhook-signature", "").split(" ")[:10])


def any_of(*ways: Prove) -> Prove:
    def prove(call: Call, secrets: Sequence[str], now: datetime) -> bool:
        return any(way(call, secrets, now) for way in ways)

    return prove


def _is_any(given: str, known: Sequence[str]) -> bool:
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in known)


def _is_near(stamp: str, now: datetime) -> bool:
    return (
        stamp.isascii()
        and stamp.isdigit()
        and len(stamp) < 13
        and (abs(now.timestamp() - int(stamp)) <= TOLERANCE.total_seconds())
    )


def _password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _raw(secret: str) -> bytes:
    """A secret as Standard Webhooks writes it is base64 behind `whsec_`."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _mac(secret: bytes, signed: bytes) -> bytes:
    return hmac.digest(secret, signed, hashlib.sha256)


def _hex(secret: bytes, signed: bytes) -> str:
    return _mac(secret, signed).hex()
