from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incidents.models.access import Staff
from incidents.models.incident import Incident, Update


class LogKind(models.TextChoices):
    FINDING = "finding", _("Finding")
    DETECTION = "detection", _("Detection")
    ENQUIRY = "enquiry", _("Enquiry")
    ACTION = "action", _("Action")
    ESCALATION = "escalation", _("Escalation")
    REPLY = "reply", _("Reply")
    PUBLIC_UPDATE = "public_update", _("Public update")


class LogSource(models.TextChoices):
    STAFF = "staff", _("Staff")
    MONITOR = "monitor", pgettext_lazy("source", "Monitoring")
    SYSTEM = "system", _("System")
    IMPORT = "import", _("Imported report")


class LogEntry(models.Model):
    """A line of the incident's internal timeline.

    A *public update* has no text of its own: its line is worded from what the update changed.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="log")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=14, choices=LogKind.choices)
    source = models.CharField(max_length=10, choices=LogSource.choices)
    text = models.TextField(max_length=5000, blank=True)
    author = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="log_entries"
    )
    update = models.OneToOneField(
        Update, on_delete=models.CASCADE, null=True, blank=True, related_name="log_entry"
    )

    class Meta:
        ordering = ["happened_at", "id"]
        verbose_name_plural = "log entries"
        indexes = [models.Index(fields=["incident", "happened_at", "id"], name="log_in_order")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="public_update", update__isnull=False, text="")
                | (~Q(kind="public_update") & Q(update__isnull=True) & ~Q(text="")),
                name="log_entry_is_text_or_update",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.happened_at:%Y-%m-%d %H:%M} {self.text or self.kind}"
