"""What the mail of an update says: where things stand, what changed, and what is promised."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from incidents.lib.markdown import plain
from incidents.models import (
    OVER,
    Incident,
    Page,
    RecoveryEstimate,
    Report,
    ServiceStatus,
    Stage,
    Update,
)
from incidents.models.estimate import UNSAID
from incidents.notices.frame import Content, Reading, frame, said, stem
from incidents.notices.mail_texts import Part
from incidents.notices.subject import one_line
from incidents.notices.words import Words, write_day, write_estimate, write_time
from incidents.queries.incident import estimates_before, updates_in_order
from incidents.queries.report import standing_of, with_standing
from incidents.queries.shown import shown_services

_ZONE_AT_END = re.compile(r"（[^（）]+）$| [A-Z][^ ]*$")
TEXTS = ("body", "body_html", "concerned", "workaround")


@dataclass(frozen=True)
class Clock:
    """Instants in the reader's zone, without the date on the day of the update."""

    zone: ZoneInfo
    today: date
    words: Words

    def write(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return write_time(at, zone=self.zone, language=self.words.language, today=self.today)

    def estimate(self, told: RecoveryEstimate) -> str:
        return write_estimate(told, zone=self.zone, words=self.words, today=self.today) if told else ""


def update_content(update: Update, *, told_by: Page, reading: Reading) -> Content:
    """What the page `told_by` tells of its own incident, for readers of a page that may be another one."""
    incident, words, first = update.incident, reading.words, told_by.first_language
    earlier = Update.objects.filter(incident_id=update.incident_id, number__lt=update.number)
    before = earlier.order_by("number").last()
    was = _scope(before, reading, first=first) if before else {}
    scope = _scope(update, reading, first=first)
    if update.stage in OVER:
        scope = dict.fromkeys(scope or was, ServiceStatus.OPERATIONAL.value)
    clock = Clock(reading.zone, update.happened_at.astimezone(reading.zone).date(), words)
    recovery_was = estimates_before(updates_in_order(incident))[update.pk]
    recovery = UNSAID if update.stage in OVER else update.recovery or recovery_was
    changes = _changes(update, before, scope=scope, was=was, words=words) if before else []
    if before and update.stage not in OVER:
        changes += [
            *_moved(words.estimate, clock.estimate(recovery), clock.estimate(recovery_was), words),
            *_moved(
                words.next_update,
                clock.write(update.next_update_at),
                clock.write(before.next_update_at),
                words,
            ),
        ]
    texts = _texts(update, words, first=first)
    named = {
        "title": texts["title"],
        "reference": incident.reference,
        "service": words.comma.join(scope) or reading.page.name,
        "state": words.stage[update.stage],
        "severity": words.severity[update.severity],
        "next_update": clock.write(update.next_update_at) or words.undecided,
    }
    context = {
        **frame(reading),
        **texts,
        "intro": reading.texts.say(_opening(update, before), **named),
        "reference": incident.reference,
        "state": named["state"],
        "tone": "calm" if update.stage in OVER else update.severity,
        "severity": named["severity"],
        "told_at": write_time(update.happened_at, zone=reading.zone, language=words.language),
        "recovered_at": clock.write(update.recovered_at),
        "services": [{"name": name, "status": words.status[status]} for name, status in scope.items()],
        "changes": changes or [words.no_changes] if before else [],
        "next_update_at": clock.write(update.next_update_at),
        "estimate": clock.estimate(recovery),
        "report": _report_promise(incident, reading) if update.stage in OVER else "",
        "incident_url": reading.url(f"/incidents/{incident.reference}"),
        "offers_last_only": update.stage not in OVER,
    }
    return Content("update", update_subject(update, reading, first=first), context | _preheader(context))


def _texts(update: Update, words: Words, *, first: str) -> dict[str, Any]:
    """What people wrote; `lang` and `only` mark what nobody wrote in the language of the mail."""
    texts = {name: said(update, name, words, first=first) for name in TEXTS}
    texts["title"] = said(update.incident, "title", words, first=first)
    others = {name: one.language for name, one in texts.items() if one.language != words.language}
    return {
        **{name: one.text.strip() for name, one in texts.items()},
        "title": one_line(texts["title"].text),
        "body": plain(texts["body"].text.strip()),
        "lang": others,
        "only": {name: words.only.get(language, language) for name, language in others.items()},
    }


def _preheader(context: Mapping[str, Any]) -> dict[str, str]:
    """What a mailbox shows beside the subject."""
    words = context["words"]
    facts = [(words.state, context["state"])]
    if context["next_update_at"]:
        facts.append((words.next_update, context["next_update_at"]))
    elif context["recovered_at"]:
        facts.append((words.recovered_at, context["recovered_at"]))
    return {"preheader": words.bar.join(f"{what}{words.colon}{value}" for what, value in facts)}


def _report_promise(incident: Incident, reading: Reading) -> str:
    """Where the report can be read, or until when it will be there."""
    report = with_standing(Report.objects.filter(incident=incident)).first()
    standing = standing_of(report) if report else None
    if standing is not None and not standing.is_withdrawn:
        return reading.url(f"/reports/{standing.number}")
    if report is not None and report.issued_at is not None:
        return ""
    due_on, words = incident.report_due_on, reading.words
    return words.report_due.format(write_day(due_on, language=words.language)) if due_on else ""


def _opening(update: Update, before: Update | None) -> Part:
    if update.stage == Stage.POSTMORTEM:
        return Part.REPORT
    if update.stage == Stage.RESOLVED:
        return Part.LAST_UPDATE
    return Part.FURTHER_UPDATE if before else Part.FIRST_UPDATE


def _scope(update: Update, reading: Reading, *, first: str) -> dict[str, str]:
    rows = update.scope.filter(service__in=shown_services(reading.page)).select_related("service")
    return {said(row.service, "name", reading.words, first=first).text: row.status for row in rows}


def _changes(
    update: Update, before: Update, *, scope: Mapping[str, str], was: Mapping[str, str], words: Words
) -> list[str]:
    """What a reader of the update before has to learn."""
    lines = []
    if update.stage != before.stage:
        lines.append(_changed(words.state, words.stage[update.stage], words.stage[before.stage], words))
    if update.severity != before.severity:
        now, then = words.severity[update.severity], words.severity[before.severity]
        lines.append(_changed(words.severity_label, now, then, words))
    for name, status in scope.items():
        if name not in was:
            lines.append(f"{name}{words.colon}{words.status[status]}{words.newly}")
        elif status != was[name]:
            lines.append(_changed(name, words.status[status], words.status[was[name]], words))
    lines += [f"{name}{words.colon}{words.left_out}" for name in was if name not in scope]
    return lines


def _moved(what: str, value: str, was: str, words: Words) -> list[str]:
    """One that is told for the first time is new as well. The zone stands once, behind the new instant."""
    if not value or value == was:
        return []
    zone, zone_was = _ZONE_AT_END.search(value), _ZONE_AT_END.search(was)
    if zone and zone_was and zone[0] == zone_was[0]:
        was = was.removesuffix(zone[0])
    return [_changed(what, value, was, words) if was else f"{what}{words.colon}{value}"]


def _changed(what: str, value: str, was: str, words: Words) -> str:
    return f"{what}{words.colon}{value}{words.was.format(was)}"


def update_subject(update: Update, reading: Reading, *, first: str) -> str:
    words = reading.words
    step = words.last_step if update.stage == Stage.RESOLVED else words.step
    return (
        _tag(update.stage, words) + step.format(update.number) + stem(update.incident, reading, first=first)
    )


def _tag(stage: str, words: Words) -> str:
    return {Stage.RESOLVED: words.resolved_tag, Stage.POSTMORTEM: words.report_tag}.get(
        Stage(stage), words.incident_tag
    )
