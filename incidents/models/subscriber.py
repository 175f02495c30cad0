import secrets
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models.incident import Incident
from incidents.models.page import Page
from incidents.models.service import Service, ServiceGroup


def new_public_id() -> str:
    """128 random bits, lower-case hex: case-insensitive gateways leave it whole."""
    return secrets.token_hex(16)


class Channel(models.TextChoices):
    EMAIL = "email", _("Email")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    DISCORD = "discord", "Discord"
    SMS = "sms", _("Text message")


class SubscriberState(models.TextChoices):
    PENDING = "pending", "pending"
    ACTIVE = "active", "active"
    UNSUBSCRIBED = "unsubscribed", "unsubscribed"
    DISABLED = "disabled", "disabled"  # by us: what was sent came back, or was complained of


class Stages(models.TextChoices):
    ALL = "all", _("Every update")
    ENDS = "ends", _("The first and the last update only")


class Subscriber(models.Model):
    """Who asked for notices of a page, by one channel: of all services (also those added later), or of the
    chosen groups (with their future members) and services.

    `api_id` is what programs know it by: made from the address alone, so that it tells nothing of it.
    `endpoint` is the URL or the telephone number of a channel that is not mail; `email` then is its owner's.
    `secret` signs what is posted to a webhook, and until then the one before it does too.
    `pauses` counts those that followed one another since mails came back.
    `time_zone` empty is the page's. `requested_from` is the network (/24, /48) the wish came from.
    A locked one is a shared mailbox: who unsubscribes it is overruled where `lock_owner` or the mailbox keeps it
    until `leaves_at`.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="subscribers")
    public_id = models.CharField(max_length=32, default=new_public_id, unique=True, editable=False)
    api_id = models.CharField(max_length=12, blank=True, db_index=True, editable=False)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    email = models.CharField(max_length=254)
    endpoint = models.CharField(max_length=2000, blank=True)
    secret = models.CharField(max_length=100, blank=True)
    former_secret = models.CharField(max_length=100, blank=True)
    former_secret_until = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=8, default="ja")
    time_zone = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=SubscriberState.choices, default=SubscriberState.PENDING)
    all_services = models.BooleanField(default=True)
    services = models.ManyToManyField(Service, blank=True, related_name="subscribers")
    groups = models.ManyToManyField(ServiceGroup, blank=True, related_name="subscribers")
    wants_incidents = models.BooleanField(default=True)
    wants_maintenance = models.BooleanField(default=True)
    wants_reports = models.BooleanField(default=True)
    stages = models.CharField(max_length=4, choices=Stages.choices, default=Stages.ALL)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    consent_source = models.CharField(max_length=200, blank=True)
    requested_from = models.CharField(max_length=45, blank=True)
    manage_nonce = models.CharField(max_length=32, blank=True)
    manage_sent_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    is_locked = models.BooleanField(default=False)
    lock_owner = models.CharField(max_length=254, blank=True)
    leaves_at = models.DateTimeField(null=True, blank=True)
    keep_nonce = models.CharField(max_length=32, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    pauses = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["page", "email"], condition=Q(channel="email"), name="address_once_a_page"
            ),
            models.UniqueConstraint(
                fields=["page", "channel", "endpoint"],
                condition=~Q(channel="email"),
                name="endpoint_once_a_page",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False), name="active_is_confirmed"
            ),
            models.CheckConstraint(
                condition=Q(channel="email", endpoint="") | (~Q(channel="email") & ~Q(endpoint="")),
                name="other_channels_have_an_endpoint",
            ),
        ]
        indexes = [models.Index(fields=["page", "state"], name="subscriber_by_state")]

    def __str__(self) -> str:
        return self.email

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def contact(self) -> str:
        """Whose it is, as staff know them: a mail address or, of text messages, the number."""
        return self.email or self.endpoint

    @property
    def place(self) -> str:
        """What may be shown of where its notices go: the rest of a URL is often a secret."""
        if self.channel == Channel.SMS:
            return f"{self.endpoint[:3]}…{self.endpoint[-2:]}"
        return urlsplit(self.endpoint).netloc if self.endpoint else self.email


class Follow(models.Model):
    """A wish about one incident that goes before all other choices: every update of it, or only the last."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="follows")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="follows")
    last_only = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "incident"], name="incident_followed_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} follows {self.incident_id}"


class SignUp(models.Model):
    """One wish to subscribe, kept a while to count by: `address` and `network` are keyed hashes."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="sign_ups")
    address = models.CharField(max_length=64)
    domain = models.CharField(max_length=253)
    network = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["network", "at"], name="sign_up_by_network"),
            models.Index(fields=["address", "at"], name="sign_up_by_address"),
            models.Index(fields=["at"], name="sign_up_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} at {self.at}"


class PhoneCode(models.Model):
    """The newest code that was sent to a number, and what it is for; it is derived from `nonce` and our key, and
    may be tried a few times."""

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, related_name="phone_code")
    nonce = models.CharField(max_length=32)
    is_to_leave = models.BooleanField(default=False)
    choices = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"code of {self.subscriber_id}"


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
