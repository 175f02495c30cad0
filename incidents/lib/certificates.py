"""Certificates in PEM."""

from cryptography import x509

from incidents.lib.errors import Refused


def check_authorities(text: str, *, field: str) -> None:
    """Raises Refused unless the text holds certificates in PEM."""
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        message = "expected certificates in PEM, each from BEGIN CERTIFICATE to END CERTIFICATE"
        raise Refused(message, field=field) from error
