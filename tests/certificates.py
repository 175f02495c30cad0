"""Certificates for servers on loopback: right ones, and wrong in the ways that real ones are."""

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `pem` is what those who trust it hold."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_tls(
        self, *, host: str = "127.0.0.1", days_left: int = 90, maximum: ssl.TLSVersion | None = None
    ) -> ssl.SSLContext:
        """A server's context with a certificate for `host`, an address or a name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder("server", self.certificate.subject, key, days_left)
            .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if maximum is not None:
            context.minimum_version = maximum
            context.maximum_version = maximum
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            Path(file.name).write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(file.name)
        return context


def make_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    certificate = (
        _builder("authority", name, key, 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days_left: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer,
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
        key.public_key(),
        x509.random_serial_number(),
        now - 400 * DAY,
        now + days_left * DAY + timedelta(hours=1),
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
