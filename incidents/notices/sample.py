"""A mail as it will look, made up of an example: so that a text can be seen before anyone is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.lib.markdown import render
from incidents.models import MaintenanceState, NoticeKind, Page, ServiceStatus, Severity, Stage
from incidents.notices import links
from incidents.notices.frame import Content, Reading, frame, subject_stem
from incidents.notices.mail_texts import Part, texts_of
from incidents.notices.maintenance_words import Step, maintenance_words_for
from incidents.notices.wish_words import wish_words_for
from incidents.notices.words import words_for, write_time, write_window

TOLD_AT = datetime(2020, 9, 4, 3, 46, tzinfo=UTC)
REFERENCE, NUMBER = "INC-20200904-01", "HEA2020090401"
_STAGES = {
    Part.FURTHER_UPDATE: Stage.IDENTIFIED,
    Part.LAST_UPDATE: Stage.RESOLVED,
    Part.AUTOMATIC_RETURN: Stage.INVESTIGATING,
    Part.AUTOMATIC_LAST: Stage.RESOLVED,
}
_OPENINGS = {
    Part.FURTHER_UPDATE: Part.FURTHER_UPDATE,
    Part.LAST_UPDATE: Part.LAST_UPDATE,
    Part.AUTOMATIC_RETURN: Part.FURTHER_UPDATE,
    Part.AUTOMATIC_LAST: Part.LAST_UPDATE,
}
_STATES = {
    Step.STARTED: MaintenanceState.IN_PROGRESS,
    Step.EXTENDED: MaintenanceState.IN_PROGRESS,
    Step.VERIFYING: MaintenanceState.VERIFYING,
    Step.COMPLETED: MaintenanceState.COMPLETED,
    Step.CANCELLED: MaintenanceState.CANCELLED,
}


@dataclass(frozen=True)
class Example:
    incident: str
    maintenance: str
    service: str
    incident_body: str
    maintenance_body: str


_EXAMPLES = {
    "ja": Example(
        "検索の遅延",
        "データベースの更新",
        "検索",
        "検索結果の表示に時間がかかる場合があります。",
        "更新のため、一時的にご利用いただけません。",
    ),
    "en": Example(
        "Slow search",
        "Database upgrade",
        "Search",
        "Results can be slow to appear.",
        "We upgrade the database.",
    ),
}


def sample_content(part: Part, text: str, *, page: Page, language: str) -> Content:
    """With `text` as this part, and the page's own texts as all others."""
    texts = texts_of(page, language)
    reading = Reading(page, words_for(language), page.zone, replace(texts, own={**texts.own, part: text}))
    example = _EXAMPLES[reading.language]
    if part.startswith("maintenance_"):
        return _maintenance(part, reading, example)
    if part == Part.CONFIRMATION:
        return _confirmation(reading)
    if part == Part.REPORT:
        return _report(reading, example)
    return _update(part, reading, example)


def _update(part: Part, reading: Reading, example: Example) -> Content:
    words, stage = reading.words, _STAGES.get(part, Stage.INVESTIGATING)
    is_over, number = stage == Stage.RESOLVED, 1 + (part in _STAGES)
    at, next_at = (_time(TOLD_AT + timedelta(hours=hours), reading) for hours in (0, 1))
    opening = _OPENINGS.get(part, Part.FIRST_UPDATE)
    status = ServiceStatus.OPERATIONAL if is_over else ServiceStatus.DEGRADED
    named = {
        "title": example.incident,
        "reference": REFERENCE,
        "service": example.service,
        "state": words.stage[stage],
        "severity": words.severity[Severity.MAJOR],
        "next_update": words.undecided if is_over else next_at,
    }
    context = {
        **_context(reading, opening, named, body=example.incident_body),
        **_body(part, reading, example),
        "tone": "calm" if is_over else Severity.MAJOR,
        "told_at": at,
        "services": [{"name": example.service, "status": words.status[status]}],
        "next_update_at": "" if is_over else next_at,
        "incident_url": reading.url(f"/incidents/{REFERENCE}"),
        "offers_last_only": not is_over,
    }
    tag, step = (words.resolved_tag, words.last_step) if is_over else (words.incident_tag, words.step)
    return Content("update", tag + step.format(number) + _incident_stem(reading, example), context)


def _body(part: Part, reading: Reading, example: Example) -> dict[str, str]:
    """Of an update that is published by itself: its text, as an update is read."""
    if not part.is_update:
        return {}
    body = reading.texts.say(part, service=example.service)
    return {"body": body, "body_html": render(body)}


def _report(reading: Reading, example: Example) -> Content:
    named = {"title": example.incident, "reference": REFERENCE, "number": NUMBER}
    context = _context(reading, Part.REPORT, named) | {"report_url": reading.url(f"/reports/{NUMBER}")}
    return Content("report", reading.words.report_tag + _incident_stem(reading, example), context)


def _maintenance(part: Part, reading: Reading, example: Example) -> Content:
    own, name = maintenance_words_for(reading.language), part.removeprefix("maintenance_")
    step = Step(name) if name in set(Step) else Step.ANNOUNCED
    state = _STATES.get(step, MaintenanceState.SCHEDULED)
    opening = Part.ANNOUNCED if part == Part.MAINTENANCE_SUBJECT else part
    until = TOLD_AT + timedelta(hours=2)
    window = write_window(TOLD_AT, until, zone=reading.zone, language=reading.language)
    named = {
        "title": example.maintenance,
        "service": example.service,
        "state": own.states[state],
        "window": window,
    }
    context = {
        **_context(reading, opening, named, body=example.maintenance_body),
        "own": own,
        "tone": "planned",
        "window": window,
        "told_at": _time(TOLD_AT - timedelta(days=3), reading),
        "services_label": own.services,
        "services": [{"name": example.service, "status": ""}],
        "maintenance_url": reading.url("/maintenance/example"),
    }
    tag = own.emergency_tag if part == Part.EMERGENCY else own.tag
    stem = subject_stem(Part.MAINTENANCE_SUBJECT, reading, title=example.maintenance)
    return Content("maintenance", tag + own.steps[step] + stem, context)


def _confirmation(reading: Reading) -> Content:
    own = wish_words_for(NoticeKind.CONFIRM, reading.language)
    context = {
        **_context(reading, Part.CONFIRMATION, {}),
        "action": own.action,
        "action_url": links.page_url(reading.page, "/confirm/example"),
        "ignore": own.ignore,
    }
    return Content("personal", own.subject.format(page=reading.page.name), context)


def _context(reading: Reading, opening: Part, named: Mapping[str, str], *, body: str = "") -> dict[str, Any]:
    """Example texts are plain words, so they are their own HTML."""
    return {
        **frame(reading),
        **named,
        "intro": reading.texts.say(opening, **named),
        "body": body,
        "body_html": f"<p>{body}</p>",
        "unsubscribe_url": reading.url("/unsubscribe/example"),
        "last_only_url": reading.url("/last-only/example"),
    }


def _incident_stem(reading: Reading, example: Example) -> str:
    return subject_stem(Part.INCIDENT_SUBJECT, reading, title=example.incident, reference=REFERENCE)


def _time(at: datetime, reading: Reading) -> str:
    return write_time(at, zone=reading.zone, language=reading.language)
