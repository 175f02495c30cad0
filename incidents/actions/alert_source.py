"""What staff change of a source of alerts, and what it was refused."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from incidents.actions import audit, wording
from incidents.actions.alert import check_name, end_alert, keep_event
from incidents.actions.alert_limit import TooManyEvents
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Alert, AlertRefusal, AlertSource, Service, Staff
from incidents.queries.alert import lock_source

LONGEST_SILENCE_HOURS = 24 * 31
NOTED_AFTER = timedelta(milliseconds=100)


@transaction.atomic
def edit_source(
    source: AlertSource,
    *,
    name: str,
    service: Service | None,
    silence_hours: int | None,
    actor: Staff | None = None,
) -> AlertSource:
    """`service`: whose alerts those are for which no rule holds."""
    source = lock_source(source.pk)
    check_name(source.page, name, of=source)
    before = _settings(source)
    source.name, source.service, source.silence_hours = name.strip(), service, silence_hours
    source.save(update_fields=["name", "service", "silence_hours"])
    audit.record("edit_alert_source", source, actor=actor, before=before, after=_settings(source))
    return source


@transaction.atomic
def set_mapping(source: AlertSource, mapping: dict[str, Any], *, actor: Staff | None = None) -> AlertSource:
    """How its JSON is read from now on; checked by who has it read."""
    source = lock_source(source.pk)
    before, source.mapping = source.mapping, mapping
    source.save(update_fields=["mapping"])
    audit.record(
        "set_alert_mapping", source, actor=actor, before={"mapping": before}, after={"mapping": mapping}
    )
    return source


@transaction.atomic
def set_rules(
    source: AlertSource, rules: Sequence[dict[str, Any]], *, actor: Staff | None = None
) -> AlertSource:
    """Where its alerts go from now on; checked by who has them read. What is open stays where it is."""
    source = lock_source(source.pk)
    before, source.rules = source.rules, list(rules)
    source.save(update_fields=["rules"])
    audit.record(
        "set_alert_rules", source, actor=actor, before={"rules": before}, after={"rules": source.rules}
    )
    return source


@transaction.atomic
def revoke_previous_secret(source: AlertSource, *, actor: Staff | None = None) -> AlertSource:
    """The secret before the present one is taken no more, from now on."""
    source = lock_source(source.pk)
    source.previous_secret, source.previous_until = "", None
    source.save(update_fields=["previous_secret", "previous_until"])
    audit.record("revoke_previous_alert_secret", source, actor=actor)
    return source


@transaction.atomic
def set_source_enabled(source: AlertSource, enabled: bool, *, actor: Staff | None = None) -> AlertSource:
    """Switched off it is not listened to; what it said last may be wrong by now, so its alerts end."""
    source = lock_source(source.pk)
    source.enabled = enabled
    source.save(update_fields=["enabled"])
    if not enabled:
        _end_alerts(source)
    audit.record("set_alert_source_enabled", source, actor=actor, after={"enabled": enabled})
    return source


@transaction.atomic
def remove_source(source: AlertSource, *, actor: Staff | None = None) -> None:
    """With all that it told; incidents and their logs stay."""
    source = lock_source(source.pk)
    _end_alerts(source)
    audit.record(
        "remove_alert_source", source, actor=actor, before={**_settings(source), "format": source.format}
    )
    source.delete()


@transaction.atomic
def send_test(source: AlertSource, heard: dict[str, Any], *, actor: Staff | None = None) -> None:
    """An alert that goes the way of any other, up to the draft, which it does not open."""
    if not source.enabled:
        raise Refused("this source is switched off")
    try:
        keep_event(source, [heard], is_test=True)
    except TooManyEvents:
        raise Refused("this source sends too much just now: try again in a moment") from None
    audit.record("test_alert_source", source, actor=actor)


@transaction.atomic
def note_refusal(source: AlertSource, *, status: int, reason: str) -> None:
    """Counts a call that was not taken; `reason` is a sentence of ours. Of a flood ten a second are counted: whoever
    knows the address must not make us write."""
    now = times.now()
    if AlertRefusal.objects.filter(source=source, last_at__gt=now - NOTED_AFTER).exists():
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = {"source": source, "hour": hour, "status": status, "reason": reason[:200]}
    if _count_again(row):
        return
    try:
        with transaction.atomic():
            AlertRefusal.objects.create(**row, last_at=now)
    except IntegrityError:  # another call came first
        _count_again(row)


NOTED_AFTER = timedelta(milliseconds=100)


def _count_again(row: dict[str, Any]) -> int:
    return AlertRefusal.objects.filter(**row).update(count=F("count") + 1, last_at=times.now())


def _end_alerts(source: AlertSource) -> None:
    told = wording.unheard(source=source.name, language=source.page.first_language)
    for alert in Alert.objects.filter(source=source, ended_at=None).select_related("source", "service__page"):
        end_alert(alert, told=told)


def _settings(source: AlertSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "service": source.service.slug if source.service else "",
        "silence_hours": source.silence_hours,
    }
