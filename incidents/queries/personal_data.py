"""All that is stored of one address or number, for the person whose it is. Secrets that open links are left out."""

from datetime import datetime
from typing import Any

from incidents.models import AuditEntry, CustomerContact, Delivery, Follow, MailEvent, Subscriber, Wish

FIELDS = (
    *("channel", "email", "endpoint", "language", "time_zone", "state", "all_services", "stages"),
    *("wants_incidents", "wants_maintenance", "wants_reports", "is_locked", "lock_owner"),
    *("created_at", "confirmed_at", "consent_source", "requested_from", "manage_sent_at"),
    *("unsubscribed_at", "leaves_at", "paused_until", "pauses", "failing_since", "disabled_reason"),
)
LEFT_OUT = (
    *("id", "page", "public_id", "api_id"),
    *("secret", "former_secret", "former_secret_until", "manage_nonce", "keep_nonce"),
)


def personal_data(of: Subscriber) -> dict[str, Any]:
    """Of every page, as JSON can hold it; instants in UTC."""
    email = of.email
    same = {"email": email} if email else {"channel": of.channel, "endpoint": of.endpoint}
    subscribers = Subscriber.objects.filter(**same).select_related("page").order_by("pk")
    contacts = CustomerContact.objects.filter(email__iexact=email).select_related("customer").order_by("pk")
    return {
        "email": email or None,
        "subscriptions": [_subscription(subscriber) for subscriber in subscribers],
        "contact_of": [{"customer": row.customer.name, "name": row.name} for row in contacts],
    }


def _subscription(subscriber: Subscriber) -> dict[str, Any]:
    about = AuditEntry.objects.filter(object_type="subscriber", object_id=str(subscriber.pk))
    return {
        "page": subscriber.page.host,
        **{name: _plain(getattr(subscriber, name)) for name in FIELDS},
        "services": list(subscriber.services.order_by("pk").values_list("name", flat=True)),
        "groups": list(subscriber.groups.order_by("pk").values_list("name", flat=True)),
        "follows": [_follow(row) for row in subscriber.follows.select_related("incident").order_by("pk")],
        "asked": [_wish(row) for row in subscriber.wishes.order_by("pk")],
        "mails": [_mail(row) for row in _mails(subscriber)],
        "came_back": [_event(row) for row in subscriber.mail_events.order_by("pk")],
        "changes": [
            {"at": _plain(row.at), "action": row.action, "by": row.actor_name} for row in about.order_by("at")
        ],
    }


def _mails(subscriber: Subscriber) -> Any:
    related = ("notice__incident", "notice__maintenance")
    return subscriber.deliveries.select_related(*related).order_by("pk").iterator(chunk_size=2000)


def _follow(row: Follow) -> dict[str, Any]:
    return {
        "incident": row.incident.reference,
        "last_only": row.last_only,
        "created_at": _plain(row.created_at),
    }


def _wish(row: Wish) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "state": row.state,
        "choices": row.choices,
        "source": row.source,
        "requested_from": row.requested_from,
        "asked_at": _plain(row.asked_at),
    }


def _mail(row: Delivery) -> dict[str, Any]:
    about = row.notice.incident or row.notice.maintenance
    return {
        "kind": row.notice.kind,
        "about": str(about) if about else None,
        "queued_at": _plain(row.notice.created_at),
        "state": row.state,
        "attempts": row.attempts,
        "sent_at": _plain(row.sent_at),
        "code": row.last_code,
        "reply": row.last_reply,
    }


def _event(row: MailEvent) -> dict[str, Any]:
    return {
        "at": _plain(row.at),
        "kind": row.kind,
        "code": row.code,
        "words": row.words,
        "source": row.source,
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
