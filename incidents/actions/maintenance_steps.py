"""The steps of a maintenance: from which state they lead where, and what they tell where nobody writes another text."""

from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib.errors import Refused
from incidents.models import RUNNING, Maintenance, MaintenanceState

OPEN = (MaintenanceState.SCHEDULED, *RUNNING)


@dataclass(frozen=True)
class Step:
    """`action` is its name in the audit trail; `leads_to` None stays in the state; `notifies` is the default."""

    action: str
    allowed_in: tuple[MaintenanceState, ...]
    leads_to: MaintenanceState | None
    notifies: bool


TELL = Step("tell_of_maintenance", OPEN, None, notifies=False)
START = Step("start_maintenance", (MaintenanceState.SCHEDULED,), MaintenanceState.IN_PROGRESS, notifies=False)
VERIFY = Step(
    "verify_maintenance", (MaintenanceState.IN_PROGRESS,), MaintenanceState.VERIFYING, notifies=False
)
FINISH = Step("finish_maintenance", RUNNING, MaintenanceState.COMPLETED, notifies=True)
EXTEND = Step("extend_maintenance", RUNNING, None, notifies=True)
RESCHEDULE = Step("reschedule_maintenance", (MaintenanceState.SCHEDULED,), None, notifies=True)
CANCEL = Step("cancel_maintenance", OPEN, MaintenanceState.CANCELLED, notifies=True)

_NOT_ALLOWED = {
    MaintenanceState.SCHEDULED: "this maintenance has not started yet",
    MaintenanceState.IN_PROGRESS: "this maintenance has started already",
    MaintenanceState.VERIFYING: "this maintenance is being verified already",
    MaintenanceState.COMPLETED: "this maintenance is over",
    MaintenanceState.CANCELLED: "this maintenance was cancelled",
}

_SAID: Mapping[str, Mapping[str, str]] = {
    "ja": {
        MaintenanceState.IN_PROGRESS: "メンテナンスを開始いたしました。",
        MaintenanceState.VERIFYING: "作業を終え、正常に稼働していることを確認しております。",
        MaintenanceState.COMPLETED: "メンテナンスは完了いたしました。ご協力いただき、誠にありがとうございました。",
        MaintenanceState.CANCELLED: "このメンテナンスは中止いたしました。",
    },
    "en": {
        MaintenanceState.IN_PROGRESS: "The maintenance has started.",
        MaintenanceState.VERIFYING: "The work is done. We are checking that everything runs normally.",
        MaintenanceState.COMPLETED: "The maintenance is complete. Thank you for your patience.",
        MaintenanceState.CANCELLED: "This maintenance has been cancelled.",
    },
}

_MOVED = {
    "ja": "メンテナンスの実施日時を変更いたしました。",
    "en": "The maintenance has been moved to another time.",
}

_EXTENDED = {
    "ja": "作業に時間を要しているため、終了予定時刻を延長いたしました。",
    "en": "The work takes longer than planned, so the maintenance has been extended.",
}


def check_allowed(step: Step, maintenance: Maintenance) -> None:
    if maintenance.state not in step.allowed_in:
        raise Refused(_NOT_ALLOWED[MaintenanceState(maintenance.state)])


def usual_words(step: Step, *, language: str) -> str:
    """Nothing for a step that only tells: whoever takes it has something to say."""
    known = language if language in _SAID else "en"
    if step is RESCHEDULE:
        return _MOVED[known]
    if step is EXTEND:
        return _EXTENDED[known]
    return _SAID[known][step.leads_to] if step.leads_to else ""
