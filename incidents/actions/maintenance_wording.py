"""What is said of a step in a maintenance where nobody wrote another text, per language."""

from collections.abc import Mapping

from incidents.models import MaintenanceState

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


def _for(language: str) -> str:
    return language if language in _SAID else "en"


def said(state: str, *, language: str) -> str:
    return _SAID[_for(language)][state]


def moved(*, language: str) -> str:
    return _MOVED[_for(language)]


def extended(*, language: str) -> str:
    return _EXTENDED[_for(language)]
