from django.db import models
from django.utils import timezone

from incidents.models.access import Staff
from incidents.models.incident import Incident
from incidents.models.maintenance import Maintenance
from incidents.models.page import Page
from incidents.models.subscriber import Customer


class CustomerNote(models.Model):
    """A text for chosen customers alone, beside an incident, beside a maintenance, or by itself; it is part of
    nothing published.

    `texts` is {language: {"body", "body_html"}} for the languages beside the page's first.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="customer_notes")
    customers = models.ManyToManyField(Customer, related_name="notes")
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="customer_notes"
    )
    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.CASCADE, null=True, blank=True, related_name="customer_notes"
    )
    body = models.TextField(max_length=20_000)
    body_html = models.TextField()
    texts = models.JSONField(default=dict, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(body=""), name="customer_note_has_text"),
            models.CheckConstraint(
                condition=models.Q(incident=None) | models.Q(maintenance=None),
                name="customer_note_stands_at_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"
