"""The words of mails about maintenance, in each language; what all mails say stands in `notices.words`."""

from dataclasses import dataclass
from enum import StrEnum

from incidents.models import MaintenanceChange, MaintenanceState, MaintenanceUpdate
from incidents.notices.words import FALLBACK_LANGUAGE


class Step(StrEnum):
    """What one mail tells."""

    ANNOUNCED = "announced"
    RESCHEDULED = "rescheduled"
    EXTENDED = "extended"
    STARTED = "started"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TOLD = "told"


_STEP_OF_STATE = {
    MaintenanceState.IN_PROGRESS: Step.STARTED,
    MaintenanceState.VERIFYING: Step.VERIFYING,
    MaintenanceState.COMPLETED: Step.COMPLETED,
    MaintenanceState.CANCELLED: Step.CANCELLED,
}


def step_of(update: MaintenanceUpdate, change: MaintenanceChange) -> Step:
    if change == MaintenanceChange.FIRST:
        return Step.ANNOUNCED
    if change == MaintenanceChange.STATE:
        return _STEP_OF_STATE[MaintenanceState(update.state)]
    if change == MaintenanceChange.WINDOW:
        return Step.RESCHEDULED if update.state == MaintenanceState.SCHEDULED else Step.EXTENDED
    return Step.TOLD


@dataclass(frozen=True)
class MaintenanceWords:
    """`steps` and `intros` hold every step, `states` every state."""

    language: str
    tag: str
    emergency_tag: str
    emergency_intro: str
    window: str
    window_was: str
    services: str
    services_meanwhile: str
    steps: dict[Step, str]
    intros: dict[Step, str]
    states: dict[MaintenanceState, str]


JAPANESE = MaintenanceWords(
    language="ja",
    tag="【メンテナンス】",
    emergency_tag="【緊急メンテナンス】",
    emergency_intro="下記のとおり、緊急メンテナンスを実施いたします。直前のご案内となりましたことを、お詫び申し上げます。",
    window="実施予定日時",
    window_was="変更前の予定日時",
    services="対象サービス",
    services_meanwhile="対象サービス（実施中の状態）",
    steps={
        Step.ANNOUNCED: "【予定】",
        Step.RESCHEDULED: "【日時変更】",
        Step.EXTENDED: "【延長】",
        Step.STARTED: "【開始】",
        Step.VERIFYING: "【確認中】",
        Step.COMPLETED: "【完了】",
        Step.CANCELLED: "【中止】",
        Step.TOLD: "【続報】",
    },
    intros={
        Step.ANNOUNCED: "下記のとおり、メンテナンスを実施いたします。"
        "ご不便をおかけいたしますが、ご理解とご協力をお願い申し上げます。",
        Step.RESCHEDULED: "下記のメンテナンスの実施日時を変更いたしました。",
        Step.EXTENDED: "下記のメンテナンスの終了予定時刻を延長いたしました。"
        "ご迷惑をおかけしておりますことを、お詫び申し上げます。",
        Step.STARTED: "下記のメンテナンスを開始いたしました。",
        Step.VERIFYING: "下記のメンテナンスの作業を終え、正常に稼働していることを確認しております。",
        Step.COMPLETED: "下記のメンテナンスは完了いたしました。ご協力いただき、誠にありがとうございました。",
        Step.CANCELLED: "下記のメンテナンスは中止いたしました。",
        Step.TOLD: "下記のメンテナンスについて、最新の状況をお知らせいたします。",
    },
    states={
        MaintenanceState.SCHEDULED: "予定",
        MaintenanceState.IN_PROGRESS: "実施中",
        MaintenanceState.VERIFYING: "確認中",
        MaintenanceState.COMPLETED: "完了",
        MaintenanceState.CANCELLED: "中止",
    },
)

ENGLISH = MaintenanceWords(
    language="en",
    tag="[Maintenance] ",
    emergency_tag="[Emergency maintenance] ",
    emergency_intro="We will carry out the emergency maintenance described below. "
    "We apologise for the short notice.",
    window="Scheduled for",
    window_was="Before",
    services="Affected services",
    services_meanwhile="Affected services (while it runs)",
    steps={
        Step.ANNOUNCED: "[Scheduled] ",
        Step.RESCHEDULED: "[Rescheduled] ",
        Step.EXTENDED: "[Extended] ",
        Step.STARTED: "[Started] ",
        Step.VERIFYING: "[Verifying] ",
        Step.COMPLETED: "[Completed] ",
        Step.CANCELLED: "[Cancelled] ",
        Step.TOLD: "[Update] ",
    },
    intros={
        Step.ANNOUNCED: "We will carry out the maintenance described below. "
        "We apologise for any inconvenience it causes.",
        Step.RESCHEDULED: "The maintenance described below has been moved to another time.",
        Step.EXTENDED: "The maintenance described below will take longer than planned. "
        "We apologise for the trouble it causes.",
        Step.STARTED: "The maintenance described below has started.",
        Step.VERIFYING: "The work described below is done. We are checking that everything runs normally.",
        Step.COMPLETED: "The maintenance described below is complete. Thank you for your patience.",
        Step.CANCELLED: "The maintenance described below has been cancelled.",
        Step.TOLD: "Here is the latest on the maintenance described below.",
    },
    states={
        MaintenanceState.SCHEDULED: "Scheduled",
        MaintenanceState.IN_PROGRESS: "In progress",
        MaintenanceState.VERIFYING: "Verifying",
        MaintenanceState.COMPLETED: "Completed",
        MaintenanceState.CANCELLED: "Cancelled",
    },
)

_TABLE = {"ja": JAPANESE, "en": ENGLISH}


def maintenance_words_for(language: str) -> MaintenanceWords:
    return _TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE]
