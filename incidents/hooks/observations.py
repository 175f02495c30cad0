"""The body of a push to `/observations/<monitor id>`, read into points."""

import json
from datetime import datetime
from typing import Any

from incidents.lib import times
from incidents.lib.errors import Refused

MOST_POINTS = 5_000
FORMS = 'a number, {"value": n, "at": instant}, or {"observations": [{"value": n, "at": instant}, …]}'


def read_points(body: bytes) -> list[tuple[datetime, float]]:
    """The points of a body; one without an instant is of now. Refused names the point and what was expected."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(f"expected {FORMS}") from None
    if isinstance(parsed, dict) and "observations" in parsed:
        return _read_batch(parsed["observations"])
    if isinstance(parsed, list):
        return _read_batch(parsed)
    if isinstance(parsed, dict):
        return [_read_point(parsed, where="")]
    return [(times.now(), _read_number(parsed, where="value"))]


def _read_batch(items: Any) -> list[tuple[datetime, float]]:
    if not isinstance(items, list) or not items:
        raise Refused("expected a list of one or more observations", field="observations")
    if len(items) > MOST_POINTS:
        raise Refused(f"expected at most {MOST_POINTS} observations at once", field="observations")
    return [_read_point(item, where=f"observations[{index}].") for index, item in enumerate(items)]


def _read_point(item: Any, *, where: str) -> tuple[datetime, float]:
    if not isinstance(item, dict):
        raise Refused('expected {"value": n, "at": instant}', field=where.rstrip("."))
    value = _read_number(item.get("value"), where=f"{where}value")
    if "at" not in item and not where:
        return times.now(), value
    return _read_instant(item.get("at"), where=f"{where}at"), value


def _read_number(value: Any, *, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("expected a finite number", field=where)
    try:
        return float(value)
    except OverflowError:
        raise Refused("expected a finite number", field=where) from None


def _read_instant(text: Any, *, where: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Refused("expected an instant with its zone, such as 2020-09-01T09:00:00+09:00", field=where)
    return instant
