import re
from collections.abc import Iterable
from typing import TypeVar

from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import lock_page, touch_page
from incidents.actions.texts import written
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.models import Page, Policy, Service, ServiceGroup, ServiceStatus, Staff
from incidents.queries.dependency import dependencies_of
from incidents.queries.shown import shown_services

LONGEST_WAIT_MINUTES = 24 * 60
LONGEST = {"name": 100, "description": 300}

Row = TypeVar("Row", Service, ServiceGroup)


@transaction.atomic
def create_service(
    page: Page,
    *,
    slug: str,
    name: str,
    code: str,
    group: str = "",
    description: str = "",
    position: int | None = None,
    policy: str = Policy.DRAFT,
    texts: Texts | None = None,
    actor: Staff | None = None,
) -> Service:
    """Adds a service, and its group where that is new; refuses a slug, name or code that breaks a rule."""
    if not re.fullmatch(r"[A-Z]{2,8}", code):
        raise Refused(f"{code!r}: a report code is 2 to 8 capitals, such as HEA", field="code")
    if shown_services(page).filter(slug=slug).exists():
        raise Refused(f"{slug!r} is taken by another service", field="slug")
    _check_name(name, page=page)
    service = Service.objects.create(
        page=page,
        group=_group(page, group) if group else None,
        slug=slug,
        name=name,
        code=code,
        description=description,
        position=Service.objects.filter(page=page).count() if position is None else position,
        policy=policy,
        texts=written(texts or {}, longest=LONGEST, page=page),
        created_at=times.now(),
    )
    audit.record("create_service", service, actor=actor, after={"name": name, "slug": slug})
    touch_page(page.pk)
    return service


@transaction.atomic
def edit_service(
    service: Service,
    *,
    name: str,
    description: str = "",
    group: ServiceGroup | None = None,
    texts: Texts | None = None,
    actor: Staff | None = None,
) -> Service:
    """Renames, describes and places a service; its address and its report code stay what they are."""
    page = lock_page(service.page_id)
    service = Service.objects.get(pk=service.pk)
    _check_name(name, page=page, but=service)
    if group is not None and group.page_id != page.pk:
        raise Refused(f"{group.name!r} is not a group of this page", field="group")
    before = _described(service)
    service.name, service.description, service.group = name.strip(), description.strip(), group
    service.texts = written(texts or {}, longest=LONGEST, page=page)
    service.save()
    audit.record("edit_service", service, actor=actor, before=before, after=_described(service))
    touch_page(page.pk)
    return service


@transaction.atomic
def move_service(service: Service, *, up: bool, actor: Staff | None = None) -> None:
    """One place up or down among the services of its group; at the end it stays where it is."""
    lock_page(service.page_id)
    siblings = Service.objects.filter(page=service.page_id, group=service.group_id)
    swap_places(list(siblings.order_by("position", "id")), service, up=up)
    audit.record("move_service", service, actor=actor, after={"up": up})
    touch_page(service.page_id)


@transaction.atomic
def set_status(service: Service, status: str, *, actor: Staff | None = None) -> Service:
    """Sets a service's status by hand; the page says so and since when."""
    if status not in ServiceStatus.values:
        raise Refused(f"expected one of {', '.join(ServiceStatus.values)}", field="status")
    before = {"status": service.manual_status}
    service.manual_status = status
    service.manual_status_at = service.updated_at = times.now()
    service.save(update_fields=["manual_status", "manual_status_at", "updated_at"])
    audit.record("set_service_status", service, actor=actor, before=before, after={"status": status})
    touch_page(service.page_id)
    return service


@transaction.atomic
def set_policy(
    service: Service, policy: str, *, publish_after_minutes: int, actor: Staff | None = None
) -> Service:
    """Decides what a judged failure of the service may do by itself, and after how many minutes."""
    if policy not in Policy.values:
        raise Refused(f"expected one of {', '.join(Policy.values)}", field="policy")
    if not 1 <= publish_after_minutes <= LONGEST_WAIT_MINUTES:
        raise Refused(
            f"expected 1 to {LONGEST_WAIT_MINUTES} minutes before publication", field="publish_after_minutes"
        )
    before = {"policy": service.policy, "publish_after_minutes": service.publish_after_minutes}
    service.policy = policy
    service.publish_after_minutes = publish_after_minutes
    service.save(update_fields=["policy", "publish_after_minutes"])
    after = {"policy": policy, "publish_after_minutes": publish_after_minutes}
    audit.record("set_service_policy", service, actor=actor, before=before, after=after)
    return service


@transaction.atomic
def set_dependencies(
    service: Service, depends_on: Iterable[Service], *, actor: Staff | None = None
) -> Service:
    """Says on which services this one stands, so that their failures explain its own; refuses a circle."""
    page = lock_page(service.page_id)
    wanted = list(depends_on)
    known = dependencies_of(page.pk)
    for other in wanted:
        if other.page_id != page.pk:
            raise Refused(f"{other.name} is not a service of this page", field="depends_on")
        if other == service or service.pk in known.behind(other.pk):
            raise Refused(f"{other.name} depends on {service.name} itself", field="depends_on")
    before = {"depends_on": list(service.depends_on.values_list("slug", flat=True))}
    service.depends_on.set(wanted)
    after = {"depends_on": [other.slug for other in wanted]}
    audit.record("set_dependencies", service, actor=actor, before=before, after=after)
    return service


def swap_places(rows: list[Row], moved: Row, *, up: bool) -> None:
    """Numbers the rows anew, with `moved` and its neighbour changed over."""
    place = [row.pk for row in rows].index(moved.pk)
    other = place - 1 if up else place + 1
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])


def _check_name(name: str, *, page: Page, but: Service | None = None) -> None:
    taken = Service.objects.filter(page=page, name=name.strip()).first()
    if taken is not None and taken != but:
        raise Refused(f"{name!r} is taken by another service", field="name")


def _described(service: Service) -> dict[str, object]:
    names = ("name", "description", "group_id", "texts")
    return {name: getattr(service, name) for name in names}


def _group(page: Page, name: str) -> ServiceGroup:
    group, _ = ServiceGroup.objects.get_or_create(
        page=page, name=name, defaults={"position": ServiceGroup.objects.filter(page=page).count()}
    )
    return group
