"""What a reader would stumble over, found while a report is written: values in, values out."""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from incidents.lib.plain_text import plain
from incidents.reports.dates import Mention, find_dates
from incidents.reports.document import SECTIONS, to_minute
from incidents.reports.footnotes import locate_unmatched
from incidents.reports.words import choose_year

REQUIRED = ("organisation", "subject", *SECTIONS)
MARKDOWN = (*SECTIONS, "greeting", "apology")
# By how footnotes.locate_unmatched begins to say it.
UNMATCHED = {"a note": "no_note", "a marker": "no_marker", "one note": "two_notes"}
FIGURE = re.compile(r"!\[(?P<alt>[^\[\]]*)\]\(figure:(?P<name>[-\w]+)(?:[ ]+\"(?P<caption>[^\"\n]*)\")?\)")

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_IPV4 = re.compile(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.]*[0-9])", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])", re.ASCII)
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]+-----|\bAKIA[0-9A-Z]{16}\b|\b[rsp]k_(?:live|test)_\w+|\bgh[opsur]_\w{20,}"
    r"|\bxox[abprs]-[\w-]+|\beyJ[\w-]{8,}\.[\w-]+|\b[0-9a-fA-F]{32,}\b|\bBearer [\w.~+/-]{12,}"
    r"|(?:(?i:password|passwd|secret|token|api[ _-]?key)|パスワード|暗証番号)[ ]?[:=][ ]?[\w.~+/-]{4,}",
    re.ASCII,
)
_PLACEHOLDER = re.compile(
    r"[○〇◯●△▲□◇×]{2,}|\b(?:TODO|TBD|TBA|FIXME)\b|\b[Xx]{2,}\b|要確認|要記入|要追記|仮置き|ここに(?:記入|記載)|\?{3,}",
    re.ASCII,
)
_UNFINISHED = re.compile(
    r"調査中|検討中|確認中|作成中|\b(?:under investigation|being investigated|still investigating"
    r"|to be (?:determined|confirmed|decided)|under consideration)\b",
    re.IGNORECASE,
)
_NOTHING = (
    r"[^。\n]{0,20}?(?:ありません|ございません|ありませんでした|ございませんでした"
    r"|(?:して|されて|生じて|起きて)(?:おりません|いません)|しません|いたしません)"
)
_NONE_EN = r"(?:no|not|never|nor|neither|none|without)\b[^.\n]{0,60}?"
CLAIMS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "nothing_lost": rf"(?:消失|欠損|喪失|損失|失われ|不達){_NOTHING}"
        rf"|\b(?:{_NONE_EN}(?:lost|loss|missing)\b|(?:nothing|none) was lost)",
        "nothing_leaked": rf"(?:漏(?:えい|洩|れ|出)|流出|不正アクセス|第三者[^。\n]{{0,15}}(?:閲覧|アクセス)){_NOTHING}"
        rf"|\b{_NONE_EN}(?:leak(?:ed|s)?|exposed|disclosed|breach(?:ed)?|unauthori[sz]ed)\b",
        "nothing_else_hit": rf"影響{_NOTHING}|\b{_NONE_EN}(?:affected|impact(?:ed)?)\b",
        "never_again": rf"再発{_NOTHING}|\b(?:will|can|cannot|shall) ?(?:not|never) "
        r"(?:recur|happen again|occur again)\b",
    }.items()
}
_COMPANY = re.compile(
    r"(?:株式会社|有限会社|合同会社|一般社団法人|一般財団法人|\(株\)|\b(?:Inc|Co|Ltd|LLC|Corp|K\.K)\b\.?|,)"
)


@dataclass(frozen=True)
class Finding:
    """`field` is where it is, `line` the id of its log entry in the timeline. `is_blocking`: such a report is
    refused when it is issued. `claim` names what somebody has to vouch for, or (`by`) did."""

    code: str
    field: str
    said: str = ""
    expected: str = ""
    at: datetime | None = None
    weekday: int | None = None
    line: int = 0
    is_blocking: bool = False
    claim: str = ""
    by: str = ""


@dataclass(frozen=True)
class Words:
    """A line of the timeline as the report words it."""

    entry: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A report in one language. `impacts` are (from, until; None while it lasts); `parties` (name, mask).
    `original` are the texts that it is translated from, where it is: what is missing is printed as it stands there.
    """

    edition: str
    zone: ZoneInfo
    period_from: datetime
    period_until: datetime | None
    impacts: Sequence[tuple[datetime, datetime | None]] = ()
    texts: Mapping[str, str]
    original: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[Words] = ()
    parties: Sequence[tuple[str, str]] = ()
    customers: Sequence[str] = ()
    confirmed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    figures: Collection[str] = ()


def find(draft: Draft) -> list[Finding]:
    """Everything, what blocks first, each kind in the report's order."""
    draft = replace(draft, customers=_named_somewhere(draft))
    found = [
        *_find_missing(draft),
        *_find_unmatched(draft),
        *_find_figures(draft),
        *_find_period(draft),
        *_find_in_texts(draft),
        *_find_in_lines(draft),
        *_find_parties(draft),
    ]
    return sorted(dict.fromkeys(found), key=lambda one: not one.is_blocking)


def is_open(finding: Finding) -> bool:
    """Whether something is still to be done about it."""
    return not finding.by


def name_claim(kind: str, sentence: str) -> str:
    """Of these very words: who vouched for a sentence did not vouch for another."""
    return f"{kind}-{hashlib.sha256(sentence.encode()).hexdigest()[:12]}"


def _find_missing(draft: Draft) -> Iterator[Finding]:
    for name in REQUIRED:
        if not draft.texts.get(name, "").strip():
            is_lent = bool(draft.original.get(name, "").strip())
            yield Finding("untranslated" if is_lent else "empty", name, is_blocking=not is_lent)
    if draft.edition == "final" and draft.period_until is None:
        yield Finding("no_end", "period_until", is_blocking=True)
    if not draft.lines:
        yield Finding("no_lines", "lines", is_blocking=True)


def _find_unmatched(draft: Draft) -> Iterator[Finding]:
    sections = [plain(draft.texts.get(name, "")) for name in SECTIONS]
    for index, _, problem in locate_unmatched(sections):
        code = next(code for beginning, code in UNMATCHED.items() if problem.startswith(beginning))
        number = re.search(r"\(\*[0-9]+\)", problem)
        yield Finding(code, SECTIONS[index], said=number[0] if number else "", is_blocking=True)


def _find_figures(draft: Draft) -> Iterator[Finding]:
    for name in MARKDOWN:
        for figure in FIGURE.finditer(draft.texts.get(name, "")):
            if figure["name"] not in draft.figures:
                yield Finding("no_figure", name, said=figure["name"], is_blocking=True)
            if not figure["alt"].strip():
                yield Finding("no_alternative", name, said=figure["name"])
            if not (figure["caption"] or "").strip():
                yield Finding("no_caption", name, said=figure["name"])


def _find_period(draft: Draft) -> Iterator[Finding]:
    if not draft.impacts:
        return
    begins = min(start for start, _ in draft.impacts)
    ends = [end for _, end in draft.impacts]
    if to_minute(draft.period_from) != to_minute(begins):
        yield Finding("other_start", "period_from", at=begins)
    if None in ends:
        if draft.period_until is not None:
            yield Finding("goes_on", "period_until")
    elif (last := max(end for end in ends if end)) and draft.period_until is None:
        yield Finding("is_over", "period_until", at=last)
    elif draft.period_until and to_minute(draft.period_until) != to_minute(last):
        yield Finding("other_end", "period_until", at=last)
    if draft.edition != "final" and None not in ends:
        yield Finding("not_final", "edition")


def _find_in_texts(draft: Draft) -> Iterator[Finding]:
    for name, text in draft.texts.items():
        words = plain(text)
        yield from _find_in_words(draft, words, name=name)
        if name in SECTIONS:
            yield from _find_unfinished(draft, words, name=name)
            yield from _find_claims(draft, words, name=name)


def _find_in_lines(draft: Draft) -> Iterator[Finding]:
    for line in draft.lines:
        if re.search(r"[\x00-\x1f\x7f-\x9f]", line.text):
            yield Finding("line_break", "lines", line=line.entry, is_blocking=True)
        yield from _find_in_words(draft, line.text, name="lines", line=line.entry)


def _find_in_words(draft: Draft, words: str, *, name: str, line: int = 0) -> Iterator[Finding]:
    for mention in find_dates(words):
        yield from _judge_date(draft, mention, name=name, line=line)
    flat = unicodedata.normalize("NFKC", words)
    for code, found in (
        ("placeholder", (match[0] for match in _PLACEHOLDER.finditer(flat))),
        ("mail_address", (match[0] for match in _MAIL.finditer(flat))),
        ("address", _find_addresses(flat)),
        ("secret", (match[0][:12] for match in _SECRET.finditer(flat))),
        ("customer", _find_names(draft, flat)),
    ):
        for said in found:
            yield Finding(code, name, said=said, line=line)


def _judge_date(draft: Draft, mention: Mention, *, name: str, line: int) -> Iterator[Finding]:
    start = draft.period_from.astimezone(draft.zone).date()
    day = _day_of(mention, start=start)
    if day is None:
        yield Finding("no_such_day", name, said=mention.said, line=line)
        return
    if mention.weekday is not None and mention.weekday != day.weekday():
        yield Finding("weekday", name, said=mention.said, weekday=day.weekday(), line=line)
    if name in ("what_happened", "scope") and _lies_outside(draft, mention, day):
        yield Finding("outside", name, said=mention.said, line=line)


def _day_of(mention: Mention, *, start: date) -> date | None:
    if not 1 <= mention.month <= 12 or not 1 <= mention.day <= 31:
        return None
    year = mention.year or choose_year(month=mention.month, day=mention.day, before=None, start=start)
    return mention.on(year)


def _lies_outside(draft: Draft, mention: Mention, day: date) -> bool:
    start, end = draft.period_from, draft.period_until
    if mention.clock is not None:
        at = datetime.combine(day, mention.clock, tzinfo=draft.zone)
        return at < to_minute(start) or (end is not None and at > end)
    last = end.astimezone(draft.zone).date() if end else None
    return day < start.astimezone(draft.zone).date() or (last is not None and day > last)


def _find_addresses(words: str) -> Iterator[str]:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(words):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            if not address.is_unspecified:
                yield match[0]


def _named_somewhere(draft: Draft) -> list[str]:
    """Customers by the core of their names (アクメ of 株式会社アクメ), but those that are masked as third parties."""
    masked = {_core(name) for name, mask in draft.parties if mask}
    words = [*map(plain, draft.texts.values()), *(line.text for line in draft.lines)]
    everything = unicodedata.normalize("NFKC", "\n".join(words))
    cores = dict.fromkeys(map(_core, draft.customers))
    return [core for core in cores if len(core) >= 2 and core not in masked and core in everything]


def _find_names(draft: Draft, words: str) -> Iterator[str]:
    return (name for name in draft.customers if _stands_in(words, name))


def _core(name: str) -> str:
    return _COMPANY.sub("", unicodedata.normalize("NFKC", name)).strip()


def _stands_in(words: str, name: str) -> bool:
    """Whole words of Latin letters, so that ABC is not found in ABCD."""
    if name.isascii():
        return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", words) is not None
    return name in words


def _find_unfinished(draft: Draft, words: str, *, name: str) -> Iterator[Finding]:
    if draft.edition == "final":
        for match in _UNFINISHED.finditer(words):
            yield Finding("unfinished", name, said=match[0])


def _find_claims(draft: Draft, words: str, *, name: str) -> Iterator[Finding]:
    for sentence in _sentences(words):
        for kind, pattern in CLAIMS.items():
            if pattern.search(sentence):
                claim = name_claim(kind, sentence)
                by = draft.confirmed.get(claim, {}).get("by", "")
                yield Finding("claim", name, said=sentence, claim=claim, by=by, is_blocking=not by)
                break


def _sentences(words: str) -> Iterable[str]:
    return filter(None, (part.strip() for part in re.split(r"(?<=。)|(?<=\.)\s|\n", words)))


def _find_parties(draft: Draft) -> Iterator[Finding]:
    for name, mask in draft.parties:
        if not mask.strip():
            yield Finding("no_mask", "parties", said=name)
