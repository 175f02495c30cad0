"""Durations and shares in words: 1時間20分 or 1 h 20 min, 99.95%."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import template
from django.template import Context
from django.utils.translation import gettext

register = template.Library()

NEARLY_NOTHING = 1e-6
DAY, HOUR, MINUTE = 86_400, 3600, 60


def percent(part: float, whole: float, *, places: int = 2) -> str:
    """Cut and not rounded: 100 is said only where nothing is missing."""
    if part >= whole:
        return "100%"
    scale = 10**places
    cut = min(math.floor(100 * scale * part / whole + NEARLY_NOTHING), 100 * scale - 1)
    return f"{cut / scale:.{places}f}%"


@register.filter
def duration(seconds: int) -> str:
    """In its two largest units that are worth saying."""
    if seconds < MINUTE:
        return gettext("%(s)d s") % {"s": seconds}
    if seconds < HOUR:
        return gettext("%(m)d min") % {"m": seconds // MINUTE}
    hours, minutes = divmod(seconds // MINUTE, 60)
    form = gettext("%(h)d h %(m)d min") if minutes else gettext("%(h)d h")
    return form % {"h": hours, "m": minutes}


@register.filter
def span(value: timedelta) -> str:
    """As `duration`, or in days where it is of many hours."""
    if value >= timedelta(days=2):
        days = value / timedelta(days=1)
        return gettext("%(d)s d") % {"d": f"{days:.0f}" if days == int(days) else f"{days:.1f}"}
    return duration(int(value.total_seconds()))


@register.simple_tag(takes_context=True)
def bar(context: Context, service: Any) -> str:
    """The bar of a service, where the page has one for it."""
    bars: Mapping[int, str] = context.get("bars") or {}
    return bars.get(service.id, "")


@register.simple_tag(takes_context=True)
def row(context: Context, service: Any) -> str:
    """The line of a service in the list of the front page."""
    rows: Mapping[int, str] = context["rows"]
    return rows[service.id]


@register.filter
def figure(value: float) -> str:
    """With the digits that matter: 3,912, 87 or 0.25."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
