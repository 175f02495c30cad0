"""Choices are checked against the page, and written all at once."""

from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from incidents.lib.errors import Refused
from incidents.models import Page, ServiceGroup, Stages, Subscriber
from incidents.queries.choices import KINDS, Choices
from incidents.queries.shown import shown_services


def check_choices(page: Page, choices: Choices, *, may_be_none: bool = False) -> None:
    """`may_be_none`: whoever follows an incident need take no service."""
    if choices.language not in page.languages:
        raise Refused(_("Choose one of the page's languages."), field="language")
    if choices.time_zone and choices.time_zone not in available_timezones():
        raise Refused(_("Choose one of the time zones."), field="time_zone")
    if choices.stages not in Stages.values:
        raise Refused(_("Choose which updates you want."), field="stages")
    if not set(choices.kinds) <= set(KINDS) or not (choices.kinds or may_be_none):
        raise Refused(_("Choose at least one kind of notice."), field="kinds")
    if choices.services is not None:
        _check_services(page, choices, may_be_none=may_be_none)


def _check_services(page: Page, choices: Choices, *, may_be_none: bool) -> None:
    services, groups = set(choices.services or ()), set(choices.groups)
    if not services and not groups and not may_be_none:
        raise Refused(_("Choose at least one service, or all services."), field="services")
    shown = shown_services(page).filter(pk__in=services).count()
    known = ServiceGroup.objects.filter(pk__in=groups, page__in=_pages_shown(page)).count()
    if shown != len(services) or known != len(groups):
        raise Refused(_("Choose services from this page."), field="services")


def _pages_shown(page: Page) -> set[int]:
    return {page.pk, *shown_services(page).values_list("page_id", flat=True)}


def write_choices(subscriber: Subscriber, choices: Choices) -> None:
    """What was chosen and is gone since is left out."""
    page = subscriber.page
    subscriber.language = choices.language if choices.language in page.languages else page.first_language
    subscriber.time_zone = choices.time_zone
    subscriber.all_services = choices.services is None
    subscriber.stages = choices.stages
    for kind in KINDS:
        setattr(subscriber, f"wants_{kind}", kind in choices.kinds)
    subscriber.save()
    everything = choices.services is None
    services = () if everything else shown_services(page).filter(pk__in=choices.services or ())
    groups = () if everything else ServiceGroup.objects.filter(pk__in=choices.groups)
    subscriber.services.set(services)
    subscriber.groups.set(groups)


def for_the_record(subscriber: Subscriber) -> dict[str, Any]:
    """By names that a person reading the record knows."""
    everything = subscriber.all_services
    return {
        "language": subscriber.language,
        "time_zone": subscriber.time_zone,
        "services": None if everything else sorted(subscriber.services.values_list("slug", flat=True)),
        "groups": sorted(subscriber.groups.values_list("name", flat=True)),
        "kinds": [kind for kind in KINDS if getattr(subscriber, f"wants_{kind}")],
        "stages": subscriber.stages,
    }
