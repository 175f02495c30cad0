"""What a subscriber chose, and what there is to choose from."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from incidents.lib.languages import said_by
from incidents.models import OVER, Follow, Page, Service, ServiceGroup, Stages, Subscriber
from incidents.queries.service import place_of
from incidents.queries.shown import shown_services

KINDS = ("incidents", "maintenance", "reports")


@dataclass(frozen=True)
class Choices:
    """`services` None is everything, also what is added later. A group stands for all that is ever in it.

    `time_zone` "" is the page's.
    """

    language: str
    services: tuple[int, ...] | None = None
    groups: tuple[int, ...] = ()
    kinds: tuple[str, ...] = KINDS
    stages: str = Stages.ALL.value
    time_zone: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Choices":
        services = stored.get("services")
        return cls(
            language=stored["language"],
            services=None if services is None else tuple(services),
            groups=tuple(stored.get("groups", ())),
            kinds=tuple(stored.get("kinds", KINDS)),
            stages=stored.get("stages", Stages.ALL.value),
            time_zone=stored.get("time_zone", ""),
        )


@dataclass(frozen=True)
class ServiceChoice:
    pk: int
    name: str


@dataclass(frozen=True)
class GroupChoice:
    """A group, the services that stand in it directly, and the groups in it; `pk` None is for services in no
    group."""

    pk: int | None
    name: str
    services: tuple[ServiceChoice, ...]
    subgroups: "tuple[GroupChoice, ...]" = ()


def choices_of(subscriber: Subscriber) -> Choices:
    """Those that are in force."""
    services = None
    if not subscriber.all_services:
        services = tuple(sorted(subscriber.services.values_list("pk", flat=True)))
    return Choices(
        language=subscriber.language,
        services=services,
        groups=tuple(sorted(subscriber.groups.values_list("pk", flat=True))),
        kinds=tuple(kind for kind in KINDS if getattr(subscriber, f"wants_{kind}")),
        stages=subscriber.stages,
        time_zone=subscriber.time_zone,
    )


def open_follows(subscriber: Subscriber) -> list[Follow]:
    """Wishes about incidents that go on, the newest first."""
    found = subscriber.follows.exclude(incident__stage__in=OVER).select_related("incident__page")
    return list(found.order_by("-created_at", "-pk"))


def service_choices(page: Page, *, language: str) -> tuple[GroupChoice, ...]:
    """The services that a page shows, as the tree they stand in: its own before those of other pages, those in
    no group last."""
    services = sorted(
        shown_services(page).select_related("page", "group__parent__parent"),
        key=lambda s: (s.page_id != page.pk, s.group is None, place_of(s.group), s.position, s.pk),
    )
    owners = {service.page_id: service.page for service in services}
    return tuple(
        group
        for owner in owners.values()
        for group in _tree([s for s in services if s.page_id == owner.pk], owner, language=language)
    )


def _tree(services: list[Service], owner: Page, *, language: str) -> list[GroupChoice]:
    def name(row: Service | ServiceGroup) -> str:
        return said_by(row, "name", language=language, first=owner.first_language).text

    members: dict[int | None, list[ServiceChoice]] = defaultdict(list)
    below: dict[int | None, dict[int, ServiceGroup]] = defaultdict(dict)
    for service in services:
        members[service.group_id].append(ServiceChoice(service.pk, name(service)))
        group = service.group
        while group is not None:
            below[group.parent_id][group.pk] = group
            group = group.parent

    def walk(parent_id: int | None) -> list[GroupChoice]:
        rows = sorted(below[parent_id].values(), key=lambda row: (row.position, row.pk))
        return [GroupChoice(row.pk, name(row), tuple(members[row.pk]), tuple(walk(row.pk))) for row in rows]

    loose = [GroupChoice(None, "", tuple(members[None]))] if members[None] else []
    return [*walk(None), *loose]
