"""A report's texts by their language, and the page's own words that drafts begin with."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.models import Page, Report, ReportTemplate, Staff

OF_TEMPLATES = ("greeting", "apology", "what_happened", "scope", "cause", "measures")
MOST_CHARACTERS = 20_000


def text_of(report: Report, name: str, language: str) -> str:
    """A text in one language, "" where nobody wrote it."""
    if language == report.language:
        return str(getattr(report, name))
    return str(report.texts.get(language, {}).get(name, ""))


def put_text(report: Report, name: str, language: str, value: Any) -> None:
    """In memory; whoever calls it saves."""
    if language == report.language:
        setattr(report, name, value)
    else:
        report.texts.setdefault(language, {})[name] = value


@transaction.atomic
def set_template(
    page: Page, language: str, values: Mapping[str, str], *, actor: Staff | None = None
) -> ReportTemplate:
    """What drafts say in that language from now on."""
    if language not in page.languages:
        raise Refused("expected a text in one of the languages of the page", field="language")
    given = {name: values.get(name, "").replace("\r\n", "\n").strip() for name in OF_TEMPLATES}
    for name, text in given.items():
        if len(text) > MOST_CHARACTERS:
            raise Refused(f"expected at most {MOST_CHARACTERS} characters", field=name)
    template, _ = ReportTemplate.objects.update_or_create(page=page, language=language, defaults=given)
    audit.record("set_report_template", template, actor=actor, after={"language": language, **given})
    return template


def begin_with_templates(report: Report, *, page: Page) -> None:
    """Puts the page's own words into a new draft, in memory."""
    for template in ReportTemplate.objects.filter(page=page, language__in=page.languages):
        for name in OF_TEMPLATES:
            if text := getattr(template, name):
                put_text(report, name, template.language, text)
