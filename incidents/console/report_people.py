"""Who else has a report's editor open just now."""

from dataclasses import dataclass

from django.core.cache import cache

from incidents.models import Report, Staff

SEEN_SECONDS = 45


@dataclass(frozen=True)
class Person:
    """`field` is the name of the field they are in, "" for none."""

    name: str
    field: str


def note_presence(report: Report, staff: Staff, *, field: str = "") -> None:
    cache.set(_key(report, staff.pk), {"name": str(staff), "field": field[:40]}, SEEN_SECONDS)


def people_beside(report: Report, staff: Staff) -> list[Person]:
    """The others, by name."""
    others = Staff.objects.filter(is_staff=True, is_active=True).exclude(pk=staff.pk)
    keys = [_key(report, pk) for pk in others.order_by("pk").values_list("pk", flat=True)]
    return sorted((Person(**seen) for seen in cache.get_many(keys).values()), key=lambda one: one.name)


def _key(report: Report, staff_id: int) -> str:
    return f"report-editor:{report.pk}:{staff_id}"
