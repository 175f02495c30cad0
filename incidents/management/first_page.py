from urllib.parse import urlsplit

from django.conf import settings

from incidents.actions.page import create_page
from incidents.models import Page
from incidents.queries.page import first_page


def ensure_page() -> Page:
    """The page there is, else a new one with the zone and languages of the settings."""
    found = first_page()
    if found is not None:
        return found
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    japanese = settings.FIRST_PAGE_LANGUAGES[0] == "ja"
    return create_page(
        name="サービス稼働状況" if japanese else "Service status",
        organisation="株式会社サンプル" if japanese else "Example Inc.",
        host=host,
        time_zone=settings.FIRST_PAGE_TIME_ZONE,
        languages=list(settings.FIRST_PAGE_LANGUAGES),
    )
