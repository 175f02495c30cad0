"""What was sent of a subscriber: as a form (`subscriber[email]=…`), as JSON, or in the address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from incidents.lib.errors import Refused

FORM = 'expected a form (subscriber[email]=…) or JSON such as {"subscriber": {"email": "reader@example.com"}}'


@dataclass(frozen=True)
class SubscriberFields:
    values: Mapping[str, list[str]]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        return [value for value in self.values.get(name, []) if value.strip()]


def read_fields(request: HttpRequest) -> SubscriberFields:
    """Of the address and of the body, which wins. Refused names the field that is no text."""
    told = _of_form(request.GET)
    if request.content_type == "application/json":
        return SubscriberFields({**told, **_of_json(request.body)})
    is_posted = request.method == "POST"
    form = request.POST if is_posted else QueryDict(request.body, encoding="utf-8")
    return SubscriberFields({**told, **_of_form(form)})


def _of_form(form: QueryDict) -> dict[str, list[str]]:
    """`subscriber[component_ids][]` is a list."""
    return {
        key.removeprefix("subscriber[").removesuffix("[]").rstrip("]"): [str(value) for value in values]
        for key, values in form.lists()
        if key.startswith("subscriber[")
    }


def _of_json(body: bytes) -> dict[str, list[str]]:
    try:
        parsed = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused(FORM) from None
    told = parsed.get("subscriber", {}) if isinstance(parsed, dict) else None
    if not isinstance(told, dict):
        raise Refused(FORM, field="subscriber")
    return {name: _texts(name, value) for name, value in told.items() if value not in (None, False, True)}


def _texts(name: str, value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise Refused("expected a text", field=f"subscriber[{name}]")
    return texts
