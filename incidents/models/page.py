from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.lib import times


def default_languages() -> list[str]:
    return ["ja", "en"]


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Public")
    PRIVATE = "private", _("Private")


class Page(models.Model):
    """A status page: one host, one organisation, one zone; its first language is the one at `/`.

    It shows its own services, and those of other, public pages that were chosen for it (`also_shows`).
    `theme` holds the values of CSS variables, `links` a list of {"label": {language: text}, "url": …},
    `footer` a text per language. `mail_paused_at`: notices to many wait until staff let them go on,
    which they last did at `mail_resumed_at`. `report_days` is how many business days after the end of an
    incident its report is promised for, None for none. `four_eyes`: a report is issued once a second person approved
    it. `letterhead` are the lines under the organisation's name on printed reports.
    `allowed_networks` are CIDRs whose visitors may read a private page.
    """

    name = models.CharField(max_length=100)
    organisation = models.CharField(max_length=100)
    host = models.CharField(max_length=253, unique=True)
    time_zone = models.CharField(max_length=64, default="Asia/Tokyo")
    languages = models.JSONField(default=default_languages)
    reply_to = models.EmailField(blank=True)
    is_automation_off = models.BooleanField(default=False)
    automatic_recipients = models.PositiveIntegerField(default=10_000)
    alert_repeat_minutes = models.PositiveSmallIntegerField(default=0)
    mail_paused_at = models.DateTimeField(null=True, blank=True)
    mail_resumed_at = models.DateTimeField(null=True, blank=True)
    mail_pause_reason = models.CharField(max_length=300, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    password = models.CharField(max_length=128, blank=True)
    allowed_networks = models.JSONField(default=list, blank=True)
    also_shows = models.ManyToManyField("incidents.Service", related_name="also_on", blank=True)
    theme = models.JSONField(default=dict, blank=True)
    links = models.JSONField(default=list, blank=True)
    footer = models.JSONField(default=dict, blank=True)
    security_contact = models.CharField(max_length=300, blank=True)
    report_days = models.PositiveSmallIntegerField(null=True, blank=True, default=10)
    four_eyes = models.BooleanField(default=False)
    letterhead = models.TextField(blank=True, max_length=500)
    partial_outage_weight = models.FloatField(default=0.3)
    hold_seconds = models.PositiveSmallIntegerField(default=30)
    revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=times.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="page_has_name"),
            models.CheckConstraint(
                condition=models.Q(hold_seconds__lte=120), name="hold_at_most_two_minutes"
            ),
            models.CheckConstraint(
                condition=models.Q(partial_outage_weight__gte=0, partial_outage_weight__lte=1),
                name="partial_outage_weighs_a_share",
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

    @property
    def is_private(self) -> bool:
        return self.visibility == Visibility.PRIVATE


class Logo(models.Model):
    """A page's logo, re-encoded as PNG; `digest` tells one from another."""

    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="logo")
    png = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=16, default="")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"logo of {self.page_id}"
