"""The scope of an incident in words, from services, customers and durations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.reports.document import Language, to_minute
from incidents.reports.words import WEEKDAYS_EN, WEEKDAYS_JA, WORDS, show_date


@dataclass(frozen=True)
class Hit:
    """One stretch of one service; `until` None: it still lasts."""

    service: str
    start: datetime
    until: datetime | None

    @property
    def lasted(self) -> timedelta | None:
        return to_minute(self.until) - to_minute(self.start) if self.until else None


def word_scope(hits: Sequence[Hit], *, customers: int, language: Language, zone: ZoneInfo) -> str:
    """Markdown; "" where nothing was hit. `customers` is how many companies use the services, 0 for unknown."""
    if not hits:
        return ""
    services = "\n".join(f"- {_show_hit(hit, language, zone)}" for hit in hits)
    if language == "ja":
        count = f"（{customers}社）" if customers else ""
        return f"対象サービスと期間\n\n{services}\n\n対象のお客様\n\n- 上記のサービスをご利用のお客様{count}"
    count = f" ({customers} {'company' if customers == 1 else 'companies'})" if customers else ""
    return f"Services and times\n\n{services}\n\nCustomers\n\n- Customers who use these services{count}"


def _show_hit(hit: Hit, language: Language, zone: ZoneInfo) -> str:
    start = _show_at(hit.start.astimezone(zone), language)
    end = _show_at(hit.until.astimezone(zone), language) if hit.until else WORDS[language].ongoing
    lasted = hit.lasted
    if language == "ja":
        how_long = f"、{show_duration(lasted, language)}" if lasted is not None else ""
        return f"{hit.service}：{start}から{end}{'まで' if hit.until else ''}{how_long}"
    how_long = f" ({show_duration(lasted, language)})" if lasted is not None else ""
    return f"{hit.service}: {start} to {end}{how_long}"


def _show_at(at: datetime, language: Language) -> str:
    day = show_date(at, language)
    if language == "ja":
        return f"{day}（{WEEKDAYS_JA[at.weekday()]}）{at.hour}時{at.minute:02}分"
    return f"{WEEKDAYS_EN[at.weekday()]} {day}, {at:%H:%M}"


def show_duration(lasted: timedelta, language: Language) -> str:
    """`167時間5分`, `167 h 5 min`."""
    hours, minutes = divmod(lasted // timedelta(minutes=1), 60)
    units = ("時間", "分") if language == "ja" else (" h", " min")
    parts = [f"{count}{unit}" for count, unit in zip((hours, minutes), units, strict=True) if count]
    return ("" if language == "ja" else " ").join(parts) or f"0{units[1]}"
