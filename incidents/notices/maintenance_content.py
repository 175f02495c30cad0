"""What a mail about maintenance says in one language: one update, as it stood when it was told."""

from typing import Any

from incidents.lib.languages import said_by
from incidents.lib.markdown import plain
from incidents.models import ENDED, MaintenanceState, MaintenanceUpdate, ServiceStatus
from incidents.models.maintenance import change_of_maintenance
from incidents.notices.frame import Content, Reading, frame, subject_stem
from incidents.notices.mail_texts import Part, step_part
from incidents.notices.maintenance_words import (
    MaintenanceWords,
    Step,
    maintenance_words_for,
    step_of,
)
from incidents.notices.subject import cut_title, one_line
from incidents.notices.words import write_time, write_window
from incidents.queries.shown import shown_services


def maintenance_content(update: MaintenanceUpdate, reading: Reading) -> Content:
    before = update.maintenance.updates.filter(number__lt=update.number).order_by("number").last()
    step = step_of(update, change_of_maintenance(update, before=before))
    words = maintenance_words_for(reading.language)
    context = frame(reading) | _context(update, before, step=step, words=words, reading=reading)
    return Content("maintenance", _subject(update, step, words=words, reading=reading), context)


def _subject(update: MaintenanceUpdate, step: Step, *, words: MaintenanceWords, reading: Reading) -> str:
    """The stem is the title as it was first told, in the reader's language where it was told in that one."""
    maintenance = update.maintenance
    first = maintenance.page.first_language
    title = said_by(maintenance, "first_title", language=words.language, first=first).text
    tag = words.emergency_tag if maintenance.is_emergency else words.tag
    return tag + words.steps[step] + subject_stem(Part.MAINTENANCE_SUBJECT, reading, title=cut_title(title))


def _context(
    update: MaintenanceUpdate,
    before: MaintenanceUpdate | None,
    *,
    step: Step,
    words: MaintenanceWords,
    reading: Reading,
) -> dict[str, Any]:
    maintenance, language = update.maintenance, words.language
    in_language = {"language": language, "first": maintenance.page.first_language}
    title = one_line(said_by(maintenance, "title", **in_language).text)
    state = words.states[MaintenanceState(update.state)]
    window = _window(update, reading)
    window_was = _window(before, reading) if before else ""
    services = _services(update, reading)
    named = {
        "title": title,
        "service": reading.words.comma.join(service["name"] for service in services) or reading.page.name,
        "state": state,
        "window": window,
    }
    return {
        "own": words,
        "intro": reading.texts.say(_opening(update, step), **named),
        "preheader": f"{reading.words.state}{reading.words.colon}{state}{reading.words.bar}"
        f"{words.window}{reading.words.colon}{window}",
        "title": title,
        "state": state,
        "tone": "planned" if update.state not in ENDED else "calm",
        "window": window,
        "window_was": window_was if window_was != window else "",
        "told_at": write_time(update.happened_at, zone=reading.zone, language=language),
        "services_label": words.services if update.state in ENDED else words.services_meanwhile,
        "services": services,
        "body": plain(said_by(update, "body", **in_language).text),
        "body_html": said_by(update, "body_html", **in_language).text,
        "maintenance_url": reading.url(f"/maintenance/{maintenance.public_id}"),
    }


def _opening(update: MaintenanceUpdate, step: Step) -> Part:
    is_short_notice = step == Step.ANNOUNCED and update.maintenance.is_emergency
    return Part.EMERGENCY if is_short_notice else step_part(step)


def _window(update: MaintenanceUpdate, reading: Reading) -> str:
    return write_window(
        update.scheduled_from, update.scheduled_until, zone=reading.zone, language=reading.language
    )


def _services(update: MaintenanceUpdate, reading: Reading) -> list[dict[str, str]]:
    """Those that the page shows, with the status that is expected of each until there is nothing to expect."""
    labels, first = reading.words.status, update.maintenance.page.first_language
    rows = update.maintenance.services.filter(service__in=shown_services(reading.page))
    return [
        {
            "name": said_by(row.service, "name", language=reading.language, first=first).text,
            "status": "" if update.state in ENDED else labels[ServiceStatus(row.status)],
        }
        for row in rows.select_related("service")
    ]
