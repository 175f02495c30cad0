"""What a maintenance is announced with; what cannot be so is refused by its field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from incidents.actions.incident import check_title
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.lib.markdown import render
from incidents.models import Page, Service, ServiceStatus

EXPECTED = (
    ServiceStatus.MAINTENANCE,
    ServiceStatus.DEGRADED,
    ServiceStatus.PARTIAL_OUTAGE,
    ServiceStatus.MAJOR_OUTAGE,
)


@dataclass(frozen=True)
class Plan:
    """`services` maps each to the status it has meanwhile; `titles` and `bodies` are {language: text} for the
    page's other languages. `is_emergency` tells that the notice is short.
    """

    title: str
    body: str
    scheduled_from: datetime
    scheduled_until: datetime
    services: Mapping[Service, str]
    titles: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    is_emergency: bool = False
    auto_start: bool = True
    auto_finish: bool = False


def check_plan(plan: Plan, *, page: Page) -> None:
    """Refuses what `schedule_maintenance` would refuse, and changes nothing."""
    check_title(plan.title)
    with_titles({}, plan.titles, page=page)
    check_services(plan.services, page=page)
    check_window(plan.scheduled_from, plan.scheduled_until)
    body_html(plan.body)
    body_texts(plan.bodies, page=page)


def check_window(scheduled_from: datetime, scheduled_until: datetime) -> None:
    """The minute that runs now is no past one: forms have no seconds."""
    if scheduled_until <= scheduled_from:
        raise Refused("the maintenance must end after it begins", field="scheduled_until")
    if scheduled_from < times.now().replace(second=0, microsecond=0):
        raise Refused("the maintenance must not begin in the past", field="scheduled_from")


def check_services(services: Mapping[Service, str], *, page: Page) -> None:
    if not services:
        raise Refused("a maintenance names at least one service", field="services")
    for service, status in services.items():
        if service.page_id != page.pk:
            raise Refused(f"{service.name} is not a service of this page", field="services")
        if status not in EXPECTED:
            expected = ", ".join(EXPECTED)
            raise Refused(f"{service.name}: expected one of {expected}", field="services")


def with_titles(texts: Texts, titles: Mapping[str, str], *, page: Page) -> dict[str, dict[str, str]]:
    """`texts` with the titles of every other language: those given, and no others."""
    _check_languages(titles, page=page)
    merged = {
        language: {name: text for name, text in own.items() if name != "title"}
        for language, own in texts.items()
    }
    for language, title in titles.items():
        if title.strip():
            check_title(title, field=f"title_{language}")
            merged.setdefault(language, {})["title"] = title.strip()
    return {language: own for language, own in merged.items() if own}


def body_html(body: str, *, name: str = "body") -> str:
    if not body.strip():
        raise Refused("an update needs a text", field=name)
    try:
        return render(body.strip())
    except Refused as refused:
        raise Refused(str(refused), field=name) from refused


def body_texts(bodies: Mapping[str, str], *, page: Page) -> dict[str, dict[str, str]]:
    """What an update keeps in `texts`: every other language in which something was written."""
    _check_languages(bodies, page=page)
    return {
        language: {"body": body.strip(), "body_html": body_html(body, name=f"body_{language}")}
        for language, body in bodies.items()
        if body.strip()
    }


def _check_languages(texts: Mapping[str, str], *, page: Page) -> None:
    for language in texts:
        if language not in page.languages[1:]:
            raise Refused(f"{language} is not one of the page's other languages", field="texts")


def stripped(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text.strip()}
