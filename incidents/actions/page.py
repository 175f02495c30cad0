"""Pages: their settings, who may read them, and which services of others they show."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.hashers import make_password
from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import lock_page, touched
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.lib.hosts import clean_host
from incidents.lib.networks import clean_networks
from incidents.lib.outbound import check_url
from incidents.models import Delivery, DeliveryState, Page, Service, Staff, Visibility
from incidents.notices.ledger import HIDDEN
from incidents.queries.shown import offered_services

LANGUAGES = ("ja", "en")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128
MOST_AUTOMATIC_RECIPIENTS = 1_000_000
MOST_LETTERHEAD_LINES, LONGEST_LETTERHEAD = 6, 500
LONGEST_HOLD_SECONDS = 120


@transaction.atomic
def create_page(
    *,
    name: str,
    organisation: str,
    host: str,
    time_zone: str,
    languages: list[str],
    actor: Staff | None = None,
) -> Page:
    """A public page of its own host, without services yet."""
    given = {"name": name, "organisation": organisation, "time_zone": time_zone, "languages": languages}
    values = _checked({**given, "host": host}, page=None)
    page = Page.objects.create(**values)
    audit.record("create_page", page, actor=actor, after={"name": page.name, "host": page.host})
    return page


@transaction.atomic
def change_settings(page: Page, values: Mapping[str, object], *, actor: Staff | None = None) -> Page:
    """Changes those of the settings in `SETTINGS` that are given."""
    page = touched(page)
    values = _checked(values, page=page)
    before = {name: getattr(page, name) for name in values}
    for name, value in values.items():
        setattr(page, name, value)
    page.save(update_fields=list(values))
    audit.record("change_page_settings", page, actor=actor, before=before, after=dict(values))
    return page


@transaction.atomic
def set_visibility(
    page: Page,
    visibility: str,
    *,
    allowed_networks: Iterable[str] = (),
    password: str | None = None,
    actor: Staff | None = None,
) -> Page:
    """Decides who may read the page; `password` None keeps the one there is, "" removes it.

    Nothing of a private page is on another: its services leave the pages that showed them, and mails that
    still wait for those pages' subscribers are taken back.
    """
    if visibility not in Visibility.values:
        raise Refused(f"expected one of {', '.join(Visibility.values)}", field="visibility")
    page = touched(page)
    before = _reading_rules(page)
    page.visibility = visibility
    page.allowed_networks = clean_networks(allowed_networks, field="allowed_networks")
    if password is not None:
        page.password = _hashed(password)
    page.save(update_fields=["visibility", "allowed_networks", "password"])
    audit.record("set_page_visibility", page, actor=actor, before=before, after=_reading_rules(page))
    if page.is_private:
        _leave_other_pages(page)
    return page


@transaction.atomic
def set_automation(
    page: Page, *, is_automation_off: bool, automatic_recipients: int, actor: Staff | None = None
) -> Page:
    """Whether anything is published or resolved by itself, and to how many readers at most."""
    page = lock_page(page.pk)
    if not 0 <= automatic_recipients <= MOST_AUTOMATIC_RECIPIENTS:
        raise Refused(
            f"expected a whole number from 0 to {MOST_AUTOMATIC_RECIPIENTS}", field="automatic_recipients"
        )
    names = ("is_automation_off", "automatic_recipients")
    before = {name: getattr(page, name) for name in names}
    page.is_automation_off, page.automatic_recipients = is_automation_off, automatic_recipients
    page.save(update_fields=names)
    audit.record(
        "set_automation",
        page,
        actor=actor,
        before=before,
        after={name: getattr(page, name) for name in names},
    )
    return page


@transaction.atomic
def choose_services(page: Page, service_ids: Iterable[int], *, actor: Staff | None = None) -> Page:
    """Decides which services of other pages this one shows; only public pages lend any."""
    page = touched(page)
    wanted = set(service_ids)
    chosen = list(offered_services(page).filter(pk__in=wanted))
    if len(chosen) < len(wanted):
        raise Refused("expected services of other pages that are public", field="services")
    _check_slugs(page, chosen)
    before = sorted(page.also_shows.values_list("slug", flat=True))
    page.also_shows.set(chosen)
    after = sorted(service.slug for service in chosen)
    audit.record("choose_services", page, actor=actor, before={"services": before}, after={"services": after})
    return page


def _checked(values: Mapping[str, object], *, page: Page | None) -> dict[str, Any]:
    unknown = set(values) - set(SETTINGS)
    if unknown:
        raise Refused(f"a page has no {', '.join(sorted(unknown))}", field=min(unknown))
    checked = {name: SETTINGS[name](value) for name, value in values.items()}
    namesake = Page.objects.filter(host=checked.get("host")).first()
    if namesake and namesake != page:
        raise Refused(f"{namesake.host!r} is the host of another page", field="host")
    if page and "languages" in checked and checked["languages"][0] != page.first_language:
        _check_is_empty(page)
    return checked


def _check_is_empty(page: Page) -> None:
    """What is written for a page is written in its first language."""
    if page.services.exists() or page.incidents.exists():
        raise Refused("the first language stays once the page has services or incidents", field="languages")


def _check_slugs(page: Page, chosen: Iterable[Service]) -> None:
    taken = set(page.services.values_list("slug", flat=True))
    for service in chosen:
        if service.slug in taken:
            raise Refused(f"{service.slug!r} is the address of another service here", field="services")
        taken.add(service.slug)


def _reading_rules(page: Page) -> dict[str, Any]:
    """For the audit: whether there is a password, and nothing of it."""
    return {
        "visibility": page.visibility,
        "allowed_networks": page.allowed_networks,
        "has_password": bool(page.password),
    }


def _hashed(password: str) -> str:
    if not password:
        return ""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(
            f"expected a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", field="password"
        )
    return make_password(password)


def _leave_other_pages(page: Page) -> None:
    Page.also_shows.through.objects.filter(service__page=page).delete()
    waiting = Delivery.objects.filter(notice__page=page, state=DeliveryState.QUEUED)
    waiting.exclude(subscriber__page=page).update(state=DeliveryState.CANCELLED, last_reply=HIDDEN)


def _line(field: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = str(value).strip()
        if not 0 < len(text) <= 100 or not text.isprintable():
            raise Refused("expected one line of 1 to 100 characters", field=field)
        return text

    return check


def _zone(value: Any) -> str:
    if value not in available_timezones():
        raise Refused(f"{value!r} is not an IANA time zone such as Asia/Tokyo", field="time_zone")
    return str(value)


def _languages(value: Any) -> list[str]:
    languages = list(dict.fromkeys(value))
    if not languages or not set(languages) <= set(LANGUAGES):
        raise Refused(f"expected one or more of {', '.join(LANGUAGES)}", field="languages")
    return languages


def _reply_to(value: Any) -> str:
    try:
        return clean_address(str(value)) if str(value).strip() else ""
    except Refused as refused:
        raise Refused(str(refused), field="reply_to") from None


def _contact(value: Any) -> str:
    """What security.txt names: an https address, or mailto: with an address to write to."""
    text = str(value).strip()
    if not text.startswith("mailto:"):
        return check_url(text, field="security_contact", https_only=True) if text else ""
    try:
        return f"mailto:{clean_address(text.removeprefix('mailto:'))}"
    except Refused as refused:
        raise Refused(str(refused), field="security_contact") from None


def _share(value: Any) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refused("expected a share from 0 to 1", field="partial_outage_weight")
    return float(value)


def _hold(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= LONGEST_HOLD_SECONDS:
        raise Refused(f"expected 0 to {LONGEST_HOLD_SECONDS} seconds", field="hold_seconds")
    return value


def _letterhead(value: Any) -> str:
    lines = [line.strip() for line in str(value).splitlines() if line.strip()]
    if len(lines) > MOST_LETTERHEAD_LINES or not all(line.isprintable() for line in lines):
        raise Refused(f"expected at most {MOST_LETTERHEAD_LINES} lines", field="letterhead")
    text = "\n".join(lines)
    if len(text) > LONGEST_LETTERHEAD:
        raise Refused(f"expected at most {LONGEST_LETTERHEAD} characters", field="letterhead")
    return text


SETTINGS: dict[str, Callable[[Any], Any]] = {
    "name": _line("name"),
    "organisation": _line("organisation"),
    "host": lambda value: clean_host(str(value), field="host"),
    "time_zone": _zone,
    "languages": _languages,
    "reply_to": _reply_to,
    "security_contact": _contact,
    "partial_outage_weight": _share,
    "hold_seconds": _hold,
    "four_eyes": bool,
    "letterhead": _letterhead,
}
