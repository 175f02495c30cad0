"""The mail addresses of sources: each holds its source's id and a proof made from its secret, so that it ends with
that secret."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from uuid import UUID

from django.conf import settings

from incidents.models import AlertFormat, AlertSource
from incidents.queries.alert import find_source, secrets_of

_ADDRESS = re.compile(r"\balerts\+([0-9a-f]{32})\.([a-z2-7]{16})@")
_PURPOSE = b"alerts by mail"


def address_of(source: AlertSource) -> str:
    """At BOUNCE_DOMAIN, or at the page's host where there is none."""
    domain = settings.BOUNCE_DOMAIN or source.page.host.partition(":")[0]
    return f"alerts+{source.public_id.hex}.{_proof(source.secret)}@{domain}"


def find_addressed(text: str, *, now: datetime) -> AlertSource | None:
    """The source whose address stands in `text`, however its case was changed, at whatever domain."""
    for public_id, proof in _ADDRESS.findall(text.lower()):
        source = find_source(UUID(public_id), kind=AlertFormat.MAIL)
        known = [_proof(secret) for secret in secrets_of(source, now=now)] if source else []
        if any(hmac.compare_digest(proof, one) for one in known):
            return source
    return None


def _proof(secret: str) -> str:
    """80 bits, in letters that survive a change of case."""
    mac = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    return base64.b32encode(mac[:10]).decode().lower()
