"""JSON of strangers, read within limits."""

import json
import re
from typing import Any

from incidents.lib.errors import Refused

DEEPEST = 20
_OUTSIDE_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def read_json(body: bytes) -> Any:
    """Refused for what is no JSON in UTF-8, nested deeper than 20, or holds NaN or Infinity."""
    if depth_of(body) > DEEPEST:
        raise Refused(f"expected JSON nested at most {DEEPEST} deep")
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refused("expected JSON in UTF-8") from None


def depth_of(body: bytes) -> int:
    """How many lists and objects lie in one another, in linear time and without reading it."""
    depth = deepest = 0
    for found in _OUTSIDE_STRINGS.finditer(body):
        mark = found[0][:1]
        depth += (mark in b"[{") - (mark in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
