"""What a notice says in one language: its subject, and the values its templates show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.lib.markdown import plain
from incidents.models import (
    OVER,
    Incident,
    Notice,
    NoticeKind,
    Page,
    ServiceStatus,
    Stage,
    Subscriber,
    Update,
)
from incidents.notices import links
from incidents.notices.maintenance_content import maintenance_context, maintenance_subject
from incidents.notices.maintenance_words import maintenance_words_for
from incidents.notices.subject import cut_title, one_line
from incidents.notices.words import Words, words_for, write_time
from incidents.queries.shown import shown_services


@dataclass(frozen=True)
class Content:
    template: str
    subject: str
    context: Mapping[str, Any]


def content_of(notice: Notice, language: str, subscriber: Subscriber) -> Content:
    """What many are told is the same for all subscribers of a page; it leads to their page, and speaks of no
    service that this does not show."""
    words = words_for(language)
    if notice.kind == NoticeKind.UPDATE:
        return _update_content(notice, words, subscriber.page)
    if notice.kind == NoticeKind.REPORT:
        return _report_content(notice, words, subscriber.page)
    if notice.kind == NoticeKind.MAINTENANCE:
        return _maintenance_content(notice, words, subscriber.page)
    return _personal_content(notice, words, subscriber)


def update_subject(update: Update, words: Words) -> str:
    step = words.last_step if update.stage == Stage.RESOLVED else words.step
    return _tag(update.stage, words) + step.format(update.number) + _stem(update.incident)


def _tag(stage: str, words: Words) -> str:
    return {Stage.RESOLVED: words.resolved_tag, Stage.POSTMORTEM: words.report_tag}.get(
        Stage(stage), words.incident_tag
    )


def _stem(incident: Incident) -> str:
    """The same in every subject of the incident."""
    return f"{cut_title(incident.first_title or incident.title)} ({incident.reference})"


def _update_content(notice: Notice, words: Words, page: Page) -> Content:
    update = _update_of(notice)
    earlier = Update.objects.filter(incident_id=update.incident_id, number__lt=update.number)
    before = earlier.order_by("number").last()
    was = _scope(before, page) if before else {}
    scope = _scope(update, page)
    if update.stage in OVER:
        scope = dict.fromkeys(scope or was, ServiceStatus.OPERATIONAL.value)
    today = update.happened_at.astimezone(page.zone).date()

    def told(instant: datetime | None) -> str:
        return write_time(instant, zone=page.zone, language=words.language, today=today) if instant else ""

    context = {
        **_frame(page, words),
        "intro": _intro(update, before, words),
        "title": one_line(update.incident.title),
        "reference": update.incident.reference,
        "state": words.stage[update.stage],
        "severity": words.severity[update.severity],
        "told_at": write_time(update.happened_at, zone=page.zone, language=words.language),
        "recovered_at": told(update.recovered_at),
        "services": [{"name": name, "status": words.status[status]} for name, status in scope.items()],
        "changes": _changes(update, before, scope=scope, was=was, words=words) if before else [],
        "body": plain(update.body.strip()),
        "body_html": update.body_html,
        "concerned": update.concerned,
        "workaround": update.workaround.strip(),
        "next_update_at": told(update.next_update_at),
        "incident_url": links.page_url(
            page, f"/incidents/{update.incident.reference}", language=words.language
        ),
    }
    return Content("update", update_subject(update, words), context)


def _update_of(notice: Notice) -> Update:
    assert notice.update is not None
    return notice.update


def _intro(update: Update, before: Update | None, words: Words) -> str:
    if update.stage == Stage.POSTMORTEM:
        return words.report_intro
    if update.stage == Stage.RESOLVED:
        return words.resolved_intro
    return words.next_intro if before else words.first_intro


def _scope(update: Update, page: Page) -> dict[str, str]:
    rows = update.scope.filter(service__in=shown_services(page)).select_related("service")
    return {row.service.name: row.status for row in rows}


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
    return lines or [words.no_changes]


def _changed(what: str, value: str, was: str, words: Words) -> str:
    return f"{what}{words.colon}{value}{words.was.format(was)}"


def _report_content(notice: Notice, words: Words, page: Page) -> Content:
    report = notice.report
    assert report is not None
    context = {
        **_frame(page, words),
        "intro": words.report_intro,
        "title": one_line(report.incident.title),
        "reference": report.incident.reference,
        "number": report.number,
        "report_url": links.page_url(page, f"/reports/{report.number}", language=words.language),
    }
    return Content("report", words.report_tag + _stem(report.incident), context)


def _maintenance_content(notice: Notice, words: Words, page: Page) -> Content:
    update = notice.maintenance_update
    assert update is not None
    own = maintenance_words_for(words.language)
    before = update.maintenance.updates.filter(number__lt=update.number).order_by("number").last()
    context = _frame(page, words) | maintenance_context(update, before, page=page, words=own)
    return Content("maintenance", maintenance_subject(update, before, own), context)


def _personal_content(notice: Notice, words: Words, subscriber: Subscriber) -> Content:
    page = subscriber.page
    if notice.kind == NoticeKind.CONFIRM:
        subject, intro, action = words.confirm_subject, words.confirm_intro, words.confirm_action
        ignore, url = words.confirm_ignore, links.confirm_url(subscriber)
    elif notice.kind == NoticeKind.MANAGE:
        subject, intro, action = words.manage_subject, words.manage_intro, words.manage_action
        ignore, url = words.manage_ignore, links.manage_url(subscriber)
    else:
        subject, intro, action = words.already_subject, words.already_intro, words.already_action
        ignore, url = "", links.page_url(page, "/manage", language=words.language)
    context = {
        **_frame(page, words),
        "intro": intro.format(page.name),
        "action": action,
        "ignore": ignore,
        "action_url": url,
    }
    return Content("personal", subject.format(one_line(page.name)), context)


def _frame(page: Page, words: Words) -> dict[str, Any]:
    return {
        "words": words,
        "page": page,
        "why": words.why.format(page.name),
        "home_url": links.page_url(page, "/", language=words.language),
        "manage_url": links.page_url(page, "/manage", language=words.language),
    }
