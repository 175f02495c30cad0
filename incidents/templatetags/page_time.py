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
    between = "{} ～ {}" if language == "ja" else "{} – {}"
    form = f'<span class="period">{between}</span>'
    if until_at is None:
        whole = format_instant(from_at, zone=zone, language=language)
        return format_html(form, _time(from_at, whole), gettext("ongoing"))
    start, end = format_period(from_at, until_at, zone=zone, language=language)
    return format_html(form, _time(from_at, start), _time(until_at, end))


def _time(at: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", words)


@register.simple_tag
def day(value: date, style: str = "full") -> SafeString:
    """<time> of a calendar day; `style` short leaves the year away, for days that are near."""
    language = get_language() or "en"
    words = format_day(value, language=language)
    if style == "short" and language == "ja":
        words = words.partition("年")[2]
    elif style == "short":
        words = f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)


@register.simple_tag
def days(first: date, last: date) -> SafeString:
    """One day, or the first and the last of several, without their years."""
    if first == last:
        return day(first, "short")
    form = "{} ～ {}" if get_language() == "ja" else "{} – {}"
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
def zone(context: Context) -> str:
    """The zone's name with its IANA name: 日本時間（Asia/Tokyo） or JST (Asia/Tokyo)."""
    page, language = context["page"], get_language() or "en"
    name = zone_name(context["now"], zone=page.zone, language=language)
    return f"{name}（{page.time_zone}）" if language == "ja" else f"{name} ({page.time_zone})"
