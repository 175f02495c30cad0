"""Documents for tests: a small one to vary, and generated ones with everything that is hard to keep."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from incidents.lib.markdown import escape
from incidents.reports.document import SECTIONS, Document, Edition, Language, Line
from incidents.reports.hea_dates import is_revision
from incidents.reports.hea_headings import find_heading
from incidents.reports.phrases import PHRASES, UpdateKind, kind_of, split_phrase
from tests.lib.hostile_text import hostile_text

ZONES = ("Asia/Tokyo", "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
SUFFIXES = ("（速報）", "（中間報告）", "(first report)", "(interim report)")


def instant(text: str, zone: str = "Asia/Tokyo") -> datetime:
    """The instant in UTC of a wall-clock time such as `2020-09-01 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def make_document(**changes: Any) -> Document:
    values: dict[str, Any] = {
        "issued_on": date(2020, 10, 8),
        "organisation": "みなと情報サービス株式会社",
        "number": "ARC2020100801",
        "service": "Minato Mail Vault",
        "subject": "検索の遅延",
        "zone": "Asia/Tokyo",
        "period_from": instant("2020-09-01 09:00"),
        "period_until": instant("2020-09-08 08:00"),
        "period_until_approximate": True,
        "what_happened": "検索に時間がかかりました。",
        "scope": "すべてのお客様",
        "cause": "設定の誤り",
        "measures": "監視の追加",
        "timeline": (
            Line(instant("2020-09-04 12:20"), "障害と判断。"),
            Line(instant("2020-09-04 12:46"), PHRASES["ja"][UpdateKind.FIRST], update=UpdateKind.FIRST),
        ),
    }
    return Document(**(values | changes))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Canonical documents: those that say what their text edition says, and nothing more."""
    language: Language = draw(st.sampled_from(("ja", "en")))
    edition: Edition = draw(st.sampled_from(get_args(Edition)))
    start = draw(_instants())
    until = draw(
        st.none() | st.integers(0, 60 * 24 * 400).map(lambda minutes: start + timedelta(minutes=minutes))
    )
    issued_on = draw(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
    revision = draw(st.integers(1, 12))
    code = draw(st.sampled_from(("AB", "ARC", "ABCDEFGH")))
    sections = draw(_sections(language))
    return Document(
        language=language,
        edition=edition,
        issued_on=issued_on,
        revision=revision,
        revised_on=issued_on + timedelta(days=draw(st.integers(0, 99))) if revision > 1 else None,
        organisation=draw(_lines(language)),
        number=f"{code}{issued_on:%Y%m%d}{draw(st.integers(1, 99)):02}",
        service=draw(_lines(language)),
        subject=draw(st.just("") | _lines(language)),
        zone=draw(st.sampled_from(ZONES)),
        period_from=start,
        period_from_approximate=draw(st.booleans()),
        period_until=until,
        period_until_approximate=until is not None and draw(st.booleans()),
        timeline=draw(_timelines(language, start)),
        opening=draw(st.just("") | hostile_text(pieces=6).map(escape)),
        withdrawn_on=draw(st.none() | st.just(issued_on + timedelta(days=120))),
        what_happened=sections[0],
        scope=sections[1],
        cause=sections[2],
        measures=sections[3],
    )


def _instants() -> st.SearchStrategy[datetime]:
    """Often at the turn of a year, a leap day or an hour that a clock shows twice or not at all."""
    edges = st.sampled_from(
        [
            instant("2024-12-31 23:59"),
            instant("2024-02-29 00:00"),
            instant("2023-03-01 00:00"),
            instant("2024-11-03 00:30", "America/New_York"),
            instant("2024-03-10 01:30", "America/New_York"),
            instant("2024-04-07 01:00", "Australia/Lord_Howe"),
        ]
    )
    minutes = st.integers(0, 60 * 24 * 365 * 80)
    return edges | minutes.map(lambda past: instant("2000-01-01 00:00") + timedelta(minutes=past))


@st.composite
def _timelines(draw: st.DrawFn, language: Language, start: datetime) -> tuple[Line, ...]:
    at = start + timedelta(minutes=draw(st.integers(-30, 30) | st.integers(-60 * 24 * 900, 60 * 24 * 900)))
    steps = st.sampled_from((0, 0, 1, 30, 60)) | st.integers(0, 60 * 24 * 60) | st.integers(0, 60 * 24 * 900)
    lines: list[Line] = []
    for _ in range(draw(st.integers(0, 8))):
        step = draw(steps) if lines else 0
        at += timedelta(minutes=step)
        kind = draw(st.none() | st.sampled_from(UpdateKind))
        text = PHRASES[language][kind] if kind else draw(_lines(language))
        joined = bool(lines) and kind is not None and step == 0 and draw(st.booleans())
        lines.append(Line(at, text, joined=joined, update=kind_of(text)))
    return tuple(lines)


def _lines(language: Language) -> st.SearchStrategy[str]:
    one_line = hostile_text(pieces=5).map(lambda text: " ".join(text.split()) or "語")
    return one_line.filter(lambda text: _is_free(text, language))


def _is_free(text: str, language: Language) -> bool:
    """Whether the line says nothing to the format."""
    if not text or not text.isprintable() or text.endswith(SUFFIXES) or split_phrase(text)[1]:
        return False
    return find_heading(text, language) is None and not is_revision(text, language)


@st.composite
def _sections(draw: st.DrawFn, language: Language) -> list[str]:
    """Four sections with footnotes in any of them, their notes in any order and place."""
    texts = [[draw(hostile_text(pieces=10))] for _ in SECTIONS]
    for number in range(1, draw(st.sampled_from((0, 0, 1, 2, 3, 12))) + 1):
        for _ in range(draw(st.integers(1, 2))):
            texts[draw(st.integers(0, 3))].append(f"語(*{number})の続き")
        note = f"(*{number}) {draw(_lines(language))}" + draw(st.sampled_from(("", "\n\n段落\n行")))
        texts[draw(st.integers(0, 3))].append(note)
    return [escape("\n\n".join(blocks)) for blocks in texts]
