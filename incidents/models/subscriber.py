import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.page import Page
from incidents.models.service import Service


def new_public_id() -> str:
    """128 random bits, lower-case hex: case-insensitive gateways leave it whole."""
    return secrets.token_hex(16)


class SubscriberState(models.TextChoices):
    PENDING = "pending", "pending"
    ACTIVE = "active", "active"
    UNSUBSCRIBED = "unsubscribed", "unsubscribed"


class Subscriber(models.Model):
    """An address that asked for notices of a page: of all services, or of the chosen ones.

    `api_id` is what programs know it by: made from the address alone, so that it tells nothing of it.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="subscribers")
    public_id = models.CharField(max_length=32, default=new_public_id, unique=True, editable=False)
    api_id = models.CharField(max_length=12, blank=True, db_index=True, editable=False)
    email = models.CharField(max_length=254)
    language = models.CharField(max_length=8, default="ja")
    state = models.CharField(max_length=12, choices=SubscriberState.choices, default=SubscriberState.PENDING)
    all_services = models.BooleanField(default=True)
    services = models.ManyToManyField(Service, blank=True, related_name="subscribers")
    created_at = models.DateTimeField(default=timezone.now)
    confirm_nonce = models.CharField(max_length=32, blank=True)
    confirm_sent_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    manage_nonce = models.CharField(max_length=32, blank=True)
    manage_sent_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "email"], name="address_once_a_page"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False), name="active_is_confirmed"
            ),
        ]
        indexes = [models.Index(fields=["page", "state"], name="subscriber_by_state")]

    def __str__(self) -> str:
        return self.email

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


class Customer(models.Model):
    """A company that uses services of the page; `conditions` say what an update may be for ("uses G Suite").

    `link_nonce` is what its member link is signed over; another one, or none, ends the link and every visit
    that it opened.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="customers")
    name = models.CharField(max_length=150)
    services = models.ManyToManyField(Service, blank=True, related_name="customers")
    conditions = models.JSONField(default=list, blank=True)
    link_nonce = models.CharField(max_length=32, blank=True)
    link_made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["page", "name"], name="customer_name_once_a_page"),
            models.UniqueConstraint(
                fields=["link_nonce"], condition=~Q(link_nonce=""), name="member_link_of_one_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerContact(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "email"], name="contact_once_a_customer")]

    def __str__(self) -> str:
        return self.email
