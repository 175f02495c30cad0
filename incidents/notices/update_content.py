"""What the mail of an update says: where things stand, what changed, and what is promised."""

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
    ReportState,
    ServiceStatus,
    Stage,
    Update,
)
from incidents.models.estimate import UNSAID
from incidents.notices import links
from incidents.notices.frame import Content, frame, said, stem
from incidents.notices.subject import one_line
from incidents.notices.words import Words, write_day, write_estimate, write_time
from incidents.queries.incident import estimates_before, updates_in_order
from incidents.queries.shown import shown_services

TEXTS = ("body", "body_html", "concerned", "workaround")


@dataclass(frozen=True)
class Clock:
    """Instants in the page's zone, without the date on the day of the update."""

    zone: ZoneInfo
    today: date
    words: Words

    def write(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return write_time(at, zone=self.zone, language=self.words.language, today=self.today)

    def estimate(self, told: RecoveryEstimate) -> str:
        return write_estimate(told, zone=self.zone, words=self.words, today=self.today) if told else ""


def update_content(update: Update, *, told_by: Page, page: Page, words: Words) -> Content:
    """What the page `told_by` tells of its own incident, for readers of `page`, which may be another one."""
    incident, first = update.incident, told_by.first_language
    earlier = Update.objects.filter(incident_id=update.incident_id, number__lt=update.number)
    before = earlier.order_by("number").last()
    was = _scope(before, page, words, first=first) if before else {}
    scope = _scope(update, page, words, first=first)
    if update.stage in OVER:
        scope = dict.fromkeys(scope or was, ServiceStatus.OPERATIONAL.value)
    clock = Clock(page.zone, update.happened_at.astimezone(page.zone).date(), words)
    recovery_was = estimates_before(updates_in_order(incident))[update.pk]
    recovery = UNSAID if update.stage in OVER else update.recovery or recovery_was
    changes = _changes(update, before, scope=scope, was=was, words=words) if before else []
    if recovery_was and recovery and recovery != recovery_was:
        now, then = clock.estimate(recovery), clock.estimate(recovery_was)
        changes.append(_changed(words.estimate, now, then, words))
    context = {
        **frame(page, words),
        **_texts(update, words, first=first),
        "intro": _intro(update, before, words),
        "reference": incident.reference,
        "state": words.stage[update.stage],
        "severity": words.severity[update.severity],
        "told_at": write_time(update.happened_at, zone=page.zone, language=words.language),
        "recovered_at": clock.write(update.recovered_at),
        "services": [{"name": name, "status": words.status[status]} for name, status in scope.items()],
        "changes": changes or [words.no_changes] if before else [],
        "next_update_at": clock.write(update.next_update_at),
        "estimate": clock.estimate(recovery),
        "report": _report_promise(incident, page, words) if update.stage in OVER else "",
        "incident_url": links.page_url(page, f"/incidents/{incident.reference}", language=words.language),
    }
    return Content("update", update_subject(update, words, first=first), context)


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


def _report_promise(incident: Incident, page: Page, words: Words) -> str:
    """Where the report can be read, or until when it will be there."""
    report = Report.objects.filter(incident=incident, state=ReportState.ISSUED).first()
    if report is not None:
        return links.page_url(page, f"/reports/{report.number}", language=words.language)
    due_on = incident.report_due_on
    return words.report_due.format(write_day(due_on, language=words.language)) if due_on else ""


def _intro(update: Update, before: Update | None, words: Words) -> str:
    if update.stage == Stage.POSTMORTEM:
        return words.report_intro
    if update.stage == Stage.RESOLVED:
        return words.resolved_intro
    return words.next_intro if before else words.first_intro


def _scope(update: Update, page: Page, words: Words, *, first: str) -> dict[str, str]:
    rows = update.scope.filter(service__in=shown_services(page)).select_related("service")
    return {said(row.service, "name", words, first=first).text: row.status for row in rows}


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


def _changed(what: str, value: str, was: str, words: Words) -> str:
    return f"{what}{words.colon}{value}{words.was.format(was)}"


def update_subject(update: Update, words: Words, *, first: str) -> str:
    step = words.last_step if update.stage == Stage.RESOLVED else words.step
    return _tag(update.stage, words) + step.format(update.number) + stem(update.incident, words, first=first)


def _tag(stage: str, words: Words) -> str:
    return {Stage.RESOLVED: words.resolved_tag, Stage.POSTMORTEM: words.report_tag}.get(
        Stage(stage), words.incident_tag
    )
