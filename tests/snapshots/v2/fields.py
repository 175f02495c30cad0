"""Every key of the Statuspage v2 API as a table, and the reader that holds an answer against it.

A `?` after a type: null is allowed. `[x]`: a list of objects of table x, or of that type; never null.
"""

import re
from collections.abc import Iterator
from typing import Any

INCIDENT = """
    id                  id
    name                str
    status              investigating|identified|monitoring|resolved|postmortem
    created_at          stamp
    updated_at          stamp
    monitoring_at       stamp?
    resolved_at         stamp?
    impact              none|minor|major|critical|maintenance
    shortlink           url
    started_at          stamp
    page_id             id
    incident_updates    [incident_update]
    components          [component]
    reminder_intervals  null
"""
UPDATE = """
    id                     id
    status                 investigating|identified|monitoring|resolved|postmortem
    body                   str
    incident_id            id
    created_at             stamp
    updated_at             stamp
    display_at             stamp
    affected_components    [affected]
    deliver_notifications  bool
    custom_tweet           null
    tweet_id               null
"""
PLANNED = "scheduled|in_progress|verifying|completed"
STAGES = "investigating|identified|monitoring|resolved|postmortem"
COMPONENT_STATUS = "operational|under_maintenance|degraded_performance|partial_outage|major_outage"
COMPONENT = f"""
    id                     id
    name                   str
    status                 {COMPONENT_STATUS}
    created_at             stamp
    updated_at             stamp
    position               int
    description            str?
    showcase               bool
    start_date             day?
    group_id               id?
    page_id                id
    group                  bool
    only_show_if_degraded  bool
    x_unknown              bool
"""
TABLES = {
    "page": """
        id          id
        name        str
        url         url
        time_zone   str
        updated_at  stamp
    """,
    "status": """
        indicator    none|minor|major|critical|maintenance
        description  str
    """,
    "component": COMPONENT,
    "group": f"{COMPONENT}\n components [id]",
    "incident": INCIDENT,
    "incident_update": UPDATE,
    "scheduled_maintenance": INCIDENT.replace(STAGES, PLANNED).replace(
        "[incident_update]", "[planned_update]"
    )
    + """
        scheduled_for    stamp
        scheduled_until  stamp
    """,
    "planned_update": UPDATE.replace(STAGES, PLANNED),
    "affected": f"""
        code        id
        name        str
        old_status  {COMPONENT_STATUS}
        new_status  {COMPONENT_STATUS}
    """,
    "summary.json": """
        page                    page
        components              [component]
        incidents               [incident]
        scheduled_maintenances  [scheduled_maintenance]
        status                  status
        x_data_as_of            stamp?
        x_stale_after           stamp?
    """,
    "status.json": """
        page           page
        status         status
        x_data_as_of   stamp?
        x_stale_after  stamp?
    """,
    "components.json": """
        page           page
        components     [component]
        x_data_as_of   stamp?
        x_stale_after  stamp?
    """,
    "incidents.json": "page page\n incidents [incident]",
    "incidents/unresolved.json": "page page\n incidents [incident]",
    "scheduled-maintenances.json": "page page\n scheduled_maintenances [scheduled_maintenance]",
    "scheduled-maintenances/upcoming.json": "page page\n scheduled_maintenances [scheduled_maintenance]",
    "scheduled-maintenances/active.json": "page page\n scheduled_maintenances [scheduled_maintenance]",
}
ENDPOINTS = tuple(name for name in TABLES if name.endswith(".json"))
PATTERNS = {
    "id": r"[a-z0-9]{12}",
    "stamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)",
    "day": r"\d{4}-\d\d-\d\d",
    "url": r"https?://[^/\s]+(/\S*[^/\s])?",
    "str": r"(?s).+",
}


def faults(answer: Any, kind: str, *, where: str = "") -> Iterator[str]:
    """What is wrong with an object of a table: a key missing or too many, a wrong type or word."""
    if kind == "component" and isinstance(answer, dict) and answer.get("group"):
        kind = "group"
    table = dict(line.split(None, 1) for line in TABLES[kind].split("\n") if line.strip())
    if not isinstance(answer, dict):
        yield f"{where}: {answer!r} is no {kind}"
        return
    yield from (f"{where}.{key}: missing" for key in table.keys() - answer.keys())
    yield from (f"{where}.{key}: not in the table" for key in answer.keys() - table.keys())
    for key in table.keys() & answer.keys():
        yield from _faults_of_value(answer[key], table[key].strip(), where=f"{where}.{key}")


def _faults_of_value(value: Any, kind: str, *, where: str) -> Iterator[str]:
    if kind.startswith("["):
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _faults_of_value(item, kind.strip("[]"), where=f"{where}[{index}]")
    elif kind in TABLES:
        yield from faults(value, kind, where=where)
    elif not (kind.endswith("?") and value is None) and not _is(value, kind.rstrip("?")):
        yield f"{where}: {value!r} is no {kind}"


def _is(value: Any, kind: str) -> bool:
    if kind in ("bool", "int", "null"):
        return type(value) is {"bool": bool, "int": int, "null": type(None)}[kind]
    return isinstance(value, str) and re.fullmatch(PATTERNS.get(kind, kind), value) is not None
