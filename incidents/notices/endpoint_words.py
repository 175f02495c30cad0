"""The words of mails and messages about endpoints, in each language."""

from dataclasses import dataclass

from incidents.notices.words import FALLBACK_LANGUAGE


@dataclass(frozen=True)
class EndpointWords:
    """`{page}`, `{channel}`, `{place}`, `{reason}`, `{code}` and `{url}` are filled by `str.format`."""

    channels: dict[str, str]
    manage: str
    owner_subject: str
    owner_intro: str
    owner_action: str
    owner_ignore: str
    endpoints_subject: str
    endpoints_intro: str
    endpoints_none: str
    disabled_subject: str
    disabled_intro: str
    disabled_action: str
    greeting: str
    code: str
    leave_code: str


JAPANESE = EndpointWords(
    channels={
        "webhook": "Webhook",
        "slack": "Slack",
        "teams": "Microsoft Teams",
        "discord": "Discord",
        "sms": "SMS",
    },
    manage="配信内容の変更・配信停止",
    owner_subject="【{page}】{channel}への配信登録のご確認",
    owner_intro="「{page}」のお知らせを{channel}（{place}）へ配信するお申し込みを受け付けました。"
    "次のページを開いてボタンを押すと、配信先の確認を行い、登録が確定します。",
    owner_action="登録確定（7日間有効）",
    owner_ignore="お心当たりのない場合は、何もせずこのメールを破棄してください。配信は始まりません。",
    endpoints_subject="【{page}】配信先の一覧",
    endpoints_intro="「{page}」のお知らせについて、このメールアドレスで登録された配信先ごとに、"
    "配信内容の変更と配信停止ができるページをご案内します（15分間有効、1回限り）。",
    endpoints_none="お心当たりのない場合は、何もせずこのメールを破棄してください。登録内容は変わりません。",
    disabled_subject="【{page}】{channel}への配信を停止しました",
    disabled_intro="「{page}」のお知らせを{channel}（{place}）へ配信できないため、配信を停止いたしました。理由：{reason}",
    disabled_action="配信を再開するには、もう一度ご登録ください",
    greeting="「{page}」のお知らせの配信先として登録されました。",
    code="{page}：確認コード {code}（10分間有効）。入力先 {url}",
    leave_code="{page}：配信停止の確認コード {code}（10分間有効）。入力先 {url}",
)

ENGLISH = EndpointWords(
    channels={
        "webhook": "webhook",
        "slack": "Slack",
        "teams": "Microsoft Teams",
        "discord": "Discord",
        "sms": "text message",
    },
    manage="Change or end these notices",
    owner_subject="[{page}] Please confirm: notices by {channel}",
    owner_intro="We received a request to send notices of {page} by {channel} ({place}). "
    "Open the page below and press its button: we then make sure that the address is yours.",
    owner_action="Confirm (valid for 7 days)",
    owner_ignore="If you did not ask for this, do nothing: no notices will be sent.",
    endpoints_subject="[{page}] Where notices are sent for you",
    endpoints_intro="Here is a page for each webhook or chat that gets notices of {page} for you. There you can "
    "change or end them (valid for 15 minutes, once).",
    endpoints_none="If you did not ask for this, do nothing: everything stays as it is.",
    disabled_subject="[{page}] Notices by {channel} have ended",
    disabled_intro="Notices of {page} can no longer be sent by {channel} ({place}), so we have stopped. "
    "Reason: {reason}",
    disabled_action="To have them again, subscribe once more",
    greeting="Notices of {page} will be sent here.",
    code="{page}: your code is {code} (10 minutes). Enter it at {url}",
    leave_code="{page}: your code to stop messages is {code} (10 minutes). Enter it at {url}",
)

_TABLE = {"ja": JAPANESE, "en": ENGLISH}


def endpoint_words_for(language: str) -> EndpointWords:
    return _TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE]
