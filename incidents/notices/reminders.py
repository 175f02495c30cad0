"""Mails to a member of staff about what they are to do: through the outbox, as all mail."""

from datetime import timedelta

from django.utils import timezone

from incidents.models import Channel, Delivery, Lane, Measure, Notice, NoticeKind, Page, Staff, StaffContact

LIFE = timedelta(hours=48)


def queue_reminder(measure: Measure) -> None:
    """To its owner, in the transaction of the caller, who wakes the sender once that is committed."""
    page, now = measure.report.incident.page, timezone.now()
    contact = _contact_of(measure.owner, page)
    notice = Notice.objects.create(
        page=page,
        kind=NoticeKind.REMINDER,
        measure=measure,
        audience=1,
        created_at=now,
        due_at=now,
        expires_at=now + LIFE,
    )
    Delivery.objects.create(
        notice=notice,
        contact=contact,
        channel=contact.channel,
        lane=Lane.STAFF,
        domain=contact.place.rpartition("@")[2],
        next_attempt_at=now,
        expires_at=now + LIFE,
    )


def _contact_of(staff: Staff, page: Page) -> StaffContact:
    """Whoever is not on duty is no one's to alert; in the language of their console, where the page has it."""
    language = staff.language if staff.language in page.languages else page.first_language
    contact, _ = StaffContact.objects.get_or_create(
        page=page,
        channel=Channel.EMAIL,
        place=staff.email,
        defaults={"name": str(staff)[:100], "language": language, "is_on_duty": False},
    )
    return contact
