"""The words of mails about wishes, in each language. `{page}` is the page's name, `{about}` what it is about."""

from dataclasses import dataclass

from incidents.models import NoticeKind
from incidents.notices.words import FALLBACK_LANGUAGE


@dataclass(frozen=True)
class WishWords:
    subject: str
    intro: str
    action: str
    ignore: str = ""


JAPANESE = {
    NoticeKind.CONFIRM: WishWords(
        subject="【{page}】配信登録のご確認",
        intro="「{page}」のお知らせについて、配信登録のお申し込みを受け付けました。"
        "次のページを開いて「登録確定」ボタンを押すと、登録が確定します。",
        action="登録確定（7日間有効）",
        ignore="お心当たりのない場合は、何もせずこのメールを破棄してください。配信は始まりません。",
    ),
    NoticeKind.FOLLOW: WishWords(
        subject="【{page}】障害情報の配信登録のご確認",
        intro="「{page}」の次の障害について、続報の配信のお申し込みを受け付けました。\n\n{about}\n\n"
        "次のページを開いて「登録確定」ボタンを押すと、続報の配信が始まります。",
        action="登録確定（7日間有効）",
        ignore="お心当たりのない場合は、何もせずこのメールを破棄してください。配信は始まりません。",
    ),
    NoticeKind.MOVE: WishWords(
        subject="【{page}】配信先メールアドレスのご確認",
        intro="「{page}」のお知らせについて、配信先をこのメールアドレスに変更するお申し込みを受け付けました。"
        "次のページを開いて「登録確定」ボタンを押すと、配信先が変更されます。",
        action="登録確定（7日間有効）",
        ignore="お心当たりのない場合は、何もせずこのメールを破棄してください。配信先は変わりません。",
    ),
    NoticeKind.MOVED: WishWords(
        subject="【{page}】配信先メールアドレス変更のお知らせ",
        intro="「{page}」のお知らせの配信先を、{about} に変更いたしました。"
        "今後、このメールアドレスにはお知らせをお送りしません。",
        action="お心当たりのない場合は、次のページから改めて配信登録をお願いいたします",
    ),
    NoticeKind.KEEP: WishWords(
        subject="【{page}】共有メールアドレスの配信停止のお申し込みについて",
        intro="「{page}」のお知らせについて、共有メールアドレス {about} の配信停止のお申し込みを受け付けました。"
        "24時間後に配信を停止いたします。配信を続ける場合は、それまでに次のページを開いて"
        "「配信を続ける」ボタンを押してください。",
        action="配信を続ける",
        ignore="配信を停止してよい場合、お手続きは不要です。",
    ),
}

ENGLISH = {
    NoticeKind.CONFIRM: WishWords(
        subject="[{page}] Please confirm your subscription",
        intro="We received a request to send notices of {page} to this address. "
        "Open the page below and press its button to confirm.",
        action="Confirm (valid for 7 days)",
        ignore="If you did not ask for this, do nothing: no notices will be sent.",
    ),
    NoticeKind.FOLLOW: WishWords(
        subject="[{page}] Please confirm to follow an incident",
        intro="We received a request to send this address every update of one incident of {page}:\n\n{about}\n\n"
        "Open the page below and press its button to confirm.",
        action="Confirm (valid for 7 days)",
        ignore="If you did not ask for this, do nothing: no updates will be sent.",
    ),
    NoticeKind.MOVE: WishWords(
        subject="[{page}] Please confirm your new address",
        intro="We received a request to send the notices of {page} to this address instead of an earlier one. "
        "Open the page below and press its button to confirm.",
        action="Confirm (valid for 7 days)",
        ignore="If you did not ask for this, do nothing: the notices go where they went before.",
    ),
    NoticeKind.MOVED: WishWords(
        subject="[{page}] Your address was changed",
        intro="Notices of {page} now go to {about} and no longer to this address.",
        action="If you did not ask for this, subscribe again here",
    ),
    NoticeKind.KEEP: WishWords(
        subject="[{page}] A shared mailbox is about to be unsubscribed",
        intro="Somebody asked to unsubscribe the shared mailbox {about} from the notices of {page}. "
        "It stops in 24 hours. To go on receiving them, open the page below before then and press its button.",
        action="Keep the subscription",
        ignore="If the notices may stop, there is nothing to do.",
    ),
}

_TABLE = {"ja": JAPANESE, "en": ENGLISH}


def wish_words_for(kind: str, language: str) -> WishWords:
    return (_TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE])[NoticeKind(kind)]
