from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from incidents.models.page import Page
from incidents.models.states import ServiceStatus

REPORT_CODE = RegexValidator(r"^[A-Z]{2,8}$", "A report code is 2 to 8 capitals, such as HEA.")


class ServiceGroup(models.Model):
    """Services under one name, in another group or at the top. `texts` is {language: {"name", "description"}}
    for the page's other languages."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="groups")
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="subgroups"
    )
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    texts = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_collapsed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "name"], name="group_name_once_a_page"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="group_is_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Policy(models.TextChoices):
    """What a judged failure of a service may do by itself."""

    OBSERVE = "observe", "observe"
    DRAFT = "draft", "draft"
    PUBLISH = "publish", "publish"


class Service(models.Model):
    """A thing that can be down. `manual_status` is what staff set by hand, beside incidents and monitors.

    `texts` is {language: {"name", "description"}} for the page's other languages.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="services")
    group = models.ForeignKey(
        ServiceGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="services"
    )
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=100)
    code = models.CharField(max_length=8, validators=[REPORT_CODE])
    description = models.CharField(max_length=300, blank=True)
    texts = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    manual_status = models.CharField(
        max_length=20, choices=ServiceStatus.choices, default=ServiceStatus.OPERATIONAL
    )
    manual_status_at = models.DateTimeField(null=True, blank=True)
    policy = models.CharField(max_length=10, choices=Policy.choices, default=Policy.DRAFT)
    publish_after_minutes = models.PositiveSmallIntegerField(default=10)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="dependants", blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "slug"], name="service_slug_once_a_page"),
            models.UniqueConstraint(fields=["page", "name"], name="service_name_once_a_page"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z]{2,8}$"), name="report_code_two_to_eight_capitals"
            ),
        ]

    def __str__(self) -> str:
        return self.name
