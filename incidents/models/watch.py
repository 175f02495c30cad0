from django.db import models

from incidents.models.monitor import Monitor, Verdict

MAIN_LOCATION = "main"


class Location(models.Model):
    """A place that monitors are checked from, as its own checks tell of it.

    While `canary_wrong_since` stands its results are not used, while `network_suspect_since` stands it takes nobody
    for down. After its clock jumped nothing is decided for a while.
    """

    name = models.CharField(max_length=40, unique=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    canary_wrong_since = models.DateTimeField(null=True, blank=True)
    network_suspect_since = models.DateTimeField(null=True, blank=True)
    clock_jumped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Watch(models.Model):
    """A monitor as one location checks it: when next, who is at it, and what is remembered until then.

    `next_check_at` None: not now, since the monitor is paused or parked. `tries` counts the claims since a check
    was last settled, so that one that kills whoever makes it is found. `state` belongs to the judge and to the
    checker. `verdict` is this location's alone, believed until `believed_until`; `is_reached` whether anything
    answered the last time.
    """

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="watches", db_index=False)
    location = models.CharField(max_length=40, default=MAIN_LOCATION)
    next_check_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    state = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.UNKNOWN)
    last_result_at = models.DateTimeField(null=True, blank=True)
    believed_until = models.DateTimeField(null=True, blank=True)
    is_reached = models.BooleanField(default=True)

    class Meta:
        ordering = ["monitor_id", "location"]
        indexes = [models.Index(fields=["location", "next_check_at"], name="watch_due")]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "location"], name="one_watch_a_location"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} from {self.location}"
