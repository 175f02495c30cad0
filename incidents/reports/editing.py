"""Two people at one draft: each field is saved by itself, and nobody's words replace words not yet seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from incidents.actions.report_text import PROSE, lock_text, write_report
from incidents.actions.report_words import put_text, text_of
from incidents.models import Report, Staff
from incidents.reports.document import SECTIONS
from incidents.reports.footnotes import follow_numbers, forget_numbers, settle_footnotes

Key = tuple[str, str]  # a field's name and its language


@dataclass(frozen=True)
class Edit:
    """`base` is what the person had before them when they began, as `shown` shows it."""

    name: str
    language: str
    value: Any
    base: str

    @property
    def key(self) -> Key:
        return self.name, self.language


@dataclass(frozen=True)
class Saved:
    """`overtaken` are the fields that someone else had changed meanwhile, with what they say now: these were not
    saved."""

    report: Report
    overtaken: Mapping[Key, str] = field(default_factory=dict)


def shown(value: Any) -> str:
    """A value as something to compare by."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool) or value is None:
        return "on" if value else ""
    return tidy(str(value))


def tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def value_of(report: Report, name: str, language: str) -> Any:
    return text_of(report, name, language) if name in PROSE else getattr(report, name)


@transaction.atomic
def save_edits(report: Report, edits: Sequence[Edit], *, settles: bool, actor: Staff | None = None) -> Saved:
    """Saves what nobody else has changed since its base. `settles`: footnotes are numbered anew by first use."""
    held = lock_text(report)
    values, overtaken = dict[Key, Any](), dict[Key, str]()
    new = {edit.key: tidy(edit.value) if isinstance(edit.value, str) else edit.value for edit in edits}
    for edit in edits:
        current = value_of(held, *edit.key)
        if shown(new[edit.key]) in (shown(current), tidy(edit.base)):
            continue
        if forget_numbers(shown(current)) != forget_numbers(tidy(edit.base)):
            overtaken[edit.key] = shown(current)
        else:
            values[edit.key] = _following(held, edit, new=new)
    if settles:
        values |= _settled(held, values, languages={held.language, *held.texts})
    if values:
        held = write_report(held, values, actor=actor)
    return Saved(held, overtaken)


def _following(report: Report, edit: Edit, *, new: Mapping[Key, Any]) -> Any:
    """A section's text with the numbers that its footnotes have by now."""
    if edit.name not in SECTIONS:
        return new[edit.key]
    others = [
        new.get((name, edit.language), text_of(report, name, edit.language))
        for name in SECTIONS
        if name != edit.name
    ]
    current = text_of(report, edit.name, edit.language)
    return follow_numbers(new[edit.key], base=tidy(edit.base), current=current, others=others)


def _settled(report: Report, values: Mapping[Key, Any], *, languages: set[str]) -> dict[Key, str]:
    found = {}
    for language in languages:
        old = {name: text_of(report, name, language) for name in SECTIONS}
        written = [values.get((name, language), old[name]) for name in SECTIONS]
        for name, text in zip(SECTIONS, settle_footnotes(written), strict=True):
            if text != old[name]:
                found[name, language] = text
    return found


def with_typed(report: Report, typed: Mapping[Key, Any]) -> Report:
    """The report as it would be with what is typed, its footnotes numbered; in memory only."""
    for (name, language), value in typed.items():
        put_text(report, name, language, tidy(value) if isinstance(value, str) else value)
    for language in {language for _, language in typed}:
        texts = settle_footnotes([text_of(report, name, language) for name in SECTIONS])
        for name, text in zip(SECTIONS, texts, strict=True):
            put_text(report, name, language, text)
    return report
