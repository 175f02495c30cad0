"""Messages of Amazon SNS: signed by Amazon, or not believed."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from incidents.lib.errors import Refused
from incidents.lib.sns import check_host, check_signature

KEY = generate_private_key(public_exponent=65537, key_size=2048)
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"


def certificate(key: RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=3650))
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def message(version: str = "2", *, key: RSAPrivateKey = KEY, **changed: Any) -> dict[str, Any]:
    made = {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
        "Subject": "ALARM",
        "Message": "{}",
        "Timestamp": "2026-05-02T00:54:06.655Z",
    } | changed
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{made[name]}\n" for name in names if name in made).encode()
    signature = key.sign(signed, PKCS1v15(), SHA256() if version == "2" else SHA1())
    return {
        **made,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": URL,
    }


def check(given: dict[str, Any]) -> None:
    check_signature(given, fetch=lambda url: certificate(KEY))


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_amazon_signed_is_believed(version: str) -> None:
    check(message(version))


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}x"},
        {"TopicArn": "arn:aws:sns:eu-west-1:666:theirs"},
        {"Subject": "OK"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": "1"},
        {"Signature": "AAAA"},
        {"Signature": "?"},
        {"Signature": None},
        {"Type": "Other"},
        {"Type": []},
        {"Message": 1},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": None},
    ],
)
def test_what_was_changed_is_not(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        check({**message(), **changed})


def test_what_another_key_signed_is_not() -> None:
    with pytest.raises(Refused):
        check(message(key=generate_private_key(public_exponent=65537, key_size=2048)))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com:8443/",
        "https://sns.eu-west-1.amazonaws.com@evil.example/",
        "https://evil.example/sns.eu-west-1.amazonaws.com",
        "https://sns.eu-west-1.amazonaws.com.evil.example/",
        "https://evilsns.eu-west-1.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/",
        "https://bucket.s3.amazonaws.com/x.pem",
        "",
        None,
        1,
    ],
)
def test_no_address_but_amazons_is_asked(url: Any) -> None:
    with pytest.raises(Refused):
        check_host(url)


def test_amazons_own_is_asked() -> None:
    assert check_host(URL) == URL
