"""What is said of the recovery to come."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class Estimate(models.TextChoices):
    UNSAID = "", _("Not said")
    KNOWN = "known", _("Estimated")
    UNDECIDED = "undecided", _("Undecided")


@dataclass(frozen=True)
class RecoveryEstimate:
    """`from_at` and `until_at` are given where it is known; an instant has both alike."""

    kind: str = Estimate.UNSAID
    from_at: datetime | None = None
    until_at: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return self.kind != Estimate.UNSAID

    @property
    def is_undecided(self) -> bool:
        return self.kind == Estimate.UNDECIDED

    @property
    def is_range(self) -> bool:
        return self.from_at != self.until_at


UNSAID = RecoveryEstimate()
UNDECIDED = RecoveryEstimate(Estimate.UNDECIDED)


def known(from_at: datetime, until_at: datetime | None = None) -> RecoveryEstimate:
    """Recovery at about one instant, or between two."""
    return RecoveryEstimate(Estimate.KNOWN, from_at, until_at or from_at)
