import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models.alert import Alert
from incidents.models.incident import Incident
from incidents.models.maintenance import Maintenance
from incidents.models.service import Service
from incidents.models.states import ServiceStatus


class MonitorKind(models.TextChoices):
    HTTP = "http", "HTTP(S)"
    HEARTBEAT = "heartbeat", _("Heartbeat")
    BASELINE = "baseline", _("Baseline")
    TCP = "tcp", "TCP"
    TLS = "tls", "TLS"
    DNS = "dns", "DNS"
    ICMP = "icmp", "ICMP"
    SMTP = "smtp", "SMTP"
    MAIL_ROUND_TRIP = "mail_round_trip", _("Mail round trip")
    SPF = "spf", _("SPF drift")
    UPSTREAM = "upstream", _("Status page of another")


class Verdict(models.TextChoices):
    UP = "up", _("Up")
    DOWN = "down", _("Down")
    UNSTABLE = "unstable", _("Unstable")
    LOW = "low", _("Lower than usual")
    HIGH = "high", _("Higher than usual")
    UNKNOWN = "unknown", _("No data")


FAILING = (Verdict.DOWN, Verdict.UNSTABLE, Verdict.LOW, Verdict.HIGH)


class Monitor(models.Model):
    """Watches one service. `state` belongs to the judge, `settings` to the checker of its kind.

    The roll-ups of its results are right up to `rolled_until`. `is_charted`: its figures may be shown to the
    public, under its name.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="monitors")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=MonitorKind.choices)
    name = models.CharField(max_length=100)
    target = models.CharField(max_length=2048, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    interval_seconds = models.PositiveIntegerField(default=60)
    enabled = models.BooleanField(default=True)
    parked_reason = models.CharField(max_length=300, blank=True)
    status_when_failing = models.CharField(
        max_length=20, choices=ServiceStatus.choices, default=ServiceStatus.MAJOR_OUTAGE
    )
    token_hash = models.CharField(max_length=64, blank=True)
    state = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.UNKNOWN)
    verdict_at = models.DateTimeField(null=True, blank=True)
    last_result_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    rolled_until = models.DateTimeField(default=timezone.now)
    is_charted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["service_id", "id"]
        indexes = [models.Index(fields=["next_check_at"], name="monitor_due", condition=Q(enabled=True))]
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="monitor_name_once_a_service"),
            models.CheckConstraint(
                condition=Q(interval_seconds__gte=10), name="interval_at_least_ten_seconds"
            ),
            models.CheckConstraint(
                condition=Q(status_when_failing__in=["degraded", "partial_outage", "major_outage"]),
                name="failing_is_an_outage",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CheckResult(models.Model):
    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField()
    ok = models.BooleanField()
    latency_ms = models.FloatField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["monitor", "at"], name="one_result_an_instant")]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.at:%Y-%m-%d %H:%M:%S} {'ok' if self.ok else 'failed'}"


class Observation(models.Model):
    """A value pushed in; `at` is the end of the time it counts."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="observations")
    at = models.DateTimeField()
    value = models.FloatField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["monitor", "at"], name="one_observation_an_instant")]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.at:%Y-%m-%d %H:%M} {self.value:g}"


class AutomationWatch(models.Model):
    """One row: when what happens by itself was last looked after, and until when it is held."""

    heartbeat_at = models.DateTimeField()
    held_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"at work {self.heartbeat_at}"


class Signal(models.Model):
    """One stretch of failing verdicts of one monitor, or one alert of another system; all signals of a service
    fold into one incident.

    One that began while a `maintenance` of the service ran is kept apart: it colours nothing and opens nothing.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="signals")
    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, null=True, blank=True, related_name="signals"
    )
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, blank=True, related_name="signals")
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="signals"
    )
    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.SET_NULL, null=True, blank=True, related_name="signals"
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    status = models.CharField(max_length=20, choices=ServiceStatus.choices)
    started_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    summary = models.CharField(max_length=300)

    class Meta:
        ordering = ["detected_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(ended_at__isnull=True), name="one_open_signal_a_monitor"
            ),
            models.UniqueConstraint(
                fields=["alert"], condition=Q(ended_at__isnull=True), name="one_open_signal_an_alert"
            ),
            models.CheckConstraint(
                condition=Q(monitor__isnull=True) ^ Q(alert__isnull=True),
                name="signal_is_of_a_monitor_or_an_alert",
            ),
        ]

    def __str__(self) -> str:
        return self.summary
