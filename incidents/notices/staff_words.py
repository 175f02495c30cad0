"""The words of alerts to staff, in each language."""

from dataclasses import dataclass

from incidents.models import StaffAlertKind
from incidents.notices.words import FALLBACK_LANGUAGE


@dataclass(frozen=True)
class StaffWords:
    """`subjects` and `texts` fill `{about}`, which names what the alert is of; `step` fills `{}`."""

    tag: str
    step: str
    subjects: dict[StaffAlertKind, str]
    texts: dict[StaffAlertKind, str]
    acknowledge: str
    console: str
    ignore: str
    still_draft: str
    is_public: str
    services: str
    since: str
    signals: str
    causes: str


JAPANESE = StaffWords(
    tag="【要対応】",
    step="（{}回目の連絡）",
    subjects={
        StaffAlertKind.INCIDENT: "{about}",
        StaffAlertKind.MONITOR: "監視「{about}」が停止しました",
        StaffAlertKind.OUTBOX: "お知らせの配信が滞っています",
        StaffAlertKind.NETWORK: "拠点「{about}」のネットワークに障害の疑いがあります",
        StaffAlertKind.CANARY: "拠点「{about}」の監視結果を信頼できません",
        StaffAlertKind.SILENT: "拠点「{about}」からの監視が止まっています",
        StaffAlertKind.HELD: "古いお知らせの配信を保留しています",
        StaffAlertKind.PAUSED: "メールの配信を一時停止しました",
    },
    texts={
        StaffAlertKind.INCIDENT: "監視により障害の可能性を検知しました。内容をご確認のうえ、対応をお願いします。",
        StaffAlertKind.MONITOR: "監視「{about}」は設定に問題があるため停止しました。監視画面で設定をご確認ください。",
        StaffAlertKind.OUTBOX: "配信すべきお知らせが{about}分以上送信されずに残っています。"
        "メールサーバーと送信処理をご確認ください。",
        StaffAlertKind.NETWORK: "多数の監視が同時に失敗しているため、"
        "拠点「{about}」のネットワークに障害の疑いがあります。自動の判定と公開を見合わせています。",
        StaffAlertKind.CANARY: "拠点「{about}」で、結果の決まっている自己点検が失敗しています。"
        "この拠点の監視結果は使用せず、自動の公開を見合わせています。サーバーの状態をご確認ください。",
        StaffAlertKind.SILENT: "拠点「{about}」から監視が行われていません。"
        "監視プロセス、Redis、データベースへの接続をご確認ください。",
        StaffAlertKind.HELD: "送信処理の停止や復元の後に残っていた古いお知らせ（{about}件）の配信を保留しています。"
        "送信するか破棄するかを管理画面で選択してください。",
        StaffAlertKind.PAUSED: "宛先不明などで戻るメールが多いため、このページのメール配信を一時停止しました。"
        "管理画面でご確認のうえ、再開してください。",
    },
    acknowledge="対応を開始する（以後の連絡を止める）",
    console="管理画面を開く",
    ignore="どなたも対応を開始しない場合は、次の担当者へ連絡します。",
    still_draft="下書き（未公開）",
    is_public="公開済み",
    services="対象サービス",
    since="発生",
    signals="検知内容",
    causes="他社のステータスページの表示",
)

ENGLISH = StaffWords(
    tag="[Action needed] ",
    step=" (call {})",
    subjects={
        StaffAlertKind.INCIDENT: "{about}",
        StaffAlertKind.MONITOR: "Monitor “{about}” has stopped",
        StaffAlertKind.OUTBOX: "Notices are stuck",
        StaffAlertKind.NETWORK: "The network of the location “{about}” is suspect",
        StaffAlertKind.CANARY: "The checks of the location “{about}” cannot be believed",
        StaffAlertKind.SILENT: "Nothing is checked from the location “{about}”",
        StaffAlertKind.HELD: "Old notices are held",
        StaffAlertKind.PAUSED: "Mails are paused",
    },
    texts={
        StaffAlertKind.INCIDENT: "Monitoring detected a possible incident. Please look at it.",
        StaffAlertKind.MONITOR: "Monitor “{about}” cannot work as it is set up and has stopped. "
        "Please look at its settings.",
        StaffAlertKind.OUTBOX: "Notices that were due over {about} minutes ago are not sent yet. "
        "Please look at the mail server and the senders.",
        StaffAlertKind.NETWORK: "Many monitors fail at once, so the network of the location “{about}” is suspect. "
        "Nothing is judged or published by itself meanwhile.",
        StaffAlertKind.CANARY: "At the location “{about}” checks whose outcome is known came out wrong. What it sees "
        "is not used, and nothing is published by itself meanwhile. Please look at the machine.",
        StaffAlertKind.SILENT: "No checks come from the location “{about}”. Please look at its worker, at Redis, and "
        "at its way to the database.",
        StaffAlertKind.HELD: "Old notices ({about}) were waiting after a long silence or a restored backup, and are "
        "held. Please decide in the console whether they are sent.",
        StaffAlertKind.PAUSED: "Many mails came back, so the mails of this page are paused. "
        "Please look at it in the console, and let them go on.",
    },
    acknowledge="Acknowledge (stops further calls)",
    console="Open the console",
    ignore="If nobody acknowledges it, the next people are told.",
    still_draft="draft, not public",
    is_public="public",
    services="Services",
    since="Since",
    signals="Detected",
    causes="Others report",
)

_TABLE = {"ja": JAPANESE, "en": ENGLISH}


def staff_words_for(language: str) -> StaffWords:
    return _TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE]
