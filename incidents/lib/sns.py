"""Messages of Amazon SNS: whether Amazon signed one, and with whom a subscription may be confirmed.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

from incidents.lib.errors import Refused

# The host of a region, whole: "sns.eu-west-1.amazonaws.com.evil.example" ends otherwise.
_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES: Mapping[str, Callable[[], HashAlgorithm]] = {"1": SHA1, "2": SHA256}

FetchCertificate = Callable[[str], bytes]
"""The PEM at an address that has been checked; Refused where there is none."""


def check_host(url: Any) -> str:
    """The address itself, if it is one of SNS; else Refused: whoever asks it would ask anybody."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        port = parts.port
    except ValueError:
        raise Refused("expected an address of Amazon SNS") from None
    is_plain = parts.scheme == "https" and port is None and "@" not in parts.netloc and "\\" not in str(url)
    if not is_plain or not _HOST.fullmatch(parts.hostname or ""):
        raise Refused("expected an address of Amazon SNS")
    return str(url)


def check_signature(message: Mapping[str, Any], *, fetch: FetchCertificate) -> None:
    """Refused unless Amazon signed the message."""
    signed, new_hash = _signed_text(message), _HASHES.get(str(message.get("SignatureVersion")))
    if new_hash is None:
        raise Refused("expected SignatureVersion 1 or 2")
    pem = fetch(check_host(message.get("SigningCertURL")))
    try:
        key = load_pem_x509_certificate(pem).public_key()
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
        if not isinstance(key, RSAPublicKey):
            raise Refused("expected an RSA certificate")
        key.verify(signature, signed, PKCS1v15(), new_hash())
    except (InvalidSignature, binascii.Error, ValueError):
        raise Refused("the signature is not Amazon's") from None


def _signed_text(message: Mapping[str, Any]) -> bytes:
    names = _SIGNED.get(str(message.get("Type")))
    if names is None:
        raise Refused("expected a message of Amazon SNS")
    lines = [(name, message[name]) for name in names if name in message]
    if not all(isinstance(value, str) for _, value in lines):
        raise Refused("expected a message of Amazon SNS")
    return "".join(f"{name}\n{value}\n" for name, value in lines).encode()
