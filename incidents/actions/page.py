from zoneinfo import available_timezones

from django.db import transaction

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.models import Page, Staff

LANGUAGES = ("ja", "en")


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
    if time_zone not in available_timezones():
        raise Refused(f"{time_zone!r} is not an IANA time zone such as Asia/Tokyo", field="time_zone")
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown or not languages:
        raise Refused(f"expected one or more of {', '.join(LANGUAGES)}", field="languages")
    page = Page.objects.create(
        name=name, organisation=organisation, host=host.lower(), time_zone=time_zone, languages=languages
    )
    audit.record("create_page", page, actor=actor, after={"name": name, "host": host})
    return page
