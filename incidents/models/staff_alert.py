from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.lib import times
from incidents.models.access import Staff
from incidents.models.incident import Incident
from incidents.models.page import Page
from incidents.models.subscriber import Channel

STAFF_CHANNELS = (Channel.EMAIL, Channel.SLACK, Channel.WEBHOOK)


class StaffContact(models.Model):
    """Where one of staff is told: `place` is a mail address or a URL. It is no subscriber.

    Who is not on duty is reminded of their own tasks alone, and is offered for no alert.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="staff_contacts")
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    place = models.CharField(max_length=2000)
    secret = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, default="ja")
    is_on_duty = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "channel", "place"], name="staff_contact_once_a_page"),
            models.CheckConstraint(
                condition=Q(channel__in=STAFF_CHANNELS), name="staff_are_told_by_mail_chat_or_webhook"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AlertStep(models.Model):
    """Who of a page is told `after_minutes` of an alert's beginning, as long as nobody acknowledged it."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="alert_steps")
    after_minutes = models.PositiveSmallIntegerField(default=0)
    contacts = models.ManyToManyField(StaffContact, related_name="steps")

    class Meta:
        ordering = ["after_minutes", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "after_minutes"], name="alert_step_once_a_minute")
        ]

    def __str__(self) -> str:
        return f"after {self.after_minutes} minutes"


class StaffAlertKind(models.TextChoices):
    INCIDENT = "incident", _("Incident")
    MONITOR = "monitor", _("Monitor stopped")
    OUTBOX = "outbox", _("Notices are stuck")
    NETWORK = "network", _("Our own network is suspect")
    CANARY = "canary", _("Checks cannot be believed")
    SILENT = "silent", _("Nothing is checked")
    HELD = "held", _("Old notices are held")
    PAUSED = "paused", _("Mails are paused")


class StaffAlert(models.Model):
    """Something that staff are told of until one of them acknowledges it or it is over.

    `subject` tells apart what one kind may be about at the same time. `steps_taken` counts those of every round,
    from `starts_at` on; `next_at` is when the next is due, none where nothing follows. `is_worse`: it became
    worse since it was last told. An incident's own acknowledgement counts; `acknowledged_name` is of whoever
    gave it by a link.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="staff_alerts")
    kind = models.CharField(max_length=10, choices=StaffAlertKind.choices)
    subject = models.CharField(max_length=40, blank=True)
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="staff_alerts"
    )
    about = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField(default=times.now)
    starts_at = models.DateTimeField(default=times.now)
    steps_taken = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    is_worse = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    acknowledged_name = models.CharField(max_length=100, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["next_at"], name="staff_alert_open", condition=Q(ended_at__isnull=True))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "kind", "subject"],
                condition=Q(ended_at__isnull=True),
                name="one_open_alert_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(kind="incident", incident__isnull=False)
                | (~Q(kind="incident") & Q(incident__isnull=True)),
                name="alert_of_incident_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def is_live(self) -> bool:
        """Whether anybody is still to be told."""
        if self.ended_at is not None or self.acknowledged_at is not None:
            return False
        incident = self.incident
        return incident is None or (incident.is_open and incident.acknowledged_at is None)
