"""Mails to one person, and what the record keeps of them: never the address."""

import secrets
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.lib.wake import wake
from incidents.models import NoticeKind, Staff, Subscriber, Wish
from incidents.notices import fanout
from incidents.queries.suppressions import is_suppressed

SENDING = "incidents.tasks.deliver_notices"
ACTOR = "subscriber"


def send_mail(kind: NoticeKind, subscriber: Subscriber, *, wish: Wish | None = None) -> None:
    """Nothing to a suppressed address: its bounces would cost every other reader."""
    if is_suppressed(subscriber.email):
        return
    fanout.queue_personal(kind, subscriber, wish=wish)
    record(f"mail_{kind.value}", subscriber)
    transaction.on_commit(lambda: wake(SENDING), robust=True)


def record(
    action: str,
    subscriber: Subscriber,
    *,
    actor: Staff | None = None,
    actor_name: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    by = actor_name or ("" if actor else ACTOR)
    audit.record(action, subscriber, actor=actor, actor_name=by, before=before, after=after)


def lock(subscriber: Subscriber) -> Subscriber:
    """As it is now, held until the transaction ends: two requests at once act one after the other."""
    return Subscriber.objects.select_for_update(of=("self",)).select_related("page").get(pk=subscriber.pk)


def new_nonce() -> str:
    return secrets.token_hex(16)
