"""What the system tells the public by itself, and what keeps it from doing harm with it.

A service's policy lets it: a draft that nobody looked at is published with a fixed text, and what was published so
is resolved when its monitors have been content for a while. Whatever a person touched is left to people.
"""

import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from incidents.actions import audit, log, wording
from incidents.actions.composing import Draft
from incidents.actions.incident import dismiss_draft
from incidents.actions.update import publish_draft, publish_update
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Said
from incidents.models import (
    AutomationWatch,
    Incident,
    LogKind,
    LogSource,
    ServiceStatus,
    Stage,
)
from incidents.notices import fanout, staff_alerts
from incidents.queries import automation as queries
from incidents.queries.incident import drafts_due, lock_incident, proposed_scope
from incidents.queries.location import automation_held_since

PUBLISHED_AN_HOUR = 3
MAIL_A_SERVICE = timedelta(minutes=15)
MAILS_A_DAY = 6
SETTLING = timedelta(minutes=10)
"""After a start, a long silence or a jump of the clock the monitors may not know yet what is so."""
LONGEST_GAP = timedelta(seconds=90)
STABLE = timedelta(minutes=10)
OPEN_AT_LEAST = timedelta(minutes=5)
REOPENS = timedelta(minutes=30)
KILL_SWITCH = "no-automation"
"""A file of this name in DATA_DIR stops all of it, also where nobody can sign in."""

logger = logging.getLogger(__name__)


def run() -> None:
    """Once every few seconds. Nothing is done while what the monitors say cannot be believed."""
    if _is_settled() and not automation_held_since(now=times.now()) and not is_switched_off():
        publish_due()
        resolve_recovered()


def is_switched_off() -> bool:
    return (Path(settings.DATA_DIR) / KILL_SWITCH).exists()


@transaction.atomic
def _is_settled() -> bool:
    """Notes that somebody is at work, and looks for how long nobody was."""
    now = times.now()
    watch, is_new = AutomationWatch.objects.select_for_update().get_or_create(
        pk=1, defaults={"heartbeat_at": now, "held_until": now + SETTLING}
    )
    gap = now - watch.heartbeat_at
    if not is_new and not timedelta(0) <= gap <= LONGEST_GAP:
        watch.held_until = now + SETTLING
    watch.heartbeat_at = now
    watch.save(update_fields=["heartbeat_at", "held_until"])
    return now >= watch.held_until


def publish_due(*, notify: bool = True) -> int:
    """Publishes the drafts whose service's policy gave people long enough; answers how many.

    One that cannot be published, or that a person just published, keeps none of the others waiting.
    """
    return sum(_publish(incident, notify=notify) for incident in drafts_due(now=times.now()))


@transaction.atomic
def _publish(incident: Incident, *, notify: bool) -> bool:
    incident = lock_incident(incident.pk)
    if incident.publish_due_at is None:
        return False
    if (why := _needs_person(incident)) is not None:
        _leave_to_people(incident, why)
        return False
    mails = notify and _may_mail(incident)
    try:
        _tell(incident, notify=mails)
    except Refused as refused:
        logger.warning("%s is not published by itself: %s", incident.reference, refused)
        return False
    if notify and not mails:
        _note(incident, wording.Fixed.MAIL_CAPPED)
    return True


def _tell(incident: Incident, *, notify: bool) -> None:
    """As an incident of its own, or as the return of one that was resolved by itself a short while before."""
    since = (incident.detected_at or incident.opened_at) - REOPENS
    earlier = queries.lately_resolved(incident, since=since)
    if earlier is not None:
        _tell_return(earlier, incident, notify=notify)
        return
    publish_draft(incident, scope=queries.scope_to_publish(incident), notify=notify)
    Incident.objects.filter(pk=incident.pk).update(auto_published_at=times.now())


def _tell_return(earlier: Incident, draft: Incident, *, notify: bool) -> None:
    earlier, scope = lock_incident(earlier.pk), queries.scope_to_publish(draft)
    draft.signals.update(incident=earlier)
    staff_alerts.hand_over(draft, to=earlier)
    language = draft.page.first_language
    dismiss_draft(draft, reason=wording.goes_on(reference=earlier.reference, language=language))
    first, *others = wording.return_updates(list(scope), page=earlier.page)
    told = Draft(stage=Stage.INVESTIGATING, body=first.text, scope=scope, texts=_texts(others))
    publish_update(earlier, told, notify=notify)


def _needs_person(incident: Incident) -> wording.Fixed | None:
    """Why it may not be published by itself, if so."""
    page, now, scope = incident.page, times.now(), queries.scope_to_publish(incident)
    if page.is_automation_off:
        return wording.Fixed.AUTOMATION_OFF
    if not scope:
        return wording.Fixed.POLICY_CHANGED
    if queries.published_since(page, now - timedelta(hours=1)) >= PUBLISHED_AN_HOUR:
        return wording.Fixed.PUBLISHING_CAPPED
    told = fanout.audience(page, [service.pk for service in scope], incident)
    if told.count() > page.automatic_recipients:
        return wording.Fixed.TOO_MANY_READERS
    return None


def _leave_to_people(incident: Incident, why: wording.Fixed) -> None:
    incident.publish_due_at = None
    incident.save(update_fields=["publish_due_at"])
    audit.record("leave_to_people", incident)
    _note(incident, why)


def _may_mail(incident: Incident) -> bool:
    now = times.now()
    services = [service.pk for service in queries.scope_to_publish(incident)]
    if queries.has_mailed_since(services, now - MAIL_A_SERVICE):
        return False
    return queries.mails_since(incident.page, now - timedelta(days=1)) < MAILS_A_DAY


def resolve_recovered(*, notify: bool = True) -> int:
    """Resolves what the system published and no person touched, once its monitors have been content for ten
    minutes; answers how many."""
    now = times.now()
    found = queries.recovered(stable_since=now - STABLE, published_before=now - OPEN_AT_LEAST)
    return sum(_resolve(incident, notify=notify) for incident in found)


@transaction.atomic
def _resolve(incident: Incident, *, notify: bool) -> bool:
    incident = lock_incident(incident.pk)
    if not queries.is_ours_alone(incident) or incident.page.is_automation_off:
        return False
    recovered_at = queries.last_failure_ended_at(incident)
    services = list(proposed_scope(incident))
    first, *others = wording.last_updates(services, page=incident.page)
    draft = Draft(
        stage=Stage.RESOLVED,
        body=first.text,
        scope=dict.fromkeys(services, ServiceStatus.OPERATIONAL),
        recovered_at=recovered_at,
        texts=_texts(others),
        promise_no_report=True,
    )
    publish_update(incident, draft, notify=notify)
    return True


def _texts(said: list[Said]) -> dict[str, dict[str, str]]:
    return {one.language: {"body": one.text} for one in said}


def _note(incident: Incident, what: wording.Fixed) -> None:
    text = wording.fixed(what, language=incident.page.first_language)
    log.add_entry(incident, text=text, kind=LogKind.ACTION, source=LogSource.SYSTEM)
