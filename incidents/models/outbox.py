from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident, Update
from incidents.models.maintenance import Maintenance, MaintenanceUpdate
from incidents.models.page import Page
from incidents.models.report import Measure, Report
from incidents.models.staff_alert import StaffAlert, StaffContact
from incidents.models.subscriber import Channel, Subscriber, new_public_id
from incidents.models.wish import Wish

UPDATE_LIFE = timedelta(hours=24)


def end_of_life() -> datetime:
    return timezone.now() + UPDATE_LIFE


class NoticeKind(models.TextChoices):
    CONFIRM = "confirm", "confirm"
    ALREADY = "already", "already subscribed"
    MANAGE = "manage", "manage link"
    FOLLOW = "follow", "confirm to follow an incident"
    MOVE = "move", "confirm a new address"
    MOVED = "moved", "address changed"
    KEEP = "keep", "keep a shared mailbox"
    OWNER = "owner", "confirm an endpoint"  # to the mail address of who named it
    ENDPOINTS = "endpoints", "links to one's endpoints"
    DISABLED = "disabled", "endpoint disabled"
    CODE = "code", "code by text message"
    UPDATE = "update", "update"
    REPORT = "report", "report"
    MAINTENANCE = "maintenance", "maintenance"
    MEASURES = "measures", "measures are carried out"
    STAFF = "staff", "alert to staff"
    REMINDER = "reminder", "reminder of a measure"


class Notice(models.Model):
    """What is told, once, to an audience fixed when it was written.

    `sequence` orders the notices of one `thread`: all that is told of one incident, or of one maintenance.
    A mail that asks one person to confirm is of a `wish`.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    update = models.OneToOneField(
        Update, on_delete=models.CASCADE, null=True, blank=True, related_name="notice"
    )
    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    maintenance_update = models.OneToOneField(
        MaintenanceUpdate, on_delete=models.CASCADE, null=True, blank=True, related_name="notice"
    )
    wish = models.ForeignKey(Wish, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices")
    staff_alert = models.ForeignKey(
        StaffAlert, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    thread = models.CharField(max_length=32, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    audience = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=end_of_life)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="update", update__isnull=False, incident__isnull=False)
                | Q(kind__in=["report", "measures"], report__isnull=False, incident__isnull=False)
                | Q(kind="maintenance", maintenance_update__isnull=False, maintenance__isnull=False)
                | Q(kind="staff", staff_alert__isnull=False)
                | Q(kind="reminder", measure__isnull=False)
                | Q(
                    kind__in=[
                        *("confirm", "already", "manage", "follow", "move", "moved", "keep"),
                        *("owner", "endpoints", "disabled", "code"),
                    ],
                    update__isnull=True,
                    report__isnull=True,
                ),
                name="notice_tells_what_its_kind_says",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class AudiencePart(models.Model):
    """Some of those a notice is for, by id, written when it was published; kept until the notice expires.

    Each becomes a delivery soon after. Whoever subscribes or chooses otherwise in between changes nothing.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="audience_parts")
    number = models.PositiveIntegerField()
    subscriber_ids = models.TextField()  # separated by commas
    size = models.PositiveIntegerField()
    expanded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "number"], name="part_once_a_notice")]
        indexes = [
            models.Index(fields=["notice", "number"], name="part_waiting", condition=Q(expanded_at=None))
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.notice_id}"


class DeliveryState(models.TextChoices):
    QUEUED = "queued", "queued"
    SENDING = "sending", "sending"
    HELD = "held", "held"  # old when a sender came back: staff say whether it is still to be sent
    SENT = "sent", "sent"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"
    EXPIRED = "expired", "expired"
    PARKED = "parked", "parked"


PENDING_DELIVERY = (DeliveryState.QUEUED, DeliveryState.SENDING)


class Lane(models.TextChoices):
    """Queues that do not wait for each other. A recipient domain may have one of its own, named after it; of the
    channels that are not mail each host has one, named `channel:host`, and ENDPOINTS stands for all of these."""

    STAFF = "staff", "mails to staff"
    STAFF_ENDPOINTS = "staff:endpoints", "webhooks and chats of staff"
    PERSONAL = "personal", "personal mails"
    NOTICES = "notices", "notices to many"
    ENDPOINTS = "endpoints", "webhooks, chats and text messages"


STAFF_LANES = (Lane.STAFF, Lane.STAFF_ENDPOINTS)


def is_endpoint_lane(lane: str) -> bool:
    return ":" in lane


def endpoint_lane(channel: str, domain: str) -> str:
    return f"{channel}:{domain}"


PAUSED_LANE = "paused:"
"""With the page's id: no sender serves it. No domain holds a colon."""


class Delivery(models.Model):
    """One notice to one subscriber, or to one of staff, by one channel: the queue's row. Its instants are the real
    clock's.

    `domain` is where the message goes: of a mail, the recipient's.
    """

    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )  # told_once_a_channel serves
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    contact = models.ForeignKey(
        StaffContact, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    public_id = models.CharField(max_length=32, default=new_public_id, editable=False)
    thread = models.CharField(max_length=32, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    lane = models.CharField(max_length=253, default=Lane.NOTICES)
    domain = models.CharField(max_length=253, blank=True)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    maybe_sent = models.BooleanField(default=False)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_code = models.CharField(max_length=10, blank=True)
    last_reply = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notice", "subscriber", "channel"], name="told_once_a_channel"),
            models.UniqueConstraint(
                fields=["notice", "contact", "channel"],
                condition=Q(contact__isnull=False),
                name="staff_told_once_a_channel",
            ),
            models.CheckConstraint(
                condition=Q(subscriber__isnull=False, contact__isnull=True)
                | Q(subscriber__isnull=True, contact__isnull=False),
                name="delivery_has_one_recipient",
            ),
            # Not `unique=True`, which on PostgreSQL brings a second index that every insertion pays for.
            models.UniqueConstraint(fields=["public_id"], name="delivery_public_id"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="sent_delivery_says_when",
            ),
            models.CheckConstraint(
                condition=Q(lease_owner="") | Q(state="sending"), name="only_sending_is_leased"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "next_attempt_at"], name="delivery_due", condition=Q(state="queued")
            ),
            models.Index(
                fields=["subscriber", "thread", "sequence"],
                name="delivery_order",
                condition=Q(state__in=["queued", "sending", "held"]),
            ),
            models.Index(fields=["lease_owner"], name="delivery_leased", condition=Q(state="sending")),
            models.Index(fields=["notice"], name="delivery_held", condition=Q(state="held")),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.subscriber_id or self.contact}: {self.state}"

    @property
    def reader(self) -> Subscriber:
        """Of what is not told to staff."""
        assert self.subscriber is not None
        return self.subscriber


class Throttle(models.Model):
    """What holds senders back from a mail server, or from the lane of one recipient domain; all share it.

    `rate` is mails a second, `connections` how many senders may serve the lane at once; None sets no limit.
    """

    key = models.CharField(max_length=260, primary_key=True)
    is_lane = models.BooleanField()
    rate = models.FloatField(null=True, blank=True)
    connections = models.PositiveSmallIntegerField(null=True, blank=True)
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    pause_seconds = models.FloatField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    last_reply = models.CharField(max_length=320, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class OutboxWatch(models.Model):
    """One row: when a sender was last at work, and when the rows were last compared with what was published."""

    heartbeat_at = models.DateTimeField()
    swept_at = models.DateTimeField()
    accepted_clock_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"at work {self.heartbeat_at}"
