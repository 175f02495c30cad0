from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from incidents.models.access import Staff
from incidents.models.page import Page


class Announcement(models.Model):
    """A text pinned over a page until `until`, if given, or until it is taken down (`unpinned_at`).

    `texts` is {language: {"body", "body_html"}} for the languages beside the page's first.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="announcements")
    body = models.TextField(max_length=20_000)
    body_html = models.TextField()
    texts = models.JSONField(default=dict, blank=True)
    pinned_at = models.DateTimeField(default=timezone.now)
    pinned_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    unpinned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pinned_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page"], condition=Q(unpinned_at__isnull=True), name="one_announcement_pinned_a_page"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("pinned_at")),
                name="announcement_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return f"announcement of {self.page_id}, {self.pinned_at:%Y-%m-%d %H:%M}"
