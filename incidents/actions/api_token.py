"""Keys of the management API. A key is shown once; what is kept of it is its hash."""

import re
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret
from incidents.models import ApiToken, Scope, Staff

PREFIX = "sp_live_"
USED_STEP = timedelta(minutes=1)
_NAME = re.compile(r"\S(.{0,98}\S)?")


@transaction.atomic
def create_token(name: str, *, scope: str, actor: Staff | None = None) -> tuple[ApiToken, str]:
    """The key is kept nowhere: `sp_live_`, by which scanners of sources know it, and 256 random bits."""
    name = name.strip()
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise Refused("expected one line of 1 to 100 characters", field="name")
    if scope not in Scope.values:
        raise Refused(f"expected one of {', '.join(Scope.values)}", field="scope")
    if ApiToken.objects.filter(name=name).exists():
        raise Refused(f"{name!r} is the name of another key", field="name")
    key = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(name=name, scope=scope, secret_hash=hash_secret(key))
    audit.record("create_api_token", token, actor=actor, after={"name": name, "scope": scope})
    return token, key


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: Staff | None = None) -> ApiToken:
    """At once and for ever; its name stays taken. Doing it twice changes nothing."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record("revoke_api_token", token, actor=actor, after={"name": token.name})
    return token


def note_use(token: ApiToken) -> None:
    """To the minute: a program that asks all the time writes once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= USED_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
