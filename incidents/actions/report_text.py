"""What people write into a report's draft, in each language of its page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.actions.report import TEXTS, check_period, lock_draft
from incidents.actions.report_signing import text_changed
from incidents.actions.report_words import MOST_CHARACTERS, put_text, text_of
from incidents.lib import times
from incidents.lib.differences import changed_part
from incidents.lib.errors import Refused
from incidents.models import Report, ReportState, Staff

PROSE = (*TEXTS, "greeting", "apology")
FACTS = ("edition", "period_from", "period_until", "from_is_approximate", "until_is_approximate")
MOST_PARTIES = 50
LONGEST_NAME = 100


def lock_text(report: Report) -> Report:
    """The report's row, held; refused unless it is a draft."""
    held = lock_draft(report)
    if held.state != ReportState.DRAFT:
        raise Refused("the report is handed in; its text can be changed once it is sent back")
    return held


@transaction.atomic
def write_report(
    report: Report, values: Mapping[tuple[str, str], Any], *, actor: Staff | None = None
) -> Report:
    """Saves texts and facts, each by its name and language; what only the whole report has is under its first
    language. The audit holds the stretch of a text that changed."""
    held = lock_text(report)
    before, after = dict[str, str](), dict[str, str]()
    for (name, language), value in values.items():
        if name not in PROSE + FACTS:
            raise Refused(f"a report has no {name}", field=name)
        label = name if language == held.language else f"{name} ({language})"
        old = text_of(held, name, language) if name in PROSE else str(getattr(held, name))
        _set(held, name, language, value)
        before[label], after[label] = changed_part(old, str(value))
    check_period(held)
    text_changed(held)
    held.save()
    audit.record("save_report", held, actor=actor, before=before, after=after)
    return held


def _set(report: Report, name: str, language: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        raise Refused(f"expected at most {MOST_CHARACTERS} characters", field=name)
    if language != report.language and (name not in PROSE or language not in report.incident.page.languages):
        raise Refused(f"{language} is not one of the page's other languages", field=name)
    put_text(report, name, language, value)


@transaction.atomic
def set_parties(report: Report, parties: Sequence[tuple[str, str]], *, actor: Staff | None = None) -> Report:
    """Third parties, each by its name and by what the public reads in its place."""
    held = lock_text(report)
    if len(parties) > MOST_PARTIES:
        raise Refused(f"expected at most {MOST_PARTIES} lines", field="parties")
    for text in (part for pair in parties for part in pair):
        if len(text) > LONGEST_NAME or (text and not text.isprintable()):
            raise Refused(f"expected one line of at most {LONGEST_NAME} characters", field="parties")
    before = {"parties": held.parties}
    held.parties = [{"name": name, "mask": mask} for name, mask in dict(parties).items() if name]
    text_changed(held)
    held.save(update_fields=["parties", "version", "state"])
    audit.record("set_report_parties", held, actor=actor, before=before, after={"parties": held.parties})
    return held


@transaction.atomic
def confirm_claim(report: Report, claim: str, *, is_true: bool = True, actor: Staff | None = None) -> Report:
    """Somebody vouches for a sentence of the report, or no longer does."""
    held = lock_text(report)
    if not is_true:
        held.confirmed.pop(claim, None)
    else:
        held.confirmed[claim] = {"by": str(actor or ""), "at": times.now().isoformat()}
    held.save(update_fields=["confirmed"])
    audit.record("confirm_report_claim", held, actor=actor, after={"claim": claim, "is_true": is_true})
    return held
