"""A document as JSON and back, exactly: what was issued and signed is kept in this form."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from incidents.reports.document import Document, Line, Signed
from incidents.reports.phrases import UpdateKind

_DAYS = ("issued_on", "revised_on", "withdrawn_on")
_INSTANTS = ("period_from", "period_until")


def to_json(document: Document) -> dict[str, Any]:
    values = asdict(document)
    values |= {name: values[name] and values[name].isoformat() for name in (*_DAYS, *_INSTANTS)}
    values["timeline"] = [_line_to_json(line) for line in document.timeline]
    values["signatures"] = [
        {"role": signed.role, "name": signed.name, "on": signed.on.isoformat()}
        for signed in document.signatures
    ]
    values["letterhead"] = list(document.letterhead)
    return values


def from_json(values: Mapping[str, Any]) -> Document:
    """What an older version of the program did not know has its default."""
    read = dict(values)
    read |= {name: date.fromisoformat(read[name]) for name in _DAYS if read.get(name)}
    read |= {name: datetime.fromisoformat(read[name]) for name in _INSTANTS if read.get(name)}
    read["timeline"] = tuple(_line_from_json(line) for line in read.get("timeline", ()))
    read["signatures"] = tuple(
        Signed(signed["role"], signed["name"], date.fromisoformat(signed["on"]))
        for signed in read.get("signatures", ())
    )
    read["letterhead"] = tuple(read.get("letterhead", ()))
    return Document(**read)


def _line_to_json(line: Line) -> dict[str, Any]:
    update = line.update.value if line.update else None
    return {"at": line.at.isoformat(), "text": line.text, "joined": line.joined, "update": update}


def _line_from_json(line: Mapping[str, Any]) -> Line:
    update = UpdateKind(line["update"]) if line["update"] else None
    return Line(datetime.fromisoformat(line["at"]), line["text"], joined=line["joined"], update=update)
