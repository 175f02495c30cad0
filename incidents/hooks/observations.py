"""The body of a push to `/observations/<monitor id>`, read into points or, for an SPF monitor, into sources."""

import json
from datetime import datetime
from typing import Any

from incidents.actions.spf import Source
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.nested import DEEPEST, depth_of

MOST_POINTS = 5_000
MOST_NAME_CHARACTERS = 253
SOURCES_FORM = (
    '{"sources": [{"address": "192.0.2.1", "outcome": "accepted" or "refused", "count": n, "at": instant}]}'
)
FORMS = 'a number, {"value": n, "at": instant}, or {"observations": [{"value": n, "at": instant}, …]}'


def read_points(body: bytes) -> list[tuple[datetime, float]]:
    """The points of a body; one without an instant is of now. Refused names the point and what was expected."""
    parsed = _read_json(body, FORMS)
    if isinstance(parsed, dict) and "observations" in parsed:
        return _read_batch(parsed["observations"])
    if isinstance(parsed, list):
        return _read_batch(parsed)
    if isinstance(parsed, dict):
        return [_read_point(parsed, where="")]
    return [(times.now(), _read_number(parsed, where="value"))]


def read_sources(body: bytes) -> list[Source]:
    """The sources of a body; one without a count came once, one without an instant now. Refused as above."""
    parsed = _read_json(body, SOURCES_FORM)
    items = parsed.get("sources") if isinstance(parsed, dict) else None
    if not isinstance(items, list) or not items:
        raise Refused(f"expected {SOURCES_FORM}", field="sources")
    if len(items) > MOST_POINTS:
        raise Refused(f"expected at most {MOST_POINTS} sources at once", field="sources")
    return [_read_source(item, where=f"sources[{index}]") for index, item in enumerate(items)]


def _read_source(item: Any, *, where: str) -> Source:
    if not isinstance(item, dict):
        raise Refused('expected {"address": …, "outcome": …}', field=where)
    count = item.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int):
        raise Refused("expected a whole number of at least 1", field=f"{where}.count")
    return Source(
        address=_read_text(item, "address", where=where),
        outcome=_read_text(item, "outcome", where=where),
        at=_read_instant(item["at"], where=f"{where}.at") if "at" in item else times.now(),
        count=count,
        domain=_read_text(item, "domain", where=where, default="").lower(),
        host=_read_text(item, "host", where=where, default="").lower(),
    )


def _read_text(item: dict[str, Any], name: str, *, where: str, default: Any = None) -> str:
    value = item.get(name, default)
    if not isinstance(value, str) or len(value) > MOST_NAME_CHARACTERS or not value.isprintable():
        raise Refused(
            f"expected a text of at most {MOST_NAME_CHARACTERS} characters", field=f"{where}.{name}"
        )
    return value


def _read_json(body: bytes, form: str) -> Any:
    if depth_of(body) > DEEPEST:
        raise Refused(f"expected JSON nested at most {DEEPEST} deep")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(f"expected {form}") from None


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
