"""Instants as the console writes them: dense, in the active zone, with the zone named."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from incidents.console.refusals import words_of_refusal
from incidents.models import Delivery, DeliveryState, NoticeKind, Severity
from incidents.queries.deliveries import RETRYING, UNWRITTEN

register = template.Library()

BECAME = {
    UNWRITTEN: pgettext_lazy("mail", "Being queued"),
    DeliveryState.QUEUED: pgettext_lazy("mail", "Waiting"),
    RETRYING: pgettext_lazy("mail", "Tried again"),
    DeliveryState.SENDING: pgettext_lazy("mail", "Being sent"),
    DeliveryState.HELD: pgettext_lazy("mail", "Held"),
    DeliveryState.SENT: pgettext_lazy("mail", "Sent"),
    DeliveryState.FAILED: _("Failed"),
    DeliveryState.PARKED: _("Parked"),
    DeliveryState.EXPIRED: _("Expired"),
    DeliveryState.CANCELLED: pgettext_lazy("mail", "Taken back"),
}
SUBSCRIBED = {
    "pending": pgettext_lazy("subscriber", "Not yet confirmed"),
    "active": pgettext_lazy("subscriber", "Active"),
    "unsubscribed": pgettext_lazy("subscriber", "Unsubscribed"),
    "disabled": pgettext_lazy("subscriber", "Stopped by us"),
}
PERSONAL = {
    NoticeKind.CONFIRM: _("Confirm the subscription"),
    NoticeKind.ALREADY: _("Told that it is subscribed already"),
    NoticeKind.MANAGE: _("Link to change the choices"),
    NoticeKind.FOLLOW: _("Confirm to follow an incident"),
    NoticeKind.MOVE: _("Confirm the new address"),
    NoticeKind.MOVED: _("Address changed"),
    NoticeKind.KEEP: _("Shared mailbox asked whether it leaves"),
    NoticeKind.OWNER: _("Confirm a webhook or chat"),
    NoticeKind.ENDPOINTS: _("Links to webhooks and chats"),
    NoticeKind.DISABLED: _("Webhook or chat stopped"),
    NoticeKind.CODE: _("Code by text message"),
}


@register.filter
def stamp(at: datetime | None) -> SafeString | str:
    """`2020-09-04 12:46 JST`, as a <time>; nothing for None."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    utc = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}">{} {}</time>', utc, f"{local:%Y-%m-%d %H:%M}", zone_letters(at))


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """As `stamp`, to the second: `2020-09-04 12:46:07 JST`."""
    if at is None:
        return ""
    utc = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}">{} {}</time>', utc, f"{local:%Y-%m-%d %H:%M:%S}", zone_letters(at)
    )


@register.filter
def clock(at: datetime | None) -> SafeString | str:
    """`12:46`, as a <time>; for places that name the zone and the day elsewhere."""
    if at is None:
        return ""
    utc = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}">{}</time>', utc, f"{timezone.localtime(at):%H:%M}")


@register.filter
def zone_letters(at: datetime) -> str:
    """JST; zones without letters of their own as UTC+07."""
    name = timezone.localtime(at).tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name


@register.filter
def minutes_apart(recorded_at: datetime, happened_at: datetime) -> int:
    """Whole minutes between an event and its record; 0 where it was written down as it happened."""
    return int((recorded_at - happened_at).total_seconds() // 60)


@register.filter
def became(delivery: Delivery | str) -> str:
    """What became of a delivery, or a state of some in words."""
    if isinstance(delivery, str):
        return str(BECAME[delivery])
    is_retrying = delivery.state == DeliveryState.QUEUED and delivery.attempts
    return str(BECAME[RETRYING if is_retrying else delivery.state])


@register.filter
def personal(kind: str) -> str:
    """What one person alone was told."""
    return str(PERSONAL[NoticeKind(kind)])


@register.filter
def subscribed(state: str) -> str:
    return str(SUBSCRIBED[state])


@register.filter
def refused(said: str) -> str:
    return words_of_refusal(said)


@register.filter
def severity(value: str) -> str:
    return str(Severity(value).label)


@register.filter
def seconds(count: int) -> str:
    """`42 s`, `12 min`, `3 h`: rounded down."""
    if count < 120:
        return gettext("%(n)s s") % {"n": count}
    if count < 7200:
        return gettext("%(n)s min") % {"n": count // 60}
    return gettext("%(n)s h") % {"n": count // 3600}


@register.filter
def share(part: float) -> str:
    """A share of 0 to 1 in percent, with one place where it is small."""
    return f"{100 * part:.1f}%" if 0 < part < 0.1 else f"{100 * part:.0f}%"
