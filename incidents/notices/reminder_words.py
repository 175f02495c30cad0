"""The words of reminders to the owners of measures, in each language."""

from dataclasses import dataclass

from incidents.notices.words import FALLBACK_LANGUAGE


@dataclass(frozen=True)
class ReminderWords:
    """`subject` and `subject_late` fill `{due}` and `{reference}`."""

    subject: str
    subject_late: str
    intro: str
    intro_late: str
    measure: str
    due: str
    incident: str
    report: str
    action: str
    ignore: str


JAPANESE = ReminderWords(
    subject="【再発防止策】期限 {due} ({reference})",
    subject_late="【再発防止策・期限超過】期限 {due} ({reference})",
    intro="ご担当の再発防止策の期限が近づいています。",
    intro_late="ご担当の再発防止策が期限を過ぎています。実施した場合は管理画面で完了にしてください。"
    "間に合わない場合は期限を見直してください。",
    measure="再発防止策",
    due="期限",
    incident="障害",
    report="報告書",
    action="管理画面で開く",
    ignore="このお知らせは、期限の1週間前と当日、期限を過ぎた後は完了するまで1週間ごとにお送りします。",
)

ENGLISH = ReminderWords(
    subject="[Measure] due {due} ({reference})",
    subject_late="[Measure overdue] due {due} ({reference})",
    intro="A permanent measure of yours is due soon.",
    intro_late="A permanent measure of yours is overdue. Please mark it done in the console once it is, "
    "or give it another day.",
    measure="Measure",
    due="Due",
    incident="Incident",
    report="Report",
    action="Open it in the console",
    ignore="You are reminded a week before, on the day, and then each week until it is done.",
)

_TABLE = {"ja": JAPANESE, "en": ENGLISH}


def reminder_words_for(language: str) -> ReminderWords:
    return _TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE]
