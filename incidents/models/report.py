from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.access import Staff
from incidents.models.incident import Incident
from incidents.models.log import LogEntry
from incidents.models.service import Service


class ReportState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")


class Edition(models.TextChoices):
    FINAL = "final", _("Final")
    INTERIM = "interim", _("Interim")
    FIRST = "first", _("First report")


class Report(models.Model):
    """The post-incident report of one incident: what only people know, beside what the record tells.

    Title, timeline and update lines are not stored: they are built from the service and the log.
    `number` is given at the first issue and never changes. Instants are shown in `time_zone`; the texts are
    written in `language`.
    """

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="report")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="reports")
    number = models.CharField(max_length=18, null=True, blank=True, unique=True)
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    edition = models.CharField(max_length=10, choices=Edition.choices, default=Edition.FINAL)
    revision = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8)
    time_zone = models.CharField(max_length=64)
    organisation = models.CharField(max_length=100)
    subject = models.CharField(max_length=150)
    what_happened = models.TextField(blank=True)
    scope = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    measures = models.TextField(blank=True)
    period_from = models.DateTimeField()
    period_until = models.DateTimeField(null=True, blank=True)
    from_is_approximate = models.BooleanField(default=True)
    until_is_approximate = models.BooleanField(default=True)
    issued_on = models.DateField(null=True, blank=True)
    revised_on = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_until__isnull=True) | Q(period_until__gte=F("period_from")),
                name="report_period_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(number__isnull=False, issued_on__isnull=False, issued_at__isnull=False),
                name="issued_report_has_number_and_date",
            ),
            models.CheckConstraint(
                condition=Q(revision=1, revised_on__isnull=True)
                | Q(revision__gt=1, revised_on__isnull=False),
                name="revision_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft for {self.incident.reference}"


class ReportLine(models.Model):
    """One log entry in a report: left out, reworded for it, or joined to the line before; the log stays."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="lines")
    entry = models.ForeignKey(LogEntry, on_delete=models.CASCADE, related_name="+")
    is_included = models.BooleanField(default=True)
    wording = models.TextField(max_length=5000, blank=True)
    is_joined = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "entry"], name="entry_once_a_report")]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.entry_id}"
