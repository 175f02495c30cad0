"""Instants as v2 clients parse them; some die of one without its three digits."""

from datetime import datetime
from zoneinfo import ZoneInfo


def stamp(at: datetime, zone: ZoneInfo) -> str:
    """`2026-05-30T10:35:19.208Z` where the zone is UTC, `2019-06-24T05:25:57.666-07:00` elsewhere."""
    local = at.astimezone(zone)
    text = local.isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if local.tzname() == "UTC" else text


def stamp_or_none(at: datetime | None, zone: ZoneInfo) -> str | None:
    return stamp(at, zone) if at else None
