"""Signatures of webhooks, ours and those of others: https://www.standardwebhooks.com."""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def sign(secret: str, *, message_id: str, stamp: str, body: bytes) -> str:
    """One signature as the header holds it; `stamp` is in seconds of the epoch."""
    signed = f"{message_id}.{stamp}.".encode() + body
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    """Behind the prefix stands base64; any other secret is taken as it is."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
