"""Regular expressions in linear time: what staff wrote, over texts that others wrote."""

from functools import lru_cache
from typing import Any

import re2

from incidents.lib.errors import Refused

MOST_CHARACTERS = 200
# Bounds the size of the program too, whose every step may be tried at every character: 64 kB in half a second at worst.
MOST_MEMORY_BYTES = 128 * 1024


def check_pattern(pattern: str, *, field: str) -> None:
    """Raises Refused for what is no pattern of RE2, or too large a one."""
    if len(pattern) > MOST_CHARACTERS:
        raise Refused(f"expected at most {MOST_CHARACTERS} characters", field=field)
    try:
        _compiled(pattern)
    except re2.error as error:
        raise Refused(
            "expected a regular expression of RE2: no look-around, no references back", field=field
        ) from error


def is_in(pattern: str, text: str) -> bool:
    """Whether a checked pattern is found somewhere in the text."""
    return _compiled(pattern).search(text) is not None


def find_in(pattern: str, text: str) -> str:
    """What the first group of a checked pattern holds, or all of it where it has none; empty where it is not found."""
    found = _compiled(pattern).search(text)
    if found is None:
        return ""
    return str((found[1] if found.re.groups else found[0]) or "")


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = MOST_MEMORY_BYTES
    options.log_errors = False
    return re2.compile(pattern, options)
