"""Status pages of others at work: what they say is kept and shown as a cause, and never judges our service."""

from django.db import transaction

from incidents.actions import wording
from incidents.actions.detection import Judged, note_upstream
from incidents.actions.monitor import apply_judgement, save_state
from incidents.actions.revision import touch_page
from incidents.models import Monitor, ServiceStatus
from incidents.monitors.results import Result, Verdict
from incidents.queries.monitor import lock_monitor


@transaction.atomic
def keep_reading(monitor: Monitor, result: Result) -> None:
    """The monitor is *up* as long as the page can be read, whatever it says; silence makes it unknown. No result is
    kept: there is nothing of ours in it to add up."""
    monitor = lock_monitor(monitor.pk)
    before = monitor.state.get("memory", {}).get("status", ServiceStatus.UNKNOWN)
    was_known = monitor.verdict == Verdict.UP.value
    if not result.ok or result.memory is None:
        save_state(monitor, {**monitor.state, "trouble": result.detail[:300]})
        return
    now = result.memory["status"]
    state = {**monitor.state, "memory": dict(result.memory), "trouble": ""}
    apply_judgement(monitor, Judged(Verdict.UP, result.at, None, state))
    if was_known and now == before:
        return
    touch_page(monitor.service.page_id)
    if now != before and (before, now) != (ServiceStatus.UNKNOWN, ServiceStatus.OPERATIONAL):
        page = monitor.service.page
        text = wording.upstream_changed(
            upstream=monitor.name, before=before, now=now, language=page.first_language
        )
        note_upstream(monitor, text, at=result.at)
