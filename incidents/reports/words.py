"""The fixed words of a report in both languages; every writer prints these, the reader expects them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from incidents.reports.document import (
    Document,
    Edition,
    Entry,
    Language,
    Role,
    find_zone,
    group_lines,
    to_minute,
)

BLOCKS = ("what_happened", "period", "scope", "cause", "timeline", "measures")
TITLE = "Post-Incident Report"
NUMBER_LABEL = "Incident No: "

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Words:
    """`headings` in the order of BLOCKS; that of the period has a place for the zone, `withdrawn` one for the day."""

    headings: tuple[str, ...]
    lead: str
    end: str
    suffixes: Mapping[Edition, str]
    zones: Mapping[str, str]
    joint: str
    until: str
    ongoing: str
    withdrawn: str
    roles: Mapping[Role, str]
    attached: str


WORDS: Mapping[Language, Words] = {
    "ja": Words(
        headings=(
            "発生事象",
            "発生日時（本報告の時刻表記は{zone}で記載します）",
            "影響範囲",
            "発生原因",
            "事象発生からの時系列と弊社対応",
            "恒久対応策",
        ),
        lead="以下に、事象発生から現在に至るまでの時系列を記載します。",
        end="以上",
        suffixes={"final": "", "first": "（速報）", "interim": "（中間報告）"},
        zones={"Asia/Tokyo": "JST/日本時間", "UTC": "UTC/協定世界時"},
        joint=" から",
        until="まで",
        ongoing="現在も継続中",
        withdrawn="【取り下げ】本報告書は{day}に取り下げました。",
        roles={"written": "作成", "checked": "確認", "approved": "承認"},
        attached="本報告書のテキスト版",
    ),
    "en": Words(
        headings=(
            "What happened",
            "Period (times in {zone})",
            "Scope",
            "Cause",
            "Timeline and our response",
            "Permanent measures",
        ),
        lead="The timeline from the onset to the present follows.",
        end="End",
        suffixes={"final": "", "first": " (first report)", "interim": " (interim report)"},
        zones={"Asia/Tokyo": "JST, UTC+9", "UTC": "UTC, UTC+0"},
        joint=" to ",
        until="",
        ongoing="the present",
        withdrawn="[Withdrawn] This report was withdrawn on {day}.",
        roles={"written": "Written by", "checked": "Checked by", "approved": "Approved by"},
        attached="The text edition of this report",
    ),
}


def name_zone(zone: str, language: Language) -> str:
    """`JST/日本時間`; a zone without a word of ours by its IANA name."""
    unnamed = f"{zone}/現地時間" if language == "ja" else f"{zone}, local time"
    return WORDS[language].zones.get(zone, unnamed)


def name_headings(document: Document) -> dict[str, str]:
    """The heading of each block, without the `■` before it."""
    zone = name_zone(document.zone, document.language)
    return dict(
        zip(BLOCKS, (text.format(zone=zone) for text in WORDS[document.language].headings), strict=True)
    )


def show_title(document: Document) -> str:
    return document.title + WORDS[document.language].suffixes[document.edition]


def show_date(day: date, language: Language) -> str:
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"


def show_revision(document: Document) -> str:
    """The line under the issue date, empty for the first revision."""
    if document.revised_on is None:
        return ""
    revised = show_date(document.revised_on, document.language)
    if document.language == "ja":
        return f"第{document.revision}版 {revised}改訂"
    return f"Revision {document.revision}, {revised}"


def show_withdrawal(document: Document) -> str:
    """The line at the top of a report that was withdrawn, else empty."""
    if document.withdrawn_on is None:
        return ""
    day = show_date(document.withdrawn_on, document.language)
    return WORDS[document.language].withdrawn.format(day=day)


def show_signatures(document: Document) -> list[tuple[str, str, str]]:
    """(role, name, date) of each who signed, from who wrote to who approved."""
    roles = WORDS[document.language].roles
    return [
        (shown, signed.name, show_date(signed.on, document.language))
        for role, shown in roles.items()
        for signed in document.signatures
        if signed.role == role
    ]


def show_period(document: Document) -> tuple[str, str, str]:
    """(start, what stands between, end) of the period's line."""
    words = WORDS[document.language]
    start = _show_moment(document.period_from, document, approximate=document.period_from_approximate)
    if document.period_until is None:
        return start, words.joint, words.ongoing
    until = _show_moment(document.period_until, document, approximate=document.period_until_approximate)
    return start, words.joint, until.replace("About", "about") + words.until


def _show_moment(instant: datetime, document: Document, *, approximate: bool) -> str:
    at = to_minute(instant).astimezone(find_zone(document.zone))
    day = show_date(at, document.language)
    if document.language == "ja":
        clock = f"{at.hour}時{at.minute:02}分{_show_repeated(at, '（{}）')}"
        return f"{day}（{WEEKDAYS_JA[at.weekday()]}）{clock}{'頃' if approximate else ''}"
    about = "About " if approximate else ""
    return f"{about}{WEEKDAYS_EN[at.weekday()]} {day}, {at:%H:%M}{_show_repeated(at, ' ({})')}"


def stamp_entries(document: Document) -> Iterator[tuple[Entry, str]]:
    """The printed entries of the timeline, each with what stands before it: `9月04日(金) 12:46`."""
    zone = find_zone(document.zone)
    start, before = document.period_from.astimezone(zone).date(), None
    for entry in group_lines(document.timeline):
        at = to_minute(entry.at).astimezone(zone)
        implied = choose_year(month=at.month, day=at.day, before=before, start=start)
        yield entry, _show_stamp(at, document.language, with_year=implied != at.year)
        before = at.date()


def choose_year(*, month: int, day: int, before: date | None, start: date) -> int:
    """The year of an entry that prints none: the first is nearest to the period's `start`, and
    where the month falls by more than six against the entry `before`, a new year has begun.
    """
    if before is not None:
        return before.year + (before.month - month > 6)
    years = [year for year in (start.year - 1, start.year, start.year + 1) if 1 <= year <= 9999]
    return min(years, key=lambda year: abs(date(year, month, 1).toordinal() + day - 1 - start.toordinal()))


def _show_stamp(at: datetime, language: Language, *, with_year: bool) -> str:
    if language == "ja":
        day = f"{at.month}月{at.day:02}日({WEEKDAYS_JA[at.weekday()]})"
        return f"{f'{at.year}年' if with_year else ''}{day} {at:%H:%M}{_show_repeated(at, '({})')}"
    day = f"{WEEKDAYS_EN[at.weekday()]} {at.day:02} {MONTHS_EN[at.month - 1][:3]}"
    return f"{day}{f' {at.year}' if with_year else ''} {at:%H:%M}{_show_repeated(at, ' ({})')}"


def _show_repeated(at: datetime, form: str) -> str:
    """The offset where the clock, set back, shows an hour for the second time; else nothing."""
    return form.format(show_offset(at.utcoffset() or timedelta())) if at.fold else ""


def show_offset(offset: timedelta) -> str:
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")
