import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.models.subscriber import Subscriber


def new_nonce() -> str:
    return secrets.token_hex(16)


class WishKind(models.TextChoices):
    SUBSCRIBE = "subscribe", "subscribe"
    FOLLOW = "follow", "follow one incident"
    MOVE = "move", "change of address"
    KEEP = "keep", "keep a shared mailbox"


class WishState(models.TextChoices):
    OPEN = "open", "open"
    DONE = "done", "done"
    VOID = "void", "void"  # whoever owns the mailbox left in between


class Wish(models.Model):
    """What somebody asked for an address. Nothing of it happens before the mailbox's owner confirms this very
    one: each mail's link has a `nonce` of its own, so that no later request changes what is confirmed.

    `choices` are those of `SUBSCRIBE`, `incident` that of `FOLLOW`; `about` is the subscription whose address
    changes (`MOVE`) or which may be kept (`KEEP`). `requested_from` is the network the wish came from.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="wishes")
    kind = models.CharField(max_length=10, choices=WishKind.choices, default=WishKind.SUBSCRIBE)
    nonce = models.CharField(max_length=32, default=new_nonce, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=WishState.choices, default=WishState.OPEN)
    choices = models.JSONField(default=dict, blank=True)
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="wishes"
    )
    about = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, null=True, blank=True, related_name="wishes_about_it"
    )
    source = models.CharField(max_length=20, blank=True)
    requested_from = models.CharField(max_length=45, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "wishes"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="subscribe", incident__isnull=True, about__isnull=True)
                | Q(kind="follow", incident__isnull=False, about__isnull=True)
                | Q(kind__in=["move", "keep"], incident__isnull=True, about__isnull=False),
                name="wish_says_what_its_kind_needs",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="wish_by_age")]

    @property
    def language(self) -> str:
        """The one that was asked for: of the mail, and of the page it leads to."""
        return str(self.choices.get("language") or self.subscriber.language)

    def __str__(self) -> str:
        return f"{self.kind} of {self.subscriber_id}: {self.state}"
