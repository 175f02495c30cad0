"""What a mail about maintenance says in one language: one update, as it stood when it was told."""

from typing import Any

from incidents.lib.languages import said_by
from incidents.lib.markdown import plain
from incidents.models import (
    ENDED,
    MaintenanceChange,
    MaintenanceState,
    MaintenanceUpdate,
    Page,
    ServiceStatus,
)
from incidents.models.maintenance import change_of_maintenance
from incidents.notices import links
from incidents.notices.maintenance_words import MaintenanceWords, Step, step_of
from incidents.notices.subject import cut_title, one_line
from incidents.notices.words import words_for, write_time, write_window
from incidents.queries.shown import shown_services


def maintenance_subject(
    update: MaintenanceUpdate, before: MaintenanceUpdate | None, words: MaintenanceWords
) -> str:
    """The stem is the title as it was first told, in the reader's language where it was told in that one."""
    maintenance = update.maintenance
    first = maintenance.page.first_language
    stem = said_by(maintenance, "first_title", language=words.language, first=first).text
    tag = words.emergency_tag if maintenance.is_emergency else words.tag
    return tag + words.steps[step_of(update, change_of_maintenance(update, before=before))] + cut_title(stem)


def maintenance_context(
    update: MaintenanceUpdate, before: MaintenanceUpdate | None, *, page: Page, words: MaintenanceWords
) -> dict[str, Any]:
    maintenance, language = update.maintenance, words.language
    change = change_of_maintenance(update, before=before)
    moved = change == MaintenanceChange.WINDOW
    in_language = {"language": language, "first": maintenance.page.first_language}
    return {
        "own": words,
        "intro": _intro(update, change, words),
        "title": one_line(said_by(maintenance, "title", **in_language).text),
        "state": words.states[MaintenanceState(update.state)],
        "window": _window(update, page=page, language=language),
        "window_was": _window(before, page=page, language=language) if before and moved else "",
        "told_at": write_time(update.happened_at, zone=page.zone, language=language),
        "services_label": words.services if update.state in ENDED else words.services_meanwhile,
        "services": _services(update, page=page, language=language),
        "body": plain(said_by(update, "body", **in_language).text),
        "body_html": said_by(update, "body_html", **in_language).text,
        "maintenance_url": links.page_url(page, f"/maintenance/{maintenance.public_id}", language=language),
    }


def _intro(update: MaintenanceUpdate, change: MaintenanceChange, words: MaintenanceWords) -> str:
    step = step_of(update, change)
    is_short_notice = step == Step.ANNOUNCED and update.maintenance.is_emergency
    return words.emergency_intro if is_short_notice else words.intros[step]


def _window(update: MaintenanceUpdate, *, page: Page, language: str) -> str:
    return write_window(update.scheduled_from, update.scheduled_until, zone=page.zone, language=language)


def _services(update: MaintenanceUpdate, *, page: Page, language: str) -> list[dict[str, str]]:
    """Those that the page shows, with the status that is expected of each until there is nothing to expect."""
    labels = words_for(language).status
    rows = update.maintenance.services.filter(service__in=shown_services(page)).select_related("service")
    return [
        {
            "name": row.service.name,
            "status": "" if update.state in ENDED else labels[ServiceStatus(row.status)],
        }
        for row in rows
    ]
