"""What an SPF monitor knows: what was published, and from where mail came."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.monitor import Monitor


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")


class PublishedSet(models.Model):
    """One stretch in which a domain published the same; the open one is what it publishes now.

    `networks` holds [network, path of domains, term]. `fault` says why receivers cannot use the record; `networks`
    are then those found before it.
    """

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="published_sets")
    domain = models.CharField(max_length=253)
    published_from = models.DateTimeField()
    published_until = models.DateTimeField(null=True, blank=True)
    networks = models.JSONField(default=list)
    unflattened = models.JSONField(default=list)
    came = models.JSONField(default=list)
    went = models.JSONField(default=list)
    lookups = models.PositiveSmallIntegerField()
    ttl_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    fault_kind = models.CharField(max_length=10, blank=True)
    fault = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-published_from", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"],
                condition=Q(published_until__isnull=True),
                name="one_open_published_set_a_monitor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} from {self.published_from:%Y-%m-%d %H:%M}"


class SourceHour(models.Model):
    """How often an address came in one hour, and with which outcome. An empty address: all others of the hour,
    which are not kept apart. `domain` and `host` are those it last gave."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="source_hours")
    hour = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    count = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    domain = models.CharField(max_length=253, blank=True)
    host = models.CharField(max_length=253, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "hour", "address", "outcome"], name="one_row_an_hour_of_a_source"
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="a_source_was_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.hour:%Y-%m-%d %H} {self.address or 'others'} {self.outcome}"


class LogPosition(models.Model):
    """How far a log was read for a monitor: kept with the counts that were read, so none counts twice."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="log_positions")
    path = models.CharField(max_length=500)
    inode = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor", "path"], name="one_position_a_log"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.path} {self.position}"
