"""How a sender proves that it knows its source's secret. Pure, and in constant time."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.lib.credentials import basic_password, bearer_token
from incidents.lib.standard_webhooks import sign

TOLERANCE = timedelta(minutes=5)
_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Call:
    """`headers` by their names in lower case; `in_path` is what the address holds behind the source's id."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    in_path: str = ""


Prove = Callable[[Call, Sequence[str], datetime], bool]
"""Whether a call is of somebody who knows one of the secrets."""


def by_token(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """As a bearer token, or as the password of Basic, which stands in addresses such as https://user:password@host."""
    shown = call.headers.get("authorization", "")
    return _is_any(bearer_token(shown) or basic_password(shown), secrets)


def by_path(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """As the end of the address, for senders that can send nothing else."""
    return _is_any(call.in_path, secrets)


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
    known = [sign(secret, message_id=name, stamp=stamp, body=call.body) for secret in secrets]
    return any(_is_any(one, known) for one in call.headers.get("webhook-signature", "").split(" ")[:10])


def by_signature_inside(call: Call, secrets: Sequence[str], now: datetime) -> bool:
    """The message itself carries a signature, which is looked at when it is read."""
    return True


def any_of(*ways: Prove) -> Prove:
    def prove(call: Call, secrets: Sequence[str], now: datetime) -> bool:
        return any(way(call, secrets, now) for way in ways)

    return prove


def _is_any(given: str, known: Sequence[str]) -> bool:
    shown = given.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(shown, one.encode()) for one in known)


def _is_near(stamp: str, now: datetime) -> bool:
    return (
        stamp.isascii()
        and stamp.isdigit()
        and len(stamp) < 13
        and (abs(now.timestamp() - int(stamp)) <= TOLERANCE.total_seconds())
    )


def _hex(secret: bytes, signed: bytes) -> str:
    return hmac.digest(secret, signed, hashlib.sha256).hex()
