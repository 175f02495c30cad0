from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone


def default_languages() -> list[str]:
    return ["ja", "en"]


class Page(models.Model):
    """A status page: one host, one organisation, one zone; its first language is the one at `/`."""

    name = models.CharField(max_length=100)
    organisation = models.CharField(max_length=100)
    host = models.CharField(max_length=253, unique=True)
    time_zone = models.CharField(max_length=64, default="Asia/Tokyo")
    languages = models.JSONField(default=default_languages)
    reply_to = models.EmailField(blank=True)
    hold_seconds = models.PositiveSmallIntegerField(default=30)
    revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="page_has_name"),
            models.CheckConstraint(
                condition=models.Q(hold_seconds__lte=120), name="hold_at_most_two_minutes"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def first_language(self) -> str:
        return str(self.languages[0])
