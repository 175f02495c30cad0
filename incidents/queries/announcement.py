from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from incidents.lib.languages import Texts, in_language
from incidents.models import Announcement, Page


@dataclass(frozen=True)
class AnnouncementView:
    """`fallbacks` names the texts that nobody wrote in the language of the view, with the one they are in."""

    body: str
    body_html: str
    pinned_at: datetime
    until: datetime | None
    first_language: str
    texts: Texts
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, language: str) -> "AnnouncementView":
        return in_language(self, ("body", "body_html"), language)


def pinned_announcement(page: Page, *, now: datetime) -> AnnouncementView | None:
    """What is pinned over the page now."""
    row = pinned_row(page, now=now)
    if row is None:
        return None
    return AnnouncementView(
        body=row.body,
        body_html=row.body_html,
        pinned_at=row.pinned_at,
        until=row.until,
        first_language=page.first_language,
        texts=row.texts,
    )


def pinned_row(page: Page, *, now: datetime) -> Announcement | None:
    in_time = Q(until__isnull=True) | Q(until__gt=now)
    return Announcement.objects.filter(in_time, page=page, unpinned_at=None).first()
