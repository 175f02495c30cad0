"""Instants as the console writes them: dense, in the active zone, with the zone named."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def stamp(at: datetime | None) -> SafeString | str:
    """`2020-09-04 12:46 JST`, as a <time>; nothing for None."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    utc = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}">{} {}</time>', utc, f"{local:%Y-%m-%d %H:%M}", zone_letters(at))


@register.filter
def clock(at: datetime | None) -> SafeString | str:
    """`12:46`, as a <time>; for places that name the zone and the day elsewhere."""
    if at is None:
        return ""
    utc = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}">{}</time>', utc, f"{timezone.localtime(at):%H:%M}")


@register.filter
def zone_letters(at: datetime) -> str:
    """JST; zones without letters of their own as UTC+07."""
    name = timezone.localtime(at).tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name


@register.filter
def minutes_apart(recorded_at: datetime, happened_at: datetime) -> int:
    """Whole minutes between an event and its record; 0 where it was written down as it happened."""
    return int((recorded_at - happened_at).total_seconds() // 60)
