from django.db import models
from django.db.models import F, Q

from incidents.models.monitor import Monitor
from incidents.models.service import Service


class Rolled(models.Model):
    """What one monitor saw in a stretch of time.

    `failing` and `up` are seconds; what is missing to the stretch's length is unknown. Failing is the judge's
    word, from the onset of a signal to its end, as the page showed it, and not that of single results: one
    lost answer is no outage, an alternation of passes and failures is one, and a count has no result but its
    judgement. Up is what results vouch for beside that, each for as long as it is believed. What failed while
    planned work ran is neither. `checks` and `failed` count the results as they came.

    `least`, `median`, `slow` (the 95th percentile) and `most` are of what was measured: milliseconds of a
    check that passed, or the values pushed, as many as `measured`. Those of a day are taken from its hours:
    the median of their medians, the highest `slow`. The usual band is that of one value at that hour.
    """

    up = models.PositiveIntegerField(default=0)
    failing = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    measured = models.PositiveIntegerField(default=0)
    least = models.FloatField(null=True)
    median = models.FloatField(null=True)
    slow = models.FloatField(null=True)
    most = models.FloatField(null=True)
    usual_low = models.FloatField(null=True)
    usual_high = models.FloatField(null=True)

    class Meta:
        abstract = True


class MonitorHour(Rolled):
    """`at` is its beginning; hours are counted from the beginning of a day of the service's page."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="hours")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "at"], name="one_roll_up_an_hour"),
            models.CheckConstraint(condition=Q(up__lte=3600 - F("failing")), name="hour_has_3600_seconds"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.at:%Y-%m-%d %H:%M}"


class MonitorDay(Rolled):
    """A day of the service's page."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["monitor", "day"], name="one_monitor_roll_up_a_day")]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.day}"


class ServiceDay(models.Model):
    """What all monitors of a service saw on a day of its page: seconds, each once, with the worst of them.

    `maintenance` is what failed while planned work ran, which is kept apart.

    `seconds` is the day's true length; what is missing to it is unknown. A day on which nothing was observed
    has no row.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    seconds = models.PositiveIntegerField()
    up = models.PositiveIntegerField()
    maintenance = models.PositiveIntegerField(default=0)
    degraded = models.PositiveIntegerField(default=0)
    partial_outage = models.PositiveIntegerField(default=0)
    major_outage = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        # Most days are whole and up: a year of many services is read by its few other days.
        indexes = [
            models.Index(
                fields=["service", "day"], name="day_not_wholly_up", condition=Q(up__lt=F("seconds"))
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["service", "day"], name="one_service_roll_up_a_day"),
            models.CheckConstraint(
                condition=Q(
                    seconds__gte=F("up")
                    + F("maintenance")
                    + F("degraded")
                    + F("partial_outage")
                    + F("major_outage")
                ),
                name="day_holds_its_seconds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.day}"
