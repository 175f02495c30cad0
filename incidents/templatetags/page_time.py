"""Instants in the page's zone and language, with the zone named.

Japanese: 2020年9月4日（金）12:46（日本時間）; English: 4 September 2020, 12:46 JST. The zone is the one of
`page` in the template's context, the language the active one.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from incidents.models import RecoveryEstimate

register = template.Library()

_WEEKDAYS = "月火水木金土日"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_JAPANESE_ZONES = {
    "Asia/Tokyo": "日本時間",
    "Japan": "日本時間",
    "UTC": "協定世界時",
    "Etc/UTC": "協定世界時",
}


def zone_name(at: datetime, *, zone: ZoneInfo, language: str) -> str:
    """日本時間 or JST; zones without letters of their own as UTC+07."""
    if language == "ja" and zone.key in _JAPANESE_ZONES:
        return _JAPANESE_ZONES[zone.key]
    name = at.astimezone(zone).tzname() or zone.key
    return f"UTC{name}" if name[0] in "+-" else name


def format_day(day: date, *, language: str) -> str:
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_day_short(day: date, *, language: str) -> str:
    """Without the year, for days that are near: 9月4日（金） or Fri 4 September."""
    if language == "ja":
        return format_day(day, language=language).partition("年")[2]
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def format_days_short(first: date, last: date, *, language: str) -> str:
    """From – until, or the one day."""
    ends = [format_day_short(day, language=language) for day in dict.fromkeys((first, last))]
    return (" ～ " if language == "ja" else " – ").join(ends)


def format_clock(at: datetime, *, zone: ZoneInfo, language: str) -> str:
    """12:46（日本時間） or 12:46 JST."""
    name = zone_name(at, zone=zone, language=language)
    clock = f"{at.astimezone(zone):%H:%M}"
    return f"{clock}（{name}）" if language == "ja" else f"{clock} {name}"


def format_instant(at: datetime, *, zone: ZoneInfo, language: str) -> str:
    day = format_day(at.astimezone(zone).date(), language=language)
    separator = "" if language == "ja" else ", "
    return f"{day}{separator}{format_clock(at, zone=zone, language=language)}"


def format_period(from_at: datetime, until_at: datetime, *, zone: ZoneInfo, language: str) -> tuple[str, str]:
    """Both ends; what the second shares with the first is said once: the day there, the zone here."""
    whole = format_instant(from_at, zone=zone, language=language)
    names = [zone_name(at, zone=zone, language=language) for at in (from_at, until_at)]
    if names[0] == names[1]:
        whole = whole.removesuffix(f"（{names[0]}）").removesuffix(f" {names[0]}")
    is_one_day = from_at.astimezone(zone).date() == until_at.astimezone(zone).date()
    end = (format_clock if is_one_day else format_instant)(until_at, zone=zone, language=language)
    return whole, end


def format_estimate(
    told: RecoveryEstimate, *, zone: ZoneInfo, language: str, today: date | None = None
) -> str:
    """18:00頃（日本時間）, 18:00 ～ 20:00（日本時間） or 未定; with the date unless that is `today`."""
    ends = [words for _at, words in _ends(told, zone=zone, language=language, today=today)]
    return _range(language).format(*ends) if len(ends) > 1 else "".join(ends) or gettext("Undecided")


def _ends(
    told: RecoveryEstimate, *, zone: ZoneInfo, language: str, today: date | None
) -> list[tuple[datetime, str]]:
    """Its one instant or its two, each in words."""
    if told.from_at is None or told.until_at is None:
        return []
    is_today = told.from_at.astimezone(zone).date() == today
    if not told.is_range:
        return [(told.from_at, _about(told.from_at, zone=zone, language=language, is_today=is_today))]
    start, end = format_period(told.from_at, told.until_at, zone=zone, language=language)
    if is_today:
        start = f"{told.from_at.astimezone(zone):%H:%M}"
    return [(told.from_at, start), (told.until_at, end)]


def _range(language: str) -> str:
    return "{} ～ {}" if language == "ja" else "{} – {}"


def _period(language: str) -> str:
    return f'<span class="period">{_range(language)}</span>'


def _about(at: datetime, *, zone: ZoneInfo, language: str, is_today: bool) -> str:
    words = (format_clock if is_today else format_instant)(at, zone=zone, language=language)
    clock = f"{at.astimezone(zone):%H:%M}"
    return words.replace(clock, f"{clock}頃") if language == "ja" else f"about {words}"


def format_month(day: date, *, language: str) -> str:
    return f"{day.year}年{day.month}月" if language == "ja" else f"{_MONTHS[day.month - 1]} {day.year}"


def format_span(span: timedelta) -> str:
    """In the largest unit that says enough: minutes up to two hours, hours up to two days, then days."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 120:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}


@register.simple_tag(takes_context=True)
def instant(context: Context, at: datetime, style: str = "full") -> SafeString:
    """<time> in the words of the page; `style`: full, clock, or near (no date where that is today)."""
    zone, language = context["page"].zone, get_language() or "en"
    is_today = at.astimezone(zone).date() == context["now"].astimezone(zone).date()
    short = style == "clock" or (style == "near" and is_today)
    words = (format_clock if short else format_instant)(at, zone=zone, language=language)
    return _time(at, words)


@register.simple_tag(takes_context=True)
def period(context: Context, from_at: datetime, until_at: datetime | None) -> SafeString:
    """From – until as two <time>, or from – ongoing; in Japanese with ～."""
    zone, language = context["page"].zone, get_language() or "en"
    form = _period(language)
    if until_at is None:
        whole = format_instant(from_at, zone=zone, language=language)
        return format_html(form, _time(from_at, whole), gettext("ongoing"))
    start, end = format_period(from_at, until_at, zone=zone, language=language)
    return format_html(form, _time(from_at, start), _time(until_at, end))


@register.simple_tag(takes_context=True)
def estimate(context: Context, told: RecoveryEstimate, near: datetime | None = None) -> SafeString:
    """What is said of the recovery to come, as a <time> or in words; without the date on the day of `near`."""
    zone, language = context["page"].zone, get_language() or "en"
    today = near.astimezone(zone).date() if near else None
    ends = [_time(at, words) for at, words in _ends(told, zone=zone, language=language, today=today)]
    if not ends:
        return format_html("{}", gettext("Undecided"))
    return format_html(_period(language), *ends) if len(ends) > 1 else ends[0]


def _time(at: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", words)


@register.simple_tag
def day(value: date, style: str = "full") -> SafeString:
    """<time> of a calendar day; `style` short leaves the year away, for days that are near."""
    language = get_language() or "en"
    words = (format_day_short if style == "short" else format_day)(value, language=language)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)


@register.simple_tag
def days(first: date, last: date) -> SafeString:
    """One day, or the first and the last of several, without their years."""
    if first == last:
        return day(first, "short")
    form = _range(get_language() or "en")
    return format_html(form, day(first, "short"), day(last, "short"))


@register.filter
def month(value: date) -> str:
    return format_month(value, language=get_language() or "en")


@register.filter
def ago(at: datetime, now: datetime) -> str:
    if now - at < timedelta(minutes=1):
        return gettext("less than a minute ago")
    return gettext("%(span)s ago") % {"span": format_span(now - at)}


@register.filter
def ahead(at: datetime, now: datetime) -> str:
    """How far a promised instant is, or how long it is overdue."""
    if abs(at - now) < timedelta(minutes=1):
        return gettext("about now")
    if at < now:
        return gettext("overdue by %(span)s") % {"span": format_span(now - at)}
    return gettext("in %(span)s") % {"span": format_span(at - now)}


@register.simple_tag(takes_context=True)
def today(context: Context) -> date:
    """The day it is in the page's zone."""
    now: datetime = context["now"]
    return now.astimezone(context["page"].zone).date()


@register.simple_tag(takes_context=True)
def zone(context: Context) -> str:
    """The zone's name with its IANA name: 日本時間（Asia/Tokyo） or JST (Asia/Tokyo). Where summer time gives it
    another name, the IANA name alone: it holds for every instant of the page."""
    page, language, now = context["page"], get_language() or "en", context["now"]
    name = zone_name(now, zone=page.zone, language=language)
    if any(zone_name(now.replace(month=m, day=1), zone=page.zone, language=language) != name for m in (1, 7)):
        return str(page.time_zone)
    return f"{name}（{page.time_zone}）" if language == "ja" else f"{name} ({page.time_zone})"
