"""The fixed texts of updates that the system publishes by itself, in each language."""

from collections.abc import Mapping

from incidents.notices.words import FALLBACK_LANGUAGE

FIRST, RETURN, LAST = "automatic_first", "automatic_return", "automatic_last"

_TABLE: Mapping[str, Mapping[str, str]] = {
    "ja": {
        FIRST: (
            "{service}において、通常と異なる状況を監視システムで検知いたしました。"
            "現在、影響範囲および原因を調査しております。詳細が判明次第、あらためてお知らせいたします。"
        ),
        RETURN: (
            "{service}において、復旧後に再び通常と異なる状況を監視システムで検知いたしました。"
            "現在、状況を確認しております。詳細が判明次第、あらためてお知らせいたします。"
        ),
        LAST: (
            "{service}は、監視システムにおいて正常な状態に戻ったことを確認いたしました。"
            "ご不便をおかけし、申し訳ございませんでした。"
        ),
    },
    "en": {
        FIRST: (
            "Our monitoring has detected unusual behaviour of {service}. "
            "We are investigating its scope and cause, and will let you know as soon as we know more."
        ),
        RETURN: (
            "Our monitoring has again detected unusual behaviour of {service} after its recovery. "
            "We are investigating, and will let you know as soon as we know more."
        ),
        LAST: "Our monitoring finds {service} working normally again. We apologise for the inconvenience.",
    },
}


def automatic_text(name: str, language: str) -> str:
    return (_TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE])[name]
