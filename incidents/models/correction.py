from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.access import Staff
from incidents.models.incident import Incident


class Corrected(models.TextChoices):
    TITLE = "title", _("Title")
    ONSET = "onset", _("Started at")
    END = "end", _("Resolved at")
    SCOPE = "scope", _("Affected services")


class IncidentCorrection(models.Model):
    """One fact of a public incident that was told wrongly; both values stay public.

    `before` and `after` hold for a title {"title", "titles": {language: title}}; for onset and end {"at":
    ISO 8601 or null}; for a scope {"update": its number, "scope": {a service's id: status}}.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="corrections")
    what = models.CharField(max_length=10, choices=Corrected.choices)
    before = models.JSONField()
    after = models.JSONField()
    corrected_at = models.DateTimeField()
    corrected_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-corrected_at", "-id"]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.what}"
