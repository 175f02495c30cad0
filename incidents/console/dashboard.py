"""What staff see first: what is red, what is drafted, what is promised, what mail did not go out."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.actions import wording
from incidents.console.access import StaffRequest, staff_view
from incidents.console.reach import count_audiences
from incidents.console.screen import render_screen
from incidents.lib import times
from incidents.models import FAILING, Incident, Page, ServiceStatus
from incidents.notices.mail_texts import texts_of
from incidents.queries import board
from incidents.queries.location import troubled_locations
from incidents.queries.measures import overdue_measures
from incidents.queries.report_promise import promised_reports
from incidents.queries.service import view_own_services
from incidents.queries.staff_alerts import acknowledged_by, open_alerts

HURT = (
    ServiceStatus.MAJOR_OUTAGE,
    ServiceStatus.PARTIAL_OUTAGE,
    ServiceStatus.DEGRADED,
    ServiceStatus.UNKNOWN,
    ServiceStatus.MAINTENANCE,
)


@dataclass(frozen=True)
class DraftCard:
    incident: Incident
    services: tuple[str, ...]
    signals: tuple[str, ...]
    audience: int
    proposed_text: str
    acknowledged_by: str


@dataclass(frozen=True)
class PromiseCard:
    incident: Incident
    services: tuple[str, ...]
    is_overdue: bool


@staff_view
@require_safe
def show_dashboard(request: StaffRequest) -> HttpResponse:
    return render_screen(request, "console/dashboard.html", {**_board(request.page), "section": "dashboard"})


@staff_view
@require_safe
def show_board(request: StaffRequest) -> HttpResponse:
    """The board alone, for polling; 204 while it is still what the reader already sees."""
    board_ = _board(request.page)
    if request.GET.get("seen") == board_["digest"]:
        return HttpResponse(status=204)
    return render_screen(request, "console/_board.html", board_)


def _board(page: Page) -> dict[str, Any]:
    now = times.now()
    today = now.astimezone(page.zone).date()
    services = view_own_services(page)
    drafts = _drafts(page)
    alerts = open_alerts(page)
    mail = board.mail_health(page)
    held = board.held_notices(page)
    paused = board.paused_server(now=timezone.now())
    mails_paused = board.paused_mails(page)
    refused = board.refused_for_us(page)
    troubled = troubled_locations(now=timezone.now())
    stopped = board.stopped_monitors(page)
    late_measures = overdue_measures(page, today=today)
    return {
        "hurt": sorted((s for s in services if s.status in HURT), key=lambda s: HURT.index(s.status)),
        "service_count": len(services),
        "drafts": drafts,
        "alerts": alerts,
        "promises": [_promise(incident, now=now) for incident in board.promised_incidents(page)],
        "reports": promised_reports(page, today=today),
        "late_measures": late_measures,
        "maintenances": [(m, m.waits_for_people(now=now)) for m in board.near_maintenances(page, now=now)],
        "recent": board.recent_incidents(page),
        "mail": mail,
        "held": held,
        "paused_server": paused,
        "mails_paused": mails_paused,
        "refused_for_us": refused,
        "troubled_locations": troubled,
        "stopped_monitors": stopped,
        "mail_is_set_up": settings.MAIL_SERVER is not None,
        "digest": _digest(
            page.revision,
            f"{now:%H:%M}",
            services,
            [(card.audience, card.proposed_text, card.incident.acknowledged_at) for card in drafts],
            [(alert.pk, alert.acknowledged_at) for alert in alerts],
            mail,
            held,
            paused and paused.paused_until,
            mails_paused,
            refused,
            troubled,
            [(monitor.pk, monitor.parked_reason) for monitor in stopped],
            [(measure.pk, measure.text, measure.owner_id, measure.due_on) for measure in late_measures],
        ),
    }


def _digest(*facts: object) -> str:
    """Changes when the board does: its spans of time are told in minutes, its records by the page's revision."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _drafts(page: Page) -> list[DraftCard]:
    drafts = board.draft_incidents(page)
    texts = texts_of(page, page.first_language)
    names = acknowledged_by(drafts)
    reach = count_audiences(
        page, {draft.pk: [impact.service_id for impact in draft.impacts.all()] for draft in drafts}
    )
    return [
        DraftCard(
            incident=draft,
            services=_names(draft),
            signals=tuple(signal.summary for signal in draft.signals.all() if signal.verdict in FAILING),
            audience=reach[draft.pk],
            proposed_text=wording.first_update(_names(draft), texts=texts),
            acknowledged_by=names.get(draft.pk, ""),
        )
        for draft in drafts
    ]


def _promise(incident: Incident, *, now: datetime) -> PromiseCard:
    due_at = incident.next_update_at
    return PromiseCard(incident, services=_names(incident), is_overdue=due_at is not None and due_at < now)


def _names(incident: Incident) -> tuple[str, ...]:
    return tuple(dict.fromkeys(impact.service.name for impact in incident.impacts.all()))
