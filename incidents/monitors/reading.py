"""Reads a checker's settings as they are stored. Each raises Refused at the field that cannot be worked with."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from incidents.lib.certificates import check_authorities
from incidents.lib.errors import Refused

Given = Mapping[str, Any]


def read_whole(given: Given, name: str, *, default: int, least: int, most: int) -> int:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"expected a whole number from {least} to {most}", field=name)
    return value


def read_optional(given: Given, name: str, *, least: int, most: int) -> int | None:
    """None where nothing is asked."""
    if given.get(name) is None:
        return None
    return read_whole(given, name, default=least, least=least, most=most)


def read_flag(given: Given, name: str, *, default: bool = False) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise Refused("expected true or false", field=name)
    return value


def read_choice(given: Given, name: str, choices: Sequence[str]) -> str:
    """The first of the choices where none is given."""
    value = given.get(name, choices[0])
    if value not in choices:
        raise Refused(f"expected one of {', '.join(choices)}", field=name)
    return str(value)


def read_line(given: Given, name: str, *, most: int) -> str:
    """One line without control characters; "" where none is given."""
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > most or re.search(r"[\x00-\x1f\x7f\u2028\u2029]", value):
        raise Refused(f"expected one line of at most {most} characters", field=name)
    return value


def read_text(given: Given, name: str, *, most: int) -> str:
    """Any number of lines; "" where none is given."""
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise Refused(f"expected at most {most} characters", field=name)
    return value


def read_lines(given: Given, name: str, *, most: int, most_lines: int) -> tuple[str, ...]:
    """What is written on its lines, each without the space around it; empty ones do not count."""
    lines = read_text(given, name, most=most).splitlines()
    read = tuple(line.strip() for line in lines if line.strip())
    if len(read) > most_lines:
        raise Refused(f"expected at most {most_lines} lines", field=name)
    return read


def read_address(given: Given, name: str) -> str:
    """A mail address as it stands in an envelope; "" where none is given."""
    address = read_line(given, name, most=254)
    if address and not re.fullmatch(r"[^\s<>@\"\\(),:;\[\]]{1,64}@[A-Za-z0-9.-]{1,189}", address):
        raise Refused("expected a mail address such as check@example.com", field=name)
    return address


def read_authorities(given: Given, name: str = "authorities") -> str:
    """Certificates in PEM that stand in for those of the system; "" where none are given."""
    authorities = read_text(given, name, most=64_000)
    if authorities:
        check_authorities(authorities, field=name)
    return authorities


def read_total_ms(given: Given) -> int:
    """How long a check may take from its beginning to its end, in milliseconds."""
    return read_whole(given, "total_ms", default=10_000, least=100, most=30_000)
