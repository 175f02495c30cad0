"""A page's own words for its mails."""

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.models import MailText, Page, Staff
from incidents.notices.mail_texts import FORMS, Part, clean_text, default_text


@transaction.atomic
def set_mail_text(page: Page, part: str, language: str, text: str, *, actor: Staff | None = None) -> None:
    """Mails that leave from now on say it. An empty text, or the product's own, brings the product's back."""
    part = _known(page, part, language)
    text = clean_text(part, text)
    if text in ("", default_text(part, language)):
        reset_mail_text(page, part, language, actor=actor)
        return
    before = _kept(page, part, language)
    MailText.objects.update_or_create(
        page=page, part=part, language=language, defaults={"text": text, "updated_at": timezone.now()}
    )
    _record("set_mail_text", page, part, language, actor=actor, before=before, after=text)


@transaction.atomic
def reset_mail_text(page: Page, part: str, language: str, *, actor: Staff | None = None) -> None:
    part = _known(page, part, language)
    before = _kept(page, part, language)
    if before:
        MailText.objects.filter(page=page, part=part, language=language).delete()
        _record("reset_mail_text", page, part, language, actor=actor, before=before, after="")


def _known(page: Page, part: str, language: str) -> Part:
    if part not in FORMS:
        raise Refused(f"expected one of {', '.join(Part)}", field="part")
    if language not in page.languages:
        raise Refused("expected a text in one of the languages of the page", field="language")
    return Part(part)


def _kept(page: Page, part: Part, language: str) -> str:
    rows = MailText.objects.select_for_update().filter(page=page, part=part, language=language)
    return rows.values_list("text", flat=True).first() or ""


def _record(
    action: str, page: Page, part: Part, language: str, *, actor: Staff | None, before: str, after: str
) -> None:
    name = f"{part} {language}"
    audit.record(action, page, actor=actor, before={name: before}, after={name: after})
