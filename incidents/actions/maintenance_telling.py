"""What the public is told of a maintenance, and who is mailed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from incidents.actions.maintenance_plan import body_html, body_texts, stripped
from incidents.actions.maintenance_steps import Step, usual_words
from incidents.actions.update import SENDING
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import Maintenance, MaintenanceUpdate, Page, Staff
from incidents.notices import fanout


@dataclass(frozen=True)
class Telling:
    """What is told with a step. Without a `body` it is told in fixed words, in each of the page's languages.

    `bodies` is {language: text} for the others; `notify` None does as is usual for the step; the mails wait
    `hold_seconds` (default: the page's). The same `request_key` sent twice is one step.
    """

    body: str = ""
    bodies: Mapping[str, str] = field(default_factory=dict)
    happened_at: datetime | None = None
    notify: bool | None = None
    hold_seconds: int | None = None
    request_key: str = ""


NOTHING_SAID = Telling()


def worded(telling: Telling, step: Step, *, page: Page) -> Telling:
    """With the usual words of the step where nothing was written."""
    if telling.body.strip():
        return telling
    first, *others = page.languages
    bodies = {language: usual_words(step, language=language) for language in others}
    return replace(telling, body=usual_words(step, language=first), bodies=bodies | stripped(telling.bodies))


def instant_of(telling: Telling, *, last: MaintenanceUpdate) -> datetime:
    now = times.now()
    happened_at = telling.happened_at or now
    if happened_at > now:
        raise Refused("an update cannot have happened in the future", field="happened_at")
    if happened_at < last.happened_at:
        raise Refused("an update cannot lie before the one before it", field="happened_at")
    return happened_at


def write_update(
    maintenance: Maintenance, telling: Telling, *, number: int, actor: Staff | None
) -> MaintenanceUpdate:
    """What is told, of the state and the window it has now, and one delivery per subscriber."""
    update = MaintenanceUpdate.objects.create(
        maintenance=maintenance,
        number=number,
        state=maintenance.state,
        scheduled_from=maintenance.scheduled_from,
        scheduled_until=maintenance.scheduled_until,
        body=telling.body.strip(),
        body_html=body_html(telling.body),
        texts=body_texts(telling.bodies, page=maintenance.page),
        happened_at=telling.happened_at or times.now(),
        published_at=times.now(),
        created_by=actor,
        request_key=telling.request_key,
    )
    if telling.notify:
        page = maintenance.page
        seconds = page.hold_seconds if telling.hold_seconds is None else telling.hold_seconds
        fanout.queue_maintenance(update, hold_until=timezone.now() + timedelta(seconds=seconds))
        transaction.on_commit(lambda: wake(SENDING), robust=True)
    return update
