"""What subscribers chose to hear, as one condition of the statement that fixes an audience."""

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Q, QuerySet

from incidents.models import (
    ENDED,
    OVER,
    Delivery,
    DeliveryState,
    Follow,
    MaintenanceUpdate,
    Service,
    Stage,
    Stages,
    Subscriber,
    Update,
)
from incidents.queries.groups import LEVELS_BELOW_TOP


class Tells(StrEnum):
    """What a notice tells of its incident or maintenance: news, how it ended, or that a report is there."""

    NEWS = "news"
    END = "end"
    REPORT = "report"


def told_by_update(update: Update) -> Tells:
    if update.stage not in OVER:
        return Tells.NEWS
    before = Update.objects.filter(incident=update.incident_id, number__lt=update.number)
    was = before.order_by("-number").values_list("stage", flat=True).first()
    return told_by_stage(update.stage, before=was or "")


def told_by_stage(stage: str, *, before: str) -> Tells:
    """The first update that says it is over is the end; a later one of the report's stage tells of the report."""
    if stage in OVER and before not in OVER:
        return Tells.END
    return Tells.REPORT if stage == Stage.POSTMORTEM else Tells.NEWS


def told_by_maintenance(update: MaintenanceUpdate) -> Tells:
    return Tells.END if update.state in ENDED else Tells.NEWS


@dataclass(frozen=True)
class Wishes:
    """`kind` is the choice it falls under; `told` are the deliveries of the same incident or maintenance so far,
    `follows` the wishes about that incident."""

    kind: str
    tells: Tells
    told: QuerySet[Delivery] = field(default_factory=Delivery.objects.none)
    follows: QuerySet[Follow] = field(default_factory=Follow.objects.none)

    def met_by(self, service_ids: Set[int]) -> Q:
        """Those who were told hear the end, whatever they chose since; a wish about the one incident goes before
        all other choices."""
        told = self.told.exclude(state=DeliveryState.CANCELLED)
        reached = Q(pk__in=told.values("subscriber_id"))
        follows_all, last_only = self._following(last_only=False), self._following(last_only=True)
        takes, wants = take_any(service_ids), Q(**{self.kind: True})
        if self.tells is Tells.END:
            return reached | follows_all | last_only | wants & takes
        if self.tells is Tells.REPORT:
            return follows_all | wants & (takes | reached & ~last_only)
        is_first_or_wanted = Q(stages=Stages.ALL) | ~reached
        return follows_all | wants & (takes | reached) & is_first_or_wanted & ~last_only

    def _following(self, *, last_only: bool) -> Q:
        return Q(pk__in=self.follows.filter(last_only=last_only).values("subscriber_id"))


def take_any(service_ids: Set[int]) -> Q:
    """Everything, one of the services, or a group that holds one of them now, itself or in a group in it."""
    services = Subscriber.services.through.objects.filter(service_id__in=service_ids)
    groups = Subscriber.groups.through.objects.filter(_holds_any(service_ids))
    return (
        Q(all_services=True)
        | Q(pk__in=services.values("subscriber_id"))
        | Q(pk__in=groups.values("subscriber_id"))
    )


def _holds_any(service_ids: Set[int]) -> Q:
    services, holds = Service.objects.filter(pk__in=service_ids), Q()
    for level in range(LEVELS_BELOW_TOP + 1):
        holds |= Q(servicegroup__in=services.values("group" + "__parent" * level))
    return holds
