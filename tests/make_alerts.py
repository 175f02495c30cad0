"""Builders of alerts of other systems: what came, and what became of it."""

from typing import Any

from incidents.actions.alert import create_source, keep_event
from incidents.alerts.heard import Heard
from incidents.alerts.intake import take_events, to_json
from incidents.models import AlertSource, Page


def source(on: Page, kind: str = "generic", **values: Any) -> AlertSource:
    return create_source(on, kind=kind, **{"name": kind, **values})


def hear(of: AlertSource, *heard: Heard) -> None:
    """One event, taken at once."""
    keep_event(of, [to_json(one) for one in heard])
    take_events()


def fires(key: str, **values: Any) -> Heard:
    return Heard(**{"key": key, "firing": True, "title": f"{key} fails", **values})
