"""The fixed sentences that the system proposes or says by itself, per language.

No text from a probe or a payload is in them: only names that staff gave.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from incidents.lib.languages import Said, said_by
from incidents.models import Page, Service, Verdict

_TITLE: Mapping[str, Mapping[str, str]] = {
    "ja": {
        Verdict.DOWN: "{service} 接続障害の可能性",
        Verdict.UNSTABLE: "{service} 動作不安定の可能性",
        Verdict.LOW: "{service} 処理量の低下",
        Verdict.HIGH: "{service} 処理量の増加",
    },
    "en": {
        Verdict.DOWN: "{service}: possible outage",
        Verdict.UNSTABLE: "{service}: unstable operation",
        Verdict.LOW: "{service}: lower volume than usual",
        Verdict.HIGH: "{service}: higher volume than usual",
    },
}

_FIRST_UPDATE = {
    "ja": (
        "{services}において、通常と異なる状況を監視システムで検知いたしました。"
        "現在、影響範囲および原因を調査しております。詳細が判明次第、あらためてお知らせいたします。"
    ),
    "en": (
        "Our monitoring has detected unusual behaviour of {services}. "
        "We are investigating its scope and cause, and will let you know as soon as we know more."
    ),
}

_DETECTED: Mapping[str, Mapping[str, str]] = {
    "ja": {
        Verdict.DOWN: "監視「{monitor}」が異常を検知（{onset}頃から）。",
        Verdict.UNSTABLE: "監視「{monitor}」が不安定な状態を検知（{onset}頃から）。",
        Verdict.LOW: "監視「{monitor}」が通常の統計と比較して減少を検知（{onset}頃から、通常の約{percent}%）。",
        Verdict.HIGH: "監視「{monitor}」が通常の統計と比較して増加を検知（{onset}頃から、通常の約{percent}%）。",
    },
    "en": {
        Verdict.DOWN: "Monitor “{monitor}” detected a failure (since about {onset}).",
        Verdict.UNSTABLE: "Monitor “{monitor}” detected an unstable state (since about {onset}).",
        Verdict.LOW: (
            "Monitor “{monitor}” detected a lower volume than usual (since about {onset}, about {percent}% of it)."
        ),
        Verdict.HIGH: (
            "Monitor “{monitor}” detected a higher volume than usual (since about {onset}, about {percent}% of it)."
        ),
    },
}

_SURGE = {
    "ja": "監視「{monitor}」が通常の統計と比較して増加を検知（通常の約{percent}%）。滞留分の処理による回復傾向と判断。",
    "en": (
        "Monitor “{monitor}” detected a higher volume than usual (about {percent}% of it): "
        "recovery, the backlog is being processed."
    ),
}

_RECOVERED = {
    "ja": "監視「{monitor}」が正常な状態に戻ったことを検知。",
    "en": "Monitor “{monitor}” is back to normal.",
}

_LAST_UPDATE = {
    "ja": (
        "{services}は、監視システムにおいて正常な状態に戻ったことを確認いたしました。"
        "ご不便をおかけし、申し訳ございませんでした。"
    ),
    "en": "Our monitoring finds {services} working normally again. We apologise for the inconvenience.",
}

_RETURN_UPDATE = {
    "ja": (
        "{services}において、復旧後に再び通常と異なる状況を監視システムで検知いたしました。"
        "現在、状況を確認しております。詳細が判明次第、あらためてお知らせいたします。"
    ),
    "en": (
        "Our monitoring has again detected unusual behaviour of {services} after its recovery. "
        "We are investigating, and will let you know as soon as we know more."
    ),
}

_GOES_ON = {
    "ja": "復旧後まもない再発のため、{reference}の続報として公開。",
    "en": "It returned shortly after its recovery: published as an update of {reference}.",
}

_EXPLAINED = {
    "ja": "依存先の障害（{reference}）によるものと判断し、同下書きへ統合。",
    "en": "Explained by the failure of a service it depends on: folded into {reference}.",
}

_LEVEL_TAKEN = {
    "ja": "監視「{monitor}」の現在の水準（従来の約{percent}%）を、担当者が通常の値と判断。",
    "en": "Staff took the present level of monitor “{monitor}”, about {percent}% of the former, for the usual one.",
}

_DISMISSED = {
    "ja": "公開前に回復したため、下書きを自動で取り下げ。",
    "en": "Recovered before publication: the draft was dismissed automatically.",
}


def _for(language: str) -> str:
    return language if language in _FIRST_UPDATE else "en"


class Fixed(StrEnum):
    """What the log says of what the system left undone."""

    AUTOMATION_OFF = "automation_off"
    PUBLISHING_CAPPED = "publishing_capped"
    TOO_MANY_READERS = "too_many_readers"
    MAIL_CAPPED = "mail_capped"


AUTOMATION_OFF, PUBLISHING_CAPPED = Fixed.AUTOMATION_OFF, Fixed.PUBLISHING_CAPPED
TOO_MANY_READERS, MAIL_CAPPED = Fixed.TOO_MANY_READERS, Fixed.MAIL_CAPPED

_FIXED: Mapping[str, Mapping[Fixed, str]] = {
    "ja": {
        AUTOMATION_OFF: "自動公開が停止中のため、公開せず担当者の判断に委ねた。",
        PUBLISHING_CAPPED: "1時間あたりの自動公開の上限に達したため、公開せず担当者の判断に委ねた。",
        TOO_MANY_READERS: "通知先が自動公開の上限を超えるため、公開せず担当者の判断に委ねた。",
        MAIL_CAPPED: "自動通知の上限に達したため、公開のみ行いメールは送信しなかった。",
    },
    "en": {
        AUTOMATION_OFF: "Automatic publishing is switched off: left to people.",
        PUBLISHING_CAPPED: "The limit of automatic publications in an hour is reached: left to people.",
        TOO_MANY_READERS: "More readers than may be told automatically: left to people.",
        MAIL_CAPPED: "The limit of automatic mails is reached: published without mails.",
    },
}


def fixed(what: Fixed, *, language: str) -> str:
    return _FIXED[_for(language)][what]


def proposed_titles(verdict: str, *, service: Service) -> list[Said]:
    """In each of the page's languages, its first one first."""
    page = service.page
    names = [
        (said_by(service, "name", language=language, first=page.first_language).text, language)
        for language in page.languages
    ]
    return [Said(_TITLE[_for(lang)][verdict].format(service=name)[:150], lang) for name, lang in names]


def first_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """In each of the page's languages, its first one first."""
    return _said(_FIRST_UPDATE, services, page=page)


def last_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """The end of what the system published by itself, told as `first_updates`."""
    return _said(_LAST_UPDATE, services, page=page)


def return_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """What was resolved by itself and fails again, told as `first_updates`."""
    return _said(_RETURN_UPDATE, services, page=page)


def first_update(services: list[str], *, language: str) -> str:
    return _joined(_FIRST_UPDATE, services, language=language)


def _said(sentences: Mapping[str, str], services: Sequence[Service], *, page: Page) -> list[Said]:
    first = page.first_language
    said = []
    for language in page.languages:
        names = [said_by(service, "name", language=language, first=first).text for service in services]
        said.append(Said(_joined(sentences, names, language=language), language))
    return said


def _joined(sentences: Mapping[str, str], names: Sequence[str], *, language: str) -> str:
    joiner = "、" if _for(language) == "ja" else ", "
    return sentences[_for(language)].format(services=joiner.join(names))


def detected(verdict: str, *, monitor: str, onset: datetime, percent: int, language: str) -> str:
    """`onset` in the page's zone; `percent` is the value as a share of the usual one, told by *low* and *high*."""
    clock = f"{onset:%H:%M}"
    day = f"{onset.year}年{onset.month}月{onset.day}日" if _for(language) == "ja" else f"{onset:%Y-%m-%d}"
    return _DETECTED[_for(language)][verdict].format(monitor=monitor, onset=f"{day} {clock}", percent=percent)


def level_taken(*, monitor: str, percent: int, language: str) -> str:
    return _LEVEL_TAKEN[_for(language)].format(monitor=monitor, percent=percent)


def surge(*, monitor: str, percent: int, language: str) -> str:
    return _SURGE[_for(language)].format(monitor=monitor, percent=percent)


def recovered(*, monitor: str, language: str) -> str:
    return _RECOVERED[_for(language)].format(monitor=monitor)


def explained(*, reference: str, language: str) -> str:
    """Why a draft is no more: the failure of what it stands on explains it."""
    return _EXPLAINED[_for(language)].format(reference=reference)


def goes_on(*, reference: str, language: str) -> str:
    return _GOES_ON[_for(language)].format(reference=reference)


def dismissed(*, language: str) -> str:
    return _DISMISSED[_for(language)]
