"""From the audience that was fixed when a notice was published to one delivery for each of them.

A large audience is expanded in parts by the senders, so that publishing does not wait for it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from incidents.models import PAUSED_LANE, AudiencePart, Delivery, Notice, Subscriber, SubscriberState
from incidents.notices.guard import OLD
from incidents.notices.throttle import UNLISTED_CONNECTIONS

PART = 2_000
SETTLED = timedelta(seconds=60)

_FIX = """
    INSERT INTO incidents_audiencepart (notice_id, number, subscriber_ids, size)
    SELECT %s, part, {joined_ids}, COUNT(*) FROM (
      SELECT audience.id, (ROW_NUMBER() OVER (ORDER BY audience.id) - 1) / {size} AS part
      FROM ({audience}) AS audience) AS numbered
    GROUP BY part
"""
# Where an earlier notice of the thread is held, so is this one: the order stays. A paused page's wait aside.
_EXPAND = """
    INSERT INTO incidents_delivery
      (notice_id, subscriber_id, channel, public_id, thread, sequence, lane, domain, state, attempts,
       crashes, maybe_sent, next_attempt_at, expires_at, lease_owner, last_code, last_reply)
    SELECT n.id, s.id, s.channel, {random_id}, n.thread, n.sequence,
      CASE WHEN s.channel <> 'email' THEN {lane}
        WHEN p.mail_paused_at IS NULL THEN COALESCE(t.key, 'notices')
        ELSE {paused_lane} END, s.domain,
      CASE WHEN {is_old} OR EXISTS (
        SELECT 1 FROM incidents_delivery h
        WHERE h.subscriber_id = s.id AND h.thread = n.thread AND h.state = 'held')
      THEN 'held' ELSE 'queued' END,
      0, 0, false, n.due_at, n.expires_at, '', '', ''
    FROM ({readers}) AS s
    JOIN incidents_notice AS n ON n.id = %s
    JOIN incidents_page AS p ON p.id = s.page_id
    LEFT JOIN incidents_throttle AS t ON t.key = s.domain AND t.is_lane
    WHERE true
    ON CONFLICT DO NOTHING
"""
_READERS = """
    SELECT id, page_id, channel, CASE channel WHEN 'email' THEN {domain} WHEN 'sms' THEN 'sms' ELSE {host} END AS domain
    FROM incidents_subscriber WHERE id IN ({ids})
"""
# Touched where it is there already: a lane that was long quiet must not be forgotten just now.
_OPEN_LANES = """
    INSERT INTO incidents_throttle
      (key, is_lane, connections, tokens, failures, pause_seconds, last_reply, changed_at)
    SELECT DISTINCT {lane}, true, {connections}, 0.0, 0, 0.0, '', {at}
    FROM ({readers}) AS s WHERE s.channel <> 'email' ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET changed_at = excluded.changed_at
"""
_LANE = "s.channel || ':' || s.domain"
_DIALECTS = {
    "postgresql": {
        "joined_ids": "STRING_AGG(id::text, ',')",
        "random_id": "replace(gen_random_uuid()::text, '-', '')",
        "domain": "split_part(email, '@', 2)",
        "host": "split_part(endpoint, '/', 3)",
        "at": "%s::timestamptz",
    },
    "sqlite": {
        "joined_ids": "GROUP_CONCAT(id, ',')",
        "random_id": "lower(hex(randomblob(16)))",
        "domain": "substr(email, instr(email, '@') + 1)",
        # A stored URL always has a path.
        "host": "substr(substr(endpoint, instr(endpoint, '//') + 2), 1,"
        " instr(substr(endpoint, instr(endpoint, '//') + 2), '/') - 1)",
        "at": "%s",
    },
}

log = logging.getLogger(__name__)


def fix_audience(notice: Notice, told: QuerySet[Subscriber]) -> None:
    """Writes down who is told, and how many; a small audience is expanded at once."""
    audience, params = told.order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_sql(_FIX, audience=audience, size=PART), [notice.pk, *params])
    parts = list(notice.audience_parts.all())
    notice.audience = sum(part.size for part in parts)
    notice.save(update_fields=["audience"])
    if len(parts) == 1:
        _expand(parts[0], notice, now=notice.created_at)


def expand_thread(thread: str, *, now: datetime) -> None:
    """Before the next notice of the thread is written: nobody may get the second before the first."""
    expand_all(AudiencePart.objects.filter(notice__thread=thread), now=now)


def expand_all(waiting: QuerySet[AudiencePart], *, now: datetime) -> None:
    """In the caller's transaction; waits for a sender that has one of the parts in hand."""
    parts = waiting.filter(expanded_at=None).select_for_update(of=("self",)).select_related("notice")
    for part in parts.order_by("notice", "number"):
        _expand(part, part.notice, now=now)


def expand_next(*, now: datetime) -> bool:
    """One part that no other sender has in hand; tells whether there was one."""
    waiting = AudiencePart.objects.filter(expanded_at=None).order_by("notice", "number")
    if not waiting.exists():
        return False
    with transaction.atomic():
        free = waiting.select_for_update(of=("self",), skip_locked=True).select_related("notice")
        part = free.first()
        if part is not None:
            _expand(part, part.notice, now=now)
    return part is not None


def repair(*, now: datetime) -> int:
    """Queues what a published notice lacks, as after a bug or a restore of only some tables."""
    queued = sum(
        _complete(part, now=now)
        for notice_id in _lacking(now)
        for part in AudiencePart.objects.filter(notice=notice_id).select_related("notice").iterator()
    )
    if queued:
        log.error("%d deliveries of published notices were missing and are queued", queued)
    return queued


def _lacking(now: datetime) -> list[int]:
    """Notices with fewer deliveries than they had readers when they were published."""
    parts = AudiencePart.objects.filter(notice=OuterRef("pk"))
    expanded = Notice.objects.filter(
        Exists(parts),
        ~Exists(parts.filter(expanded_at=None)),
        expires_at__gt=now,
        created_at__lt=now - SETTLED,
    )
    audiences = dict(expanded.values_list("pk", "audience"))
    rows = Delivery.objects.filter(notice__in=audiences).order_by().values_list("notice")
    written = dict(rows.annotate(n=Count("pk")))
    return [notice_id for notice_id, audience in audiences.items() if written.get(notice_id, 0) < audience]


def _complete(part: AudiencePart, *, now: datetime) -> int:
    """Those who have left since are not told any more; those who were erased are gone."""
    ids = _ids(part)
    written = Delivery.objects.filter(notice=part.notice_id, subscriber__in=ids)
    missing = set(ids).difference(written.values_list("subscriber_id", flat=True))
    active = Subscriber.objects.filter(pk__in=missing, state=SubscriberState.ACTIVE)
    return _insert(part.notice, list(active.values_list("pk", flat=True)), now=now)


def _expand(part: AudiencePart, notice: Notice, *, now: datetime) -> None:
    _insert(notice, _ids(part), now=now)
    part.expanded_at = now
    part.save(update_fields=["expanded_at"])


def _insert(notice: Notice, subscriber_ids: Iterable[int], *, now: datetime) -> int:
    ids = ",".join(map(str, subscriber_ids))
    if not ids:
        return 0
    paused_lane = f"'{PAUSED_LANE}' || p.id"
    is_old = "true" if notice.due_at < now - OLD else "false"
    common = {"readers": _sql(_READERS, ids=ids), "lane": _LANE}
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_sql(_OPEN_LANES, connections=UNLISTED_CONNECTIONS, **common), [at])
        cursor.execute(_sql(_EXPAND, is_old=is_old, paused_lane=paused_lane, **common), [notice.pk])
        return int(cursor.rowcount)


def _ids(part: AudiencePart) -> list[int]:
    return [int(number) for number in part.subscriber_ids.split(",")]


def _sql(template: str, **values: object) -> str:
    return template.format_map({**_DIALECTS[connection.vendor], **values})
