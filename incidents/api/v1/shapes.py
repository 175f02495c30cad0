"""The record as the API tells it: every field is named here, none is told by accident. Instants are in UTC."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incidents.models import Customer, Delivery, DeliveryState, MailEvent, Notice, Subscriber
from incidents.queries.choices import KINDS
from incidents.queries.deliveries import Proof, Waits
from incidents.queries.v2.stamps import stamp, stamp_or_none

UTC = ZoneInfo("UTC")


def tell_notice(notice: Notice) -> dict[str, Any]:
    """`number` is that of the update among those of its incident or maintenance."""
    update = notice.update or notice.maintenance_update
    return {
        "id": notice.pk,
        "page": notice.page.host,
        "kind": notice.kind,
        "incident": notice.incident.reference if notice.incident else None,
        "maintenance": notice.maintenance.public_id if notice.maintenance else None,
        "report": notice.report.number if notice.report else None,
        "title": _title(notice),
        "number": update.number if update else None,
        "audience": notice.audience,
        "created_at": stamp(notice.created_at, UTC),
        "due_at": stamp(notice.due_at, UTC),
        "expires_at": stamp(notice.expires_at, UTC),
    }


def tell_proof(proof: Proof) -> dict[str, Any]:
    return {
        **tell_notice(proof.notice),
        "counts": dict(proof.counts),
        "first_sent_at": _at(proof.first_sent_at),
        "last_sent_at": _at(proof.last_sent_at),
        "wait_seconds": _waits(proof.waits),
        "domain_count": proof.domain_count,
        "domains": [
            {
                "domain": row.domain,
                "total": row.total,
                "sent": row.sent,
                "waiting": row.waiting,
                "lost": row.lost,
                "wait_seconds": _waits(row.waits),
            }
            for row in proof.domains
        ],
        "replies": [asdict(group) for group in proof.replies],
        "slowest": [tell_delivery(delivery) for delivery in proof.slowest],
    }


def tell_delivery(delivery: Delivery) -> dict[str, Any]:
    """`next_attempt_at` while it waits."""
    waits = delivery.state == DeliveryState.QUEUED
    return {
        "id": delivery.public_id,
        "subscriber": delivery.reader.public_id,
        "email": delivery.reader.email,
        "channel": delivery.channel,
        "domain": delivery.domain,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "code": delivery.last_code,
        "reply": delivery.last_reply,
        "next_attempt_at": _at(delivery.next_attempt_at) if waits else None,
        "sent_at": _at(delivery.sent_at),
        "expires_at": stamp(delivery.expires_at, UTC),
    }


def tell_history(delivery: Delivery) -> dict[str, Any]:
    """A delivery to a subscriber who is known, with what it told and what came back of it."""
    events = [tell_event(event) for event in delivery.mail_events.all()]
    return {**tell_delivery(delivery), "notice": tell_notice(delivery.notice), "events": events}


def tell_event(event: MailEvent) -> dict[str, Any]:
    return {"kind": event.kind, "code": event.code, "words": event.words, "at": stamp(event.at, UTC)}


def tell_subscriber(subscriber: Subscriber) -> dict[str, Any]:
    """`services` and `groups` None: everything, also what is added later."""
    is_all = subscriber.all_services
    return {
        "id": subscriber.public_id,
        "page": subscriber.page.host,
        "channel": subscriber.channel,
        "email": subscriber.email,
        "place": subscriber.place,
        "state": subscriber.state,
        "language": subscriber.language,
        "time_zone": subscriber.time_zone or None,
        "services": None if is_all else sorted(service.slug for service in subscriber.services.all()),
        "groups": None if is_all else sorted(group.name for group in subscriber.groups.all()),
        "kinds": [kind for kind in KINDS if getattr(subscriber, f"wants_{kind}")],
        "stages": subscriber.stages,
        "created_at": stamp(subscriber.created_at, UTC),
        "confirmed_at": _at(subscriber.confirmed_at),
        "consent_source": subscriber.consent_source,
        "requested_from": subscriber.requested_from,
        "unsubscribed_at": _at(subscriber.unsubscribed_at),
    }


def tell_customer(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.pk,
        "page": customer.page.host,
        "name": customer.name,
        "services": sorted(service.slug for service in customer.services.all()),
        "conditions": customer.conditions,
        "contacts": [{"name": one.name, "email": one.email} for one in customer.contacts.all()],
    }


def _title(notice: Notice) -> str | None:
    about = notice.incident or notice.maintenance
    return about.title if about else None


def _at(at: datetime | None) -> str | None:
    return stamp_or_none(at, UTC)


def _waits(waits: Waits | None) -> dict[str, int] | None:
    return asdict(waits) if waits else None
