import secrets
import string
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.access import Staff
from incidents.models.page import Page
from incidents.models.service import Service
from incidents.models.states import ServiceStatus

ID_LETTERS = string.ascii_lowercase + string.digits
ID_LENGTH = 12
LATE = timedelta(hours=1)


def new_maintenance_id() -> str:
    """Twelve random letters and digits, the form that readers of the Statuspage API expect of an id."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


class MaintenanceState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    VERIFYING = "verifying", _("Verifying")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


RUNNING = (MaintenanceState.IN_PROGRESS, MaintenanceState.VERIFYING)
ENDED = (MaintenanceState.COMPLETED, MaintenanceState.CANCELLED)


class Maintenance(models.Model):
    """Planned work in a window that was announced; while it runs, its services have the status expected of them.

    `started_at` and `ended_at` are when it really ran; one that is cancelled while it runs ends then.
    `first_title` is the title as it was announced: the stem of every mail's subject, so that a corrected title
    does not split the thread. `texts` is {language: {"title", "first_title"}} for the languages beside the
    page's first.
    `is_emergency` marks short notice. `revision` grows with every public change.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="maintenances")
    public_id = models.CharField(max_length=12, default=new_maintenance_id, unique=True, editable=False)
    title = models.CharField(max_length=150)
    first_title = models.CharField(max_length=150)
    texts = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=12, choices=MaintenanceState.choices, default=MaintenanceState.SCHEDULED
    )
    is_emergency = models.BooleanField(default=False)
    scheduled_from = models.DateTimeField()
    scheduled_until = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    auto_start = models.BooleanField(default=True)
    auto_finish = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-scheduled_from", "-id"]
        indexes = [
            models.Index(fields=["page", "state", "scheduled_from"], name="maintenance_by_page"),
            models.Index(
                fields=["scheduled_from"],
                name="maintenance_open",
                condition=Q(state__in=["scheduled", "in_progress", "verifying"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="scheduled", started_at__isnull=True, ended_at__isnull=True)
                | Q(state__in=["in_progress", "verifying"], started_at__isnull=False, ended_at__isnull=True)
                | Q(state="completed", started_at__isnull=False, ended_at__isnull=False)
                | Q(state="cancelled", started_at__isnull=True, ended_at__isnull=True)
                | Q(state="cancelled", started_at__isnull=False, ended_at__isnull=False),
                name="maintenance_runs_as_its_state_says",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True)),
                name="cancelled_maintenance_says_when",
            ),
            models.CheckConstraint(
                condition=Q(scheduled_until__gt=F("scheduled_from")), name="maintenance_window_has_length"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="maintenance_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.title}"

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    def starts_by_itself(self, *, now: datetime) -> bool:
        """Whether the clock may announce the start. Found an hour late, or when the window is over, it may not:
        nobody knows any more whether the work is being done."""
        is_due = (
            self.state == MaintenanceState.SCHEDULED and self.scheduled_from <= now < self.scheduled_until
        )
        return self.auto_start and is_due and now - self.scheduled_from <= LATE

    def finishes_by_itself(self, *, now: datetime) -> bool:
        is_due = self.is_running and self.scheduled_until <= now
        return self.auto_finish and is_due and now - self.scheduled_until <= LATE

    def waits_for_people(self, *, now: datetime) -> bool:
        """Whether its window says that it should have begun, or ended, and the clock will not see to it."""
        if self.state == MaintenanceState.SCHEDULED:
            return self.scheduled_from <= now and not self.starts_by_itself(now=now)
        return self.is_running and self.scheduled_until <= now and not self.finishes_by_itself(now=now)


class MaintenanceUpdate(models.Model):
    """What was told of a maintenance at one instant: its state and its window as they then were.

    `texts` is {language: {"body", "body_html"}} for the languages beside the page's first.
    """

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="updates")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=MaintenanceState.choices)
    scheduled_from = models.DateTimeField()
    scheduled_until = models.DateTimeField()
    body = models.TextField(max_length=20_000)
    body_html = models.TextField()
    texts = models.JSONField(default=dict, blank=True)
    happened_at = models.DateTimeField()
    published_at = models.DateTimeField()
    created_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    request_key = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["maintenance", "request_key"],
                condition=~Q(request_key=""),
                name="one_maintenance_update_a_request",
            ),
            models.UniqueConstraint(fields=["maintenance", "number"], name="maintenance_update_number_once"),
            models.CheckConstraint(
                condition=Q(scheduled_until__gt=F("scheduled_from")), name="told_window_has_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.maintenance_id} #{self.number}"


class MaintenanceService(models.Model):
    """The status that a service has while the maintenance runs."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="services")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="maintenances")
    status = models.CharField(max_length=20, choices=ServiceStatus.choices, default=ServiceStatus.MAINTENANCE)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["maintenance", "service"], name="service_once_a_maintenance"),
            models.CheckConstraint(
                condition=~Q(status__in=["operational", "unknown"]), name="maintenance_is_felt"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.status}"


class MaintenanceChange(StrEnum):
    """What an update changed, seen from the one before it: decides how a mail and a feed name it."""

    FIRST = "first"
    WINDOW = "window"
    STATE = "state"
    OTHER = "other"


def change_of_maintenance(told: MaintenanceUpdate, *, before: MaintenanceUpdate | None) -> MaintenanceChange:
    if before is None:
        return MaintenanceChange.FIRST
    if told.state != before.state:
        return MaintenanceChange.STATE
    window = (told.scheduled_from, told.scheduled_until)
    was = (before.scheduled_from, before.scheduled_until)
    return MaintenanceChange.OTHER if window == was else MaintenanceChange.WINDOW
