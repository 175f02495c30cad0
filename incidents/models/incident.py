from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incidents.lib import times
from incidents.models.access import Staff
from incidents.models.estimate import Estimate, RecoveryEstimate
from incidents.models.page import Page
from incidents.models.service import Service
from incidents.models.states import OVER, ServiceStatus, Severity, Stage


class IncidentState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLIC = "public", _("Public")
    DISMISSED = "dismissed", _("Closed without publication")


class Origin(models.TextChoices):
    STAFF = "staff", _("Staff")
    MONITOR = "monitor", pgettext_lazy("source", "Monitoring")
    IMPORT = "import", _("Imported report")


def _estimate_is_whole(name: str) -> models.CheckConstraint:
    known = Q(estimate="known", estimate_from__isnull=False, estimate_until__gte=F("estimate_from"))
    unknown = ~Q(estimate="known") & Q(estimate_from__isnull=True, estimate_until__isnull=True)
    return models.CheckConstraint(condition=known | unknown, name=name)


class Incident(models.Model):
    """One disruption, from its onset to its report.

    `stage`, `severity`, `concerned`, `workaround`, `next_update_at`, `estimate`, `published_at` and
    `resolved_at` are the fold of the updates (`models.fold`); no other code writes them once an update exists.
    `first_title` is the title of the first publication: the stem of every mail's subject, so that a corrected
    title does not split the thread. `ended_untold_at` is the end of a past incident whose record holds no
    update that tells it. `texts` is {language: {"title", "first_title", "concerned", "workaround"}} for the
    languages beside the page's first. `report_due_on` is the day a final report is promised for,
    and `interim_suffices` lets an interim edition keep that promise. `revision` grows
    with every public change, so that what is published of it is renewed; `updated_at` is the instant of the
    last one, and never goes back.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="incidents")
    reference = models.CharField(max_length=24)
    title = models.CharField(max_length=150)
    first_title = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=10, choices=IncidentState.choices, default=IncidentState.DRAFT)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.STAFF)
    stage = models.CharField(max_length=14, choices=Stage.choices, default=Stage.INVESTIGATING)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MINOR)
    concerned = models.CharField(max_length=500, blank=True)
    workaround = models.TextField(max_length=2000, blank=True)
    started_at = models.DateTimeField()
    detected_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    ended_untold_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    publish_due_at = models.DateTimeField(null=True, blank=True)
    auto_published_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="acknowledged_incidents"
    )
    next_update_at = models.DateTimeField(null=True, blank=True)
    estimate = models.CharField(max_length=10, choices=Estimate.choices, default=Estimate.UNSAID, blank=True)
    estimate_from = models.DateTimeField(null=True, blank=True)
    estimate_until = models.DateTimeField(null=True, blank=True)
    report_due_on = models.DateField(null=True, blank=True)
    interim_suffices = models.BooleanField(default=False)
    texts = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=times.now)
    opened_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["page", "state", "-started_at"], name="incident_by_page"),
            models.Index(
                fields=["publish_due_at"], name="draft_due", condition=Q(publish_due_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["page", "reference"], name="incident_reference_once_a_page"),
            models.CheckConstraint(
                condition=Q(state="public", published_at__isnull=False)
                | Q(state__in=["draft", "dismissed"], published_at__isnull=True),
                name="only_public_incident_has_publication",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=OVER, resolved_at__isnull=False)
                | (~Q(stage__in=OVER) & Q(resolved_at__isnull=True)),
                name="incident_over_has_end",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("started_at")),
                name="incident_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(state="dismissed", dismissed_at__isnull=False)
                | (~Q(state="dismissed") & Q(dismissed_at__isnull=True)),
                name="dismissed_incident_says_when",
            ),
            _estimate_is_whole("incident_estimate_is_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state != IncidentState.DISMISSED and self.stage not in OVER

    @property
    def recovery(self) -> RecoveryEstimate:
        return RecoveryEstimate(self.estimate, self.estimate_from, self.estimate_until)


class Update(models.Model):
    """What was told to the public at one instant, in one stage. `happened_at` is the instant shown.

    `texts` is {language: {"body", "body_html", "concerned", "workaround"}} for the languages beside the
    page's first.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    number = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=14, choices=Stage.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    body = models.TextField(max_length=20_000, blank=True)
    body_html = models.TextField(blank=True)
    concerned = models.CharField(max_length=500, blank=True)
    workaround = models.TextField(max_length=2000, blank=True)
    next_update_at = models.DateTimeField(null=True, blank=True)
    estimate = models.CharField(max_length=10, choices=Estimate.choices, default=Estimate.UNSAID, blank=True)
    estimate_from = models.DateTimeField(null=True, blank=True)
    estimate_until = models.DateTimeField(null=True, blank=True)
    texts = models.JSONField(default=dict, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)
    happened_at = models.DateTimeField()
    published_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    request_key = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["happened_at", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "request_key"], condition=~Q(request_key=""), name="one_update_a_request"
            ),
            models.UniqueConstraint(fields=["incident", "number"], name="update_number_once_an_incident"),
            models.CheckConstraint(
                condition=Q(recovered_at__isnull=True) | Q(stage__in=OVER),
                name="recovery_only_when_resolved",
            ),
            models.CheckConstraint(
                condition=Q(next_update_at__isnull=True) | ~Q(stage__in=OVER),
                name="no_promise_after_the_end",
            ),
            _estimate_is_whole("update_estimate_is_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.reference} #{self.number}"

    @property
    def recovery(self) -> RecoveryEstimate:
        """What this update said of it, which may be nothing."""
        return RecoveryEstimate(self.estimate, self.estimate_from, self.estimate_until)


class UpdateScope(models.Model):
    """The status of one service as one update tells it."""

    update = models.ForeignKey(Update, on_delete=models.CASCADE, related_name="scope")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20, choices=ServiceStatus.choices)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["update", "service"], name="service_once_an_update"),
            models.CheckConstraint(
                condition=~Q(status__in=["unknown", "maintenance"]), name="scope_tells_an_outage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.status}"


class UpdateRevision(models.Model):
    """What an update said before it was corrected; `told` is all of it, `body` the words."""

    update = models.ForeignKey(Update, on_delete=models.CASCADE, related_name="revisions")
    body = models.TextField()
    body_html = models.TextField()
    told = models.JSONField(default=dict)
    replaced_at = models.DateTimeField()
    replaced_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["replaced_at", "id"]

    def __str__(self) -> str:
        return f"{self.update_id} until {self.replaced_at:%Y-%m-%d %H:%M}"


class Impact(models.Model):
    """One service in one status for one stretch of an incident; `until_at` is empty while it lasts."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="impacts")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="impacts")
    status = models.CharField(max_length=20, choices=ServiceStatus.choices)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["from_at", "id"]
        indexes = [models.Index(fields=["service", "from_at"], name="impact_by_service")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "service", "from_at"], name="impact_starts_once"),
            models.UniqueConstraint(
                fields=["incident", "service"],
                condition=Q(until_at__isnull=True),
                name="one_open_impact_a_service",
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="impact_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["operational", "unknown", "maintenance"]), name="impact_is_an_outage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.status} from {self.from_at:%Y-%m-%d %H:%M}"
