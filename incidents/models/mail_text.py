from django.db import models
from django.utils import timezone

from incidents.models.page import Page


class MailText(models.Model):
    """A page's own words for one part of its mails in one language; checked when it was saved."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="mail_texts")
    part = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    text = models.TextField()
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "part", "language"], name="mail_text_once_a_language")
        ]

    def __str__(self) -> str:
        return f"{self.part} ({self.language})"
