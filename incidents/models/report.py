import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incidents.models.access import Staff
from incidents.models.incident import Incident
from incidents.models.log import LogEntry
from incidents.models.page import Page
from incidents.models.service import Service
from incidents.models.subscriber import Customer


class ReportState(models.TextChoices):
    """Of the text that people work on: what is public is told by the editions that were issued."""

    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    APPROVED = "approved", _("Approved")
    ISSUED = "issued", _("Issued")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Reach(models.TextChoices):
    """Who may read what is issued, and who is told."""

    PAGE = "page", _("On the page, all subscribers are told")
    AUDIENCE = "audience", _("On the page, those whom the incident concerned are told")
    QUIET = "quiet", _("On the page, nobody is told")
    CUSTOMERS = "customers", _("Only for named customers, by a link that expires")


class Edition(models.TextChoices):
    FINAL = "final", _("Final")
    INTERIM = "interim", _("Interim")
    FIRST = "first", _("First report")


class Report(models.Model):
    """The post-incident report of one incident: what only people know, beside what the record tells.

    Title, timeline and update lines are not stored: they are built from the service and the log.
    `number` is given at the first issue and never changes; `issued_at` and `issued_by` are of that, too. Instants are
    shown in `time_zone`; the texts are written in `language`, `texts` holds those of other languages:
    {language: {field: text}}. `greeting` and `apology` are paragraphs that open it, "" for none. `parties` are third
    parties as [{"name", "mask"}]: named for customers, masked for the public. `confirmed` is which claims ("no data
    was lost") somebody vouches for: {claim: {"by", "at"}}.
    """

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="report")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="reports")
    number = models.CharField(max_length=18, null=True, blank=True, unique=True)
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    edition = models.CharField(max_length=10, choices=Edition.choices, default=Edition.FINAL)
    revision = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8)
    time_zone = models.CharField(max_length=64)
    organisation = models.CharField(max_length=100)
    subject = models.CharField(max_length=150)
    what_happened = models.TextField(blank=True)
    scope = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    measures = models.TextField(blank=True)
    apology = models.TextField(blank=True)
    greeting = models.TextField(blank=True)
    texts = models.JSONField(default=dict, blank=True)
    parties = models.JSONField(default=list, blank=True)
    confirmed = models.JSONField(default=dict, blank=True)
    reach = models.CharField(max_length=10, choices=Reach.choices, default=Reach.AUDIENCE)
    period_from = models.DateTimeField()
    period_until = models.DateTimeField(null=True, blank=True)
    from_is_approximate = models.BooleanField(default=True)
    until_is_approximate = models.BooleanField(default=True)
    issued_on = models.DateField(null=True, blank=True)
    revised_on = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_until__isnull=True) | Q(period_until__gte=F("period_from")),
                name="report_period_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "review", "approved"])
                | Q(number__isnull=False, issued_on__isnull=False, issued_at__isnull=False),
                name="issued_report_has_number_and_date",
            ),
            models.CheckConstraint(
                condition=Q(revision=1, revised_on__isnull=True)
                | Q(revision__gt=1, revised_on__isnull=False),
                name="revision_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft for {self.incident.reference}"


class ReportLine(models.Model):
    """One log entry in a report: left out, reworded for it, or joined to the line before; the log stays.

    `wordings` are those of other languages: {language: text}.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="lines")
    entry = models.ForeignKey(LogEntry, on_delete=models.CASCADE, related_name="+")
    is_included = models.BooleanField(default=True)
    wording = models.TextField(max_length=5000, blank=True)
    wordings = models.JSONField(default=dict, blank=True)
    is_joined = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "entry"], name="entry_once_a_report")]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.entry_id}"


class IssuedEdition(models.Model):
    """A report as it was issued: what people signed and customers read does not change with the record.

    `documents` is {language: document as JSON} as the page shows it, `named` the same with third parties by name;
    `signatures` the block of names: [{"role", "name", "on"}]. Once it is withdrawn, `shows_text` says whether readers
    still find its text, marked, or only that and why it was withdrawn.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="editions")
    revision = models.PositiveSmallIntegerField()
    edition = models.CharField(max_length=10, choices=Edition.choices)
    documents = models.JSONField()
    named = models.JSONField(default=dict, blank=True)
    signatures = models.JSONField(default=list, blank=True)
    changes = models.TextField(blank=True, max_length=2000)
    reach = models.CharField(max_length=10, choices=Reach.choices)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    withdrawn_because = models.CharField(max_length=500, blank=True)
    shows_text = models.BooleanField(default=True)

    class Meta:
        ordering = ["report", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["report", "revision"], name="revision_issued_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_because="", shows_text=True)
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_because="")),
                name="withdrawal_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} revision {self.revision}"

    @property
    def is_on_page(self) -> bool:
        return self.reach != Reach.CUSTOMERS


class IssuedFile(models.Model):
    """A file of an edition, written once: when that was issued, and anew with its mark when it was withdrawn.

    `name` is `ja.pdf` as the page offers it, `named/ja.pdf` with third parties by name, and `figure:<name>` for a
    picture, which has its size.
    """

    edition = models.ForeignKey(IssuedEdition, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=60)
    media_type = models.CharField(max_length=100)
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["edition", "name"], name="file_once_an_edition")]

    def __str__(self) -> str:
        return f"{self.name} of {self.edition_id}"


class Role(models.TextChoices):
    WRITTEN = "written", pgettext_lazy("signature", "Written")
    CHECKED = "checked", pgettext_lazy("signature", "Checked")
    APPROVED = "approved", pgettext_lazy("signature", "Approved")


class Signature(models.Model):
    """Somebody who stands for the text as it was at `version`; a later change of the text ends it."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="signatures")
    role = models.CharField(max_length=10, choices=Role.choices)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]
        constraints = [models.UniqueConstraint(fields=["report", "role"], name="role_signed_once_a_report")]

    def __str__(self) -> str:
        return f"{self.role} {self.report_id}"


class Figure(models.Model):
    """An image of a report, re-encoded without what a camera or a program wrote into it. In a section it stands as
    `![alternative text](figure:<name> "caption")`."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="figures")
    name = models.SlugField(max_length=40)
    image = models.BinaryField()
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "name"], name="figure_name_once_a_report")]

    def __str__(self) -> str:
        return self.name


class ReportLink(models.Model):
    """Lets a named customer read the newest edition until it expires; `nonce` is what its address is signed over."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="links")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.report} for {self.customer}"


class ReportTemplate(models.Model):
    """A vendor's own words to begin with, in one language; a section left empty begins empty."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="report_templates")
    language = models.CharField(max_length=8)
    what_happened = models.TextField(blank=True)
    scope = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    measures = models.TextField(blank=True)
    apology = models.TextField(blank=True)
    greeting = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "language"], name="template_once_a_language")]

    def __str__(self) -> str:
        return f"{self.page} {self.language}"


class MeasureState(models.TextChoices):
    OPEN = "open", pgettext_lazy("measure", "Open")
    DONE = "done", pgettext_lazy("measure", "Done")
    DROPPED = "dropped", pgettext_lazy("measure", "Dropped")


class Measure(models.Model):
    """A permanent measure (再発防止策) that somebody is to carry out. `dropped_because` stands where it was dropped."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="measure_items")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="measures")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=MeasureState.choices, default=MeasureState.OPEN)
    ended_at = models.DateTimeField(null=True, blank=True)
    dropped_because = models.CharField(max_length=500, blank=True)
    reminded_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="measure_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text
