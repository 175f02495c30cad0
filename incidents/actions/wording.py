"""The fixed sentences that the system proposes or says by itself, per language.

No text from a probe or a payload is in them: only names that staff gave.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

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

_EXPLAINED = {
    "ja": "依存先の障害（{reference}）によるものと判断し、同下書きへ統合。",
    "en": "Explained by the failure of a service it depends on: folded into {reference}.",
}

_DISMISSED = {
    "ja": "公開前に回復したため、下書きを自動で取り下げ。",
    "en": "Recovered before publication: the draft was dismissed automatically.",
}


def _for(language: str) -> str:
    return language if language in _FIRST_UPDATE else "en"


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
    first = page.first_language
    return [
        Said(
            first_update(
                [said_by(service, "name", language=language, first=first).text for service in services],
                language=language,
            ),
            language,
        )
        for language in page.languages
    ]


def first_update(services: list[str], *, language: str) -> str:
    joiner = "、" if _for(language) == "ja" else ", "
    return _FIRST_UPDATE[_for(language)].format(services=joiner.join(services))


def detected(verdict: str, *, monitor: str, onset: datetime, percent: int, language: str) -> str:
    """`onset` in the page's zone; `percent` is the value as a share of the usual one, told by *low* and *high*."""
    clock = f"{onset:%H:%M}"
    day = f"{onset.year}年{onset.month}月{onset.day}日" if _for(language) == "ja" else f"{onset:%Y-%m-%d}"
    return _DETECTED[_for(language)][verdict].format(monitor=monitor, onset=f"{day} {clock}", percent=percent)


def surge(*, monitor: str, percent: int, language: str) -> str:
    return _SURGE[_for(language)].format(monitor=monitor, percent=percent)


def recovered(*, monitor: str, language: str) -> str:
    return _RECOVERED[_for(language)].format(monitor=monitor)


def explained(*, reference: str, language: str) -> str:
    """Why a draft is no more: the failure of what it stands on explains it."""
    return _EXPLAINED[_for(language)].format(reference=reference)


def dismissed(*, language: str) -> str:
    return _DISMISSED[_for(language)]
