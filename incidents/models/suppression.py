from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models.outbox import Delivery
from incidents.models.page import Page
from incidents.models.subscriber import Subscriber


class SuppressionReason(models.TextChoices):
    BOUNCE = "bounce", "hard bounce"
    COMPLAINT = "complaint", "complaint"
    ERASED = "erased", "erased"
    STAFF = "staff", "by staff"


class Suppression(models.Model):
    """An address that nothing is sent to, by any page. Only a keyed hash of it is kept."""

    address = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=10, choices=SuppressionReason.choices)
    words = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.reason} {self.address[:8]}"


class MailEventKind(models.TextChoices):
    HARD = "hard", _("hard bounce")
    SOFT = "soft", _("soft bounce")
    COMPLAINT = "complaint", _("complaint")


OF_OUR_SENDING = Q(code__startswith="5.7.") | Q(code__startswith="4.7.")


class MailEvent(models.Model):
    """What came back of a mail: a bounce or a complaint, told by a DSN or by a provider, once each.

    Of a soft one the code tells whether it is about the address or, as RFC 3463 keeps x.7.x for, about how we send.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="mail_events")
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.SET_NULL, null=True, blank=True, related_name="mail_events"
    )
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="mail_events"
    )
    kind = models.CharField(max_length=10, choices=MailEventKind.choices)
    code = models.CharField(max_length=10, blank=True)
    words = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["page", "at"], name="mail_event_by_page")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}".strip()

    @property
    def is_of_our_sending(self) -> bool:
        return self.kind == MailEventKind.SOFT and self.code.startswith(("5.7.", "4.7."))
