from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident, Update
from incidents.models.maintenance import Maintenance, MaintenanceUpdate
from incidents.models.page import Page
from incidents.models.report import Report
from incidents.models.subscriber import Subscriber, new_public_id


class NoticeKind(models.TextChoices):
    CONFIRM = "confirm", "confirm"
    ALREADY = "already", "already subscribed"
    MANAGE = "manage", "manage link"
    UPDATE = "update", "update"
    REPORT = "report", "report"
    MAINTENANCE = "maintenance", "maintenance"


class Channel(models.TextChoices):
    EMAIL = "email", "email"


class Notice(models.Model):
    """What is told, once, to an audience fixed when it was written. `sequence` orders the notices of an incident
    or of a maintenance."""

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
    sequence = models.PositiveIntegerField(default=0)
    audience = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="update", update__isnull=False, incident__isnull=False)
                | Q(kind="report", report__isnull=False, incident__isnull=False)
                | Q(kind="maintenance", maintenance_update__isnull=False, maintenance__isnull=False)
                | Q(kind__in=["confirm", "already", "manage"], update__isnull=True, report__isnull=True),
                name="notice_tells_what_its_kind_says",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class DeliveryState(models.TextChoices):
    QUEUED = "queued", "queued"
    SENDING = "sending", "sending"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"
    EXPIRED = "expired", "expired"
    PARKED = "parked", "parked"


PENDING_DELIVERY = (DeliveryState.QUEUED, DeliveryState.SENDING)


class Delivery(models.Model):
    """One notice to one subscriber by one channel: the queue's row. Its instants are the real clock's."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    public_id = models.CharField(max_length=32, default=new_public_id, unique=True, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    sequence = models.PositiveIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=1)
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
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="sent_delivery_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "next_attempt_at"],
                name="delivery_due",
                condition=Q(state__in=["queued", "sending"]),
            ),
            models.Index(
                fields=["subscriber", "incident", "sequence"],
                name="delivery_order",
                condition=Q(state__in=["queued", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.subscriber_id}: {self.state}"
