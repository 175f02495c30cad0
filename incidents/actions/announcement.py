from datetime import datetime

from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import lock_page, touch_page
from incidents.actions.texts import render_field, written
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.models import Announcement, Page, Staff

LONGEST = {"body": 20_000}


@transaction.atomic
def pin_announcement(
    page: Page,
    *,
    body: str,
    texts: Texts | None = None,
    until: datetime | None = None,
    actor: Staff | None = None,
) -> Announcement:
    """Pins a text over the page, in the place of the one before; the earlier ones stay on record."""
    page = lock_page(page.pk)
    now = times.now()
    if not body.strip():
        raise Refused("an announcement needs a text", field="body")
    if until and until <= now:
        raise Refused("an announcement must end in the future", field="until")
    html = render_field(body.strip(), field="body")
    translations = {
        language: {**own, "body_html": render_field(own["body"], field=f"body_{language}")}
        for language, own in written(texts or {}, longest=LONGEST, page=page).items()
    }
    Announcement.objects.filter(page=page, unpinned_at=None).update(unpinned_at=now)
    pinned = Announcement.objects.create(
        page=page,
        body=body.strip(),
        body_html=html,
        texts=translations,
        pinned_at=now,
        pinned_by=actor,
        until=until,
    )
    audit.record("pin_announcement", pinned, actor=actor, after={"body": pinned.body})
    touch_page(page.pk)
    return pinned


@transaction.atomic
def unpin_announcement(page: Page, *, actor: Staff | None = None) -> None:
    """Takes down what is pinned, if anything is."""
    page = lock_page(page.pk)
    pinned = Announcement.objects.filter(page=page, unpinned_at=None).first()
    if pinned is None:
        return
    pinned.unpinned_at = times.now()
    pinned.save(update_fields=["unpinned_at"])
    audit.record("unpin_announcement", pinned, actor=actor)
    touch_page(page.pk)
