"""From what an update is to tell to its values; what cannot be so is refused by its field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from incidents.actions.texts import check_languages, check_lengths, render_field
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.lib.markdown import render
from incidents.models import OVER, Estimate, Incident, RecoveryEstimate, Service, Severity, Stage, Update
from incidents.models.estimate import UNSAID

LONGEST = {"body": 20_000, "concerned": 500, "workaround": 2000}


@dataclass(frozen=True)
class Draft:
    """What an update is to tell. `None` keeps what the update before it told, or the draft proposes.

    `scope` maps services to their status; `next_update_at` None promises by severity, `promise_nothing`
    promises none; `estimate` None says nothing of the recovery to come; `recovered_at` is when it was really
    over, for an update that resolves. `texts` holds `body`, `concerned` and `workaround` for the page's
    other languages. An update that resolves may promise a report (`report_due_on`) or take such a promise
    back (`promise_no_report`). The same `request_key` sent twice is one update.
    """

    stage: str
    body: str
    scope: Mapping[Service, str] | None = None
    severity: str | None = None
    concerned: str | None = None
    workaround: str | None = None
    next_update_at: datetime | None = None
    promise_nothing: bool = False
    estimate: RecoveryEstimate | None = None
    happened_at: datetime | None = None
    recovered_at: datetime | None = None
    texts: Texts | None = None
    report_due_on: date | None = None
    promise_no_report: bool = False
    request_key: str = ""


def fill(update: Update, draft: Draft, *, fallback: Update | None, incident: Incident) -> None:
    """`fallback` has what the draft does not say: the update before, or the one that is corrected itself."""
    update.stage = Stage(draft.stage)
    update.texts = _texts(draft, fallback=fallback, incident=incident, is_new=update._state.adding)
    update.body = draft.body.strip()
    if not update.body:
        raise Refused("an update needs a text", field="body")
    update.happened_at = draft.happened_at or update.happened_at or update.published_at
    update.body_html = render(update.body)
    update.severity = Severity(draft.severity or (fallback.severity if fallback else incident.severity))
    update.concerned = _kept(draft.concerned, fallback.concerned if fallback else "")
    update.workaround = _kept(draft.workaround, fallback.workaround if fallback else "")
    update.recovered_at = draft.recovered_at if update.stage in OVER else None
    update.next_update_at = _promise(update, draft)
    _estimate(update, draft)


def check_order(update: Update, others: list[Update], *, incident: Incident) -> None:
    if update.happened_at > times.now():
        raise Refused("an update cannot have happened in the future", field="happened_at")
    if update.happened_at < incident.started_at:
        raise Refused("an update cannot lie before the incident's start", field="happened_at")
    if update.recovered_at and not incident.started_at <= update.recovered_at <= update.happened_at:
        raise Refused("the recovery must lie between the start and this update", field="recovered_at")
    promised = update.next_update_at
    if promised and promised <= update.happened_at:
        raise Refused("the next update must be promised for later than this one", field="next_update_at")
    if update.estimate_from and update.estimate_from <= update.happened_at:
        raise Refused("the estimated recovery must lie after this update", field="estimate_from")
    earliest = min([update, *others], key=lambda u: (u.happened_at, u.number))
    if earliest.stage in OVER:
        raise Refused("the first update cannot already resolve the incident", field="stage")


def _promise(update: Update, draft: Draft) -> datetime | None:
    """The draft's own; else a new update promises by severity, and a corrected one keeps its promise."""
    if update.stage in OVER or draft.promise_nothing:
        return None
    if draft.next_update_at is not None:
        return draft.next_update_at
    if update._state.adding:
        return update.happened_at + Severity(update.severity).promise
    return update.next_update_at


def _estimate(update: Update, draft: Draft) -> None:
    """The draft's own; without one a new update says nothing, and a corrected one what it said."""
    told = (
        UNSAID if update.stage in OVER else draft.estimate if draft.estimate is not None else update.recovery
    )
    if told.kind == Estimate.KNOWN:
        if told.from_at is None or told.until_at is None:
            raise Refused("an estimated recovery needs its time", field="estimate_from")
        if told.until_at < told.from_at:
            raise Refused("the estimated recovery ends before it begins", field="estimate_until")
    update.estimate, update.estimate_from, update.estimate_until = told.kind, told.from_at, told.until_at


def _texts(
    draft: Draft, *, fallback: Update | None, incident: Incident, is_new: bool
) -> dict[str, dict[str, str]]:
    """Every other language's own words. What is not given stays, unless it would now say another thing than
    the first language does."""
    given = draft.texts or {}
    check_languages(given, page=incident.page)
    stays = {name for name in LONGEST if not is_new or _is_as_before(draft, name, fallback=fallback)}
    before: Texts = fallback.texts if fallback else {}
    told = {
        language: _in_language(
            language,
            given=given.get(language, {}),
            before={k: v for k, v in before.get(language, {}).items() if k in stays},
        )
        for language in incident.page.languages[1:]
    }
    return {language: texts for language, texts in told.items() if texts}


def _is_as_before(draft: Draft, name: str, *, fallback: Update | None) -> bool:
    """Whether a new update says the same of this as the one before it; its body is always new."""
    if name == "body" or fallback is None:
        return False
    text = getattr(draft, name)
    return text is None or text.strip() == getattr(fallback, name)


def _in_language(language: str, *, given: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    texts = {name: _kept(given.get(name), before.get(name, "")) for name in LONGEST}
    check_lengths(texts, longest=LONGEST, language=language)
    if texts["body"]:
        texts["body_html"] = render_field(texts["body"], field=f"body_{language}")
    return {name: text for name, text in texts.items() if text}


def _kept(new: str | None, old: str) -> str:
    return old if new is None else new.strip()
