"""Holds an answer against what `openapi.json` says of it."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from incidents.api.v1.description import DESCRIPTION

DOCUMENT = json.loads(DESCRIPTION)
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
UNDERSTOOD = {
    *("type", "required", "properties", "additionalProperties", "items", "enum", "format", "anyOf"),
    *("description", "$ref"),
}


def check_answer(response: HttpResponse, path: str, method: str = "get") -> None:
    """That this status is described for the route, and the body has its shape."""
    described = _resolve(DOCUMENT["paths"][path][method]["responses"][str(response.status_code)])
    if "content" not in described:
        assert response.content == b""
        return
    ((kind, content),) = described["content"].items()
    assert response.headers["Content-Type"].startswith(kind)
    if kind == "application/json":
        assert misfits(json.loads(response.content), content["schema"]) == []


def misfits(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """What of the value is not as the schema says; a word of the schema that is not understood is an error."""
    schema = _resolve(schema)
    assert set(schema) <= UNDERSTOOD, set(schema) - UNDERSTOOD
    if "anyOf" in schema:
        tried = [misfits(value, one, where) for one in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    wanted = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(_is(value, name) for name in wanted):
        return [f"{where}: {value!r} is not {wanted}"]
    if isinstance(value, dict):
        return _misfits_of_object(value, schema, where)
    if isinstance(value, list):
        return [m for n, item in enumerate(value) for m in misfits(item, schema["items"], f"{where}[{n}]")]
    return _misfits_of_text(value, schema, where) if isinstance(value, str) else []


def _misfits_of_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{where}: no {name}" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{where}: {name} is not described" for name in value if name not in properties]
    for name in value.keys() & properties.keys():
        found += misfits(value[name], properties[name], f"{where}.{name}")
    return found


def _misfits_of_text(value: str, schema: dict[str, Any], where: str) -> list[str]:
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        return [f"{where}: {value} names no zone"]
    return []


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found
