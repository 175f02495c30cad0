"""The fixed sentences that the system proposes or says by itself, per language; those of updates a page may word
itself.

No text from a probe or a payload is in them: only names that staff gave.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from django.utils.translation import override

from incidents.lib.languages import Said, said_by
from incidents.models import Page, Service, ServiceStatus, Verdict
from incidents.notices.mail_texts import MailTexts, Part, texts_of

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

_TITLE_BY_CAUSE: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "unpublished": "{service} メール受信遅延の可能性",
        "invalid": "{service} メール受信遅延の可能性",
    },
    "en": {
        "unpublished": "{service}: possible delay of received mail",
        "invalid": "{service}: possible delay of received mail",
    },
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

_UNPUBLISHED = {
    "ja": (
        "監視「{monitor}」が、{domain} の SPF レコードで公開されていない接続元を検知"
        "（{onset}頃から。以後の接続のうち拒否 {refused}、許可 {accepted}）: {addresses}"
    ),
    "en": (
        "Monitor “{monitor}” detected sources that the SPF record of {domain} does not publish "
        "(since about {onset}; of what came since, {refused} refused, {accepted} accepted): {addresses}"
    ),
}

_MORE_UNPUBLISHED = {
    "ja": "監視「{monitor}」が、{domain} の SPF レコードで公開されていない接続元をさらに検知: {addresses}",
    "en": "Monitor “{monitor}” detected more sources that the SPF record of {domain} does not publish: {addresses}",
}

_INVALID = {
    "ja": "監視「{monitor}」が、{domain} の SPF レコードを受信側で利用できない状態を検知（{onset}頃から）。",
    "en": "Monitor “{monitor}” detected that receivers cannot use the SPF record of {domain} (since about {onset}).",
}

_CHANGED = {
    "ja": "監視「{monitor}」が、{domain} の SPF レコードの変更を検知（{onset}頃）。",
    "en": "Monitor “{monitor}” detected a change of the SPF record of {domain} (at about {onset}).",
}

_UPSTREAM = {
    "ja": "「{upstream}」のステータスページの表示が変化: {before} → {now}",
    "en": "The status page of “{upstream}” changed: {before} → {now}",
}

_UPSTREAM_SAYS = {
    "ja": "「{upstream}」のステータスページの表示: {status}",
    "en": "The status page of “{upstream}” reports: {status}",
}

_OTHERS = {"ja": "ほか{count}件", "en": "{count} more"}

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

_FELL_SILENT = {
    "ja": "監視「{monitor}」から{hours}時間通知がないため、終息したものとみなした。",
    "en": "Nothing heard from monitor “{monitor}” for {hours} hours: taken to be over.",
}

_UNHEARD = {
    "ja": "アラート受信元「{source}」の受信を停止したため、同受信元のアラートを終了。",
    "en": "Alerts of “{source}” are listened to no more: what it told counts as over.",
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
    return language if language in _TITLE else "en"


class Fixed(StrEnum):
    """What the log says of what the system left undone."""

    AUTOMATION_OFF = "automation_off"
    POLICY_CHANGED = "policy_changed"
    PUBLISHING_CAPPED = "publishing_capped"
    TOO_MANY_READERS = "too_many_readers"
    MAIL_CAPPED = "mail_capped"


_FIXED: Mapping[str, Mapping[Fixed, str]] = {
    "ja": {
        Fixed.AUTOMATION_OFF: "自動公開が停止中のため、公開せず担当者の判断に委ねた。",
        Fixed.POLICY_CHANGED: "サービスの設定が自動公開ではなくなったため、公開せず担当者の判断に委ねた。",
        Fixed.PUBLISHING_CAPPED: "1時間あたりの自動公開の上限に達したため、公開せず担当者の判断に委ねた。",
        Fixed.TOO_MANY_READERS: "通知先が自動公開の上限を超えるため、公開せず担当者の判断に委ねた。",
        Fixed.MAIL_CAPPED: "自動通知の上限に達したため、公開のみ行いメールは送信しなかった。",
    },
    "en": {
        Fixed.AUTOMATION_OFF: "Automatic publishing is switched off: left to people.",
        Fixed.POLICY_CHANGED: "The policy of its services no longer says to publish it: left to people.",
        Fixed.PUBLISHING_CAPPED: "The limit of automatic publications in an hour is reached: left to people.",
        Fixed.TOO_MANY_READERS: "More readers than may be told automatically: left to people.",
        Fixed.MAIL_CAPPED: "The limit of automatic mails is reached: published without mails.",
    },
}


def fixed(what: Fixed, *, language: str) -> str:
    return _FIXED[_for(language)][what]


def proposed_titles(verdict: str, *, service: Service, cause: str = "") -> list[Said]:
    """In each of the page's languages, its first one first; that of the cause, where it has its own."""
    page = service.page
    names = [
        (said_by(service, "name", language=language, first=page.first_language).text, language)
        for language in page.languages
    ]
    return [Said(_title(verdict, cause, lang).format(service=name)[:150], lang) for name, lang in names]


def _title(verdict: str, cause: str, language: str) -> str:
    known = _for(language)
    return _TITLE_BY_CAUSE[known].get(cause) or _TITLE[known][verdict]


def first_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """In each of the page's languages, its first one first."""
    return _said(Part.AUTOMATIC_FIRST, services, page=page)


def last_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """The end of what the system published by itself, told as `first_updates`."""
    return _said(Part.AUTOMATIC_LAST, services, page=page)


def return_updates(services: Sequence[Service], *, page: Page) -> list[Said]:
    """What was resolved by itself and fails again, told as `first_updates`."""
    return _said(Part.AUTOMATIC_RETURN, services, page=page)


def first_update(services: Sequence[str], *, texts: MailTexts) -> str:
    """In the language of the texts, of services named in it."""
    return texts.say(Part.AUTOMATIC_FIRST, service=_joined(services, language=texts.language))


def _said(part: Part, services: Sequence[Service], *, page: Page) -> list[Said]:
    said = []
    for language in page.languages:
        names = [said_by(one, "name", language=language, first=page.first_language).text for one in services]
        text = texts_of(page, language).say(part, service=_joined(names, language=language))
        said.append(Said(text, language))
    return said


def _joined(names: Sequence[str], *, language: str) -> str:
    return ("、" if _for(language) == "ja" else ", ").join(names)


def detected(verdict: str, *, monitor: str, onset: datetime, percent: int, language: str) -> str:
    """`onset` in the page's zone; `percent` is the value as a share of the usual one, told by *low* and *high*."""
    at = _stamp(onset, language)
    return _DETECTED[_for(language)][verdict].format(monitor=monitor, onset=at, percent=percent)


def _stamp(at: datetime, language: str) -> str:
    day = f"{at.year}年{at.month}月{at.day}日" if _for(language) == "ja" else f"{at:%Y-%m-%d}"
    return f"{day} {at:%H:%M}"


def unpublished(
    addresses: Sequence[str],
    *,
    monitor: str,
    domain: str,
    onset: datetime,
    refused: float,
    accepted: float,
    language: str,
) -> str:
    """For staff alone. `onset` in the page's zone; `refused` and `accepted` are shares, 0 to 1."""
    return _UNPUBLISHED[_for(language)].format(
        monitor=monitor,
        domain=domain,
        onset=_stamp(onset, language),
        refused=_percent(refused),
        accepted=_percent(accepted),
        addresses=listed(addresses, language=language),
    )


def more_unpublished(addresses: Sequence[str], *, monitor: str, domain: str, language: str) -> str:
    """For staff alone."""
    said = listed(addresses, language=language)
    return _MORE_UNPUBLISHED[_for(language)].format(monitor=monitor, domain=domain, addresses=said)


def invalid_record(*, monitor: str, domain: str, onset: datetime, language: str) -> str:
    said = _INVALID[_for(language)]
    return said.format(monitor=monitor, domain=domain, onset=_stamp(onset, language))


def upstream_changed(*, upstream: str, before: str, now: str, language: str) -> str:
    """`before` and `now` are values of ServiceStatus."""
    with override(language):
        labels = {"before": str(ServiceStatus(before).label), "now": str(ServiceStatus(now).label)}
    return _UPSTREAM[_for(language)].format(upstream=upstream, **labels)


def upstream_says(*, upstream: str, status: str, language: str) -> str:
    """`status` is a value of ServiceStatus."""
    with override(language):
        label = str(ServiceStatus(status).label)
    return _UPSTREAM_SAYS[_for(language)].format(upstream=upstream, status=label)


def changed_record(*, monitor: str, domain: str, onset: datetime, language: str) -> str:
    said = _CHANGED[_for(language)]
    return said.format(monitor=monitor, domain=domain, onset=_stamp(onset, language))


def listed(addresses: Sequence[str], *, language: str, most_characters: int = 120) -> str:
    """As many as there is room for, and how many more there are."""
    joiner = "、" if _for(language) == "ja" else ", "
    shown = list(addresses[:1])
    for address in addresses[1:]:
        if len(joiner.join([*shown, address])) > most_characters:
            break
        shown.append(address)
    left = len(addresses) - len(shown)
    return joiner.join([*shown, *([_OTHERS[_for(language)].format(count=left)] if left else [])])


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.01 or not share else f"{100 * share:.1f}%"


def level_taken(*, monitor: str, percent: int, language: str) -> str:
    return _LEVEL_TAKEN[_for(language)].format(monitor=monitor, percent=percent)


def surge(*, monitor: str, percent: int, language: str) -> str:
    return _SURGE[_for(language)].format(monitor=monitor, percent=percent)


def recovered(*, monitor: str, language: str) -> str:
    return _RECOVERED[_for(language)].format(monitor=monitor)


def fell_silent(*, monitor: str, hours: int, language: str) -> str:
    """Of an alert whose end nobody told."""
    return _FELL_SILENT[_for(language)].format(monitor=monitor, hours=hours)


def unheard(*, source: str, language: str) -> str:
    return _UNHEARD[_for(language)].format(source=source)


def explained(*, reference: str, language: str) -> str:
    """Why a draft is no more: the failure of what it stands on explains it."""
    return _EXPLAINED[_for(language)].format(reference=reference)


def goes_on(*, reference: str, language: str) -> str:
    return _GOES_ON[_for(language)].format(reference=reference)


def dismissed(*, language: str) -> str:
    return _DISMISSED[_for(language)]
