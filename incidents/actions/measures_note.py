"""The word to customers that the measures of a report are carried out."""

from dataclasses import dataclass

from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import touch_incident
from incidents.actions.texts import render_field, written
from incidents.actions.update import SENDING
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.lib.wake import wake
from incidents.models import Measure, MeasuresNote, MeasureState, Report, Staff
from incidents.notices import fanout
from incidents.queries.incident import lock_incident
from incidents.queries.report import standing_of

LONGEST = {"body": 5000}


@dataclass(frozen=True)
class NoteText:
    """`texts` are those of the page's other languages."""

    body: str
    texts: Texts


@transaction.atomic
def tell_measures(
    report: Report, text: NoteText, *, notify: bool = False, actor: Staff | None = None
) -> MeasuresNote:
    """Puts the note on the report's page, and mails it to the report's audience where `notify` says so. Once a
    report: nobody is told twice."""
    incident = lock_incident(report.incident_id)
    report = Report.objects.select_related("service").get(pk=report.pk)
    report.incident = incident
    _check_is_due(report)
    body = text.body.strip()
    if not body:
        raise Refused("a note needs a text", field="body")
    if len(body) > LONGEST["body"]:
        raise Refused(f"expected at most {LONGEST['body']} characters", field="body")
    html = render_field(body, field="body")
    texts = {
        language: {**own, "body_html": render_field(own["body"], field=f"body_{language}")}
        for language, own in written(text.texts, longest=LONGEST, page=incident.page).items()
    }
    note = MeasuresNote.objects.create(
        report=report, body=body, body_html=html, texts=texts, published_at=times.now(), published_by=actor
    )
    audit.record("tell_measures", note, actor=actor, after={"body": body, "notify": notify})
    touch_incident(incident)
    if notify:
        fanout.queue_measures(note)
        transaction.on_commit(lambda: wake(SENDING), robust=True)
    return note


def _check_is_due(report: Report) -> None:
    """Only what is really done is told, and only where its report can be read."""
    if MeasuresNote.objects.filter(report=report).exists():
        raise Refused("customers were told of these measures already")
    states = set(Measure.objects.filter(report=report).values_list("state", flat=True))
    if MeasureState.OPEN in states or MeasureState.DONE not in states:
        raise Refused("customers are told once every measure is done or dropped")
    if not can_be_read(report):
        raise Refused("this report is not on the page")


def can_be_read(report: Report) -> bool:
    """On its page, by whoever reads that."""
    standing = standing_of(report)
    return standing is not None and not standing.is_withdrawn
