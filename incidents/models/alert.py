import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.page import Page
from incidents.models.service import Service
from incidents.models.states import ServiceStatus, Severity


class AlertFormat(models.TextChoices):
    ALERTMANAGER = "alertmanager", "Prometheus Alertmanager"
    GRAFANA = "grafana", "Grafana"
    UPTIME_KUMA = "uptime_kuma", "Uptime Kuma"
    HEALTHCHECKS = "healthchecks", "Healthchecks"
    MACKEREL = "mackerel", "Mackerel"
    PAGERDUTY = "pagerduty", "PagerDuty"
    CLOUDWATCH = "cloudwatch", "Amazon CloudWatch"
    PINGDOM = "pingdom", "Pingdom"
    OPSGENIE = "opsgenie", "Opsgenie"
    MAIL = "mail", "Mail"
    GENERIC = "generic", "JSON"


class AlertSource(models.Model):
    """Another system that sends us alerts; all concern `service` where it is set, else its `rules` decide.

    The secret before counts up to `previous_until`, so that the other side can be changed in peace. `topic` is that
    of Amazon SNS from which alone it takes messages, `mapping` how the generic format reads its JSON, or the words by
    which mails are read. What is heard of an alert no more for `silence_hours` is taken to be over; empty: never.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="alert_sources")
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, null=True, blank=True, related_name="alert_sources"
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    format = models.CharField(max_length=20, choices=AlertFormat.choices)
    name = models.CharField(max_length=100)
    secret = models.CharField(max_length=200)
    previous_secret = models.CharField(max_length=200, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    rules = models.JSONField(default=list, blank=True)
    topic = models.CharField(max_length=300, blank=True)
    silence_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_event_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "name"], name="alert_source_name_once_a_page"),
        ]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """What one source says of one thing, from its beginning to its end; `key` is the sender's name for it.

    `title` is the sender's text: for staff alone.
    """

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="alerts")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="alerts")
    key = models.CharField(max_length=300)
    title = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MAJOR)
    started_at = models.DateTimeField()
    last_heard_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], condition=Q(ended_at__isnull=True), name="one_open_alert_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.key}"

    @property
    def name(self) -> str:
        """What may stand in our own sentences: the name that staff gave its source."""
        return self.source.name

    @property
    def status_when_failing(self) -> str:
        return _SUFFERING[Severity(self.severity)]


_SUFFERING = {
    Severity.MINOR: ServiceStatus.DEGRADED,
    Severity.MAJOR: ServiceStatus.PARTIAL_OUTAGE,
    Severity.CRITICAL: ServiceStatus.MAJOR_OUTAGE,
}


class AlertEvent(models.Model):
    """What came in one call, as it was understood: nothing else of a payload is kept. The row is the queue.

    `heard` is a list of {"key", "firing", "title", "severity", "at", "labels"}; `outcome` tells staff what it led
    to, for each alert a {"step"} and what it concerns: {"alert"}, an id, or {"service", "severity"} of a test.
    `confirm_at` is an address to ask once, to confirm a subscription. A test goes the way of any other up to the
    draft, which it does not open.
    """

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=200, blank=True)
    confirm_at = models.CharField(max_length=2000, blank=True)
    received_at = models.DateTimeField()
    heard = models.JSONField(default=list)
    outcome = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    is_test = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], name="alert_event_waits", condition=Q(taken_at__isnull=True)),
            models.Index(fields=["source", "-received_at"], name="alert_event_of_source"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "event_id"], condition=~Q(event_id=""), name="one_alert_event_an_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.received_at:%Y-%m-%d %H:%M:%S}"


class AlertRefusal(models.Model):
    """How often a source's calls were refused in one hour for one reason: counted, so that whoever knows an address
    cannot fill the disk."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="refusals")
    hour = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=200)
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "hour", "status", "reason"], name="one_row_an_hour_of_an_alert_refusal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.hour:%Y-%m-%d %H} {self.status} {self.count}"
