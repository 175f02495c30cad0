import re

from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import touch_page
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Page, Policy, Service, ServiceGroup, ServiceStatus, Staff
from incidents.queries.shown import shown_services

LONGEST_WAIT_MINUTES = 24 * 60


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
    actor: Staff | None = None,
) -> Service:
    """Adds a service, and its group where that is new; refuses a slug, name or code that breaks a rule."""
    if not re.fullmatch(r"[A-Z]{2,8}", code):
        raise Refused(f"{code!r}: a report code is 2 to 8 capitals, such as HEA", field="code")
    if shown_services(page).filter(slug=slug).exists():
        raise Refused(f"{slug!r} is taken by another service", field="slug")
    if Service.objects.filter(page=page, name=name).exists():
        raise Refused(f"{name!r} is taken by another service", field="name")
    service = Service.objects.create(
        page=page,
        group=_group(page, group) if group else None,
        slug=slug,
        name=name,
        code=code,
        description=description,
        position=Service.objects.filter(page=page).count() if position is None else position,
        policy=policy,
    )
    audit.record("create_service", service, actor=actor, after={"name": name, "slug": slug})
    touch_page(page.pk)
    return service


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


def _group(page: Page, name: str) -> ServiceGroup:
    group, _ = ServiceGroup.objects.get_or_create(
        page=page, name=name, defaults={"position": ServiceGroup.objects.filter(page=page).count()}
    )
    return group
