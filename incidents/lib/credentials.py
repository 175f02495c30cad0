"""What a caller shows in its Authorization header."""

import base64
import binascii


def bearer_token(authorization: str) -> str:
    """Empty where the header shows none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic_password(authorization: str) -> str:
    """Empty where the header shows none, or one that is not UTF-8."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
