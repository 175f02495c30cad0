"""The letters to staff: alerts, and reminders of what is theirs to do. Each is written when it is sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib.errors import Refused
from incidents.models import (
    Channel,
    Delivery,
    IncidentState,
    Notice,
    StaffAlert,
    StaffAlertKind,
    StaffContact,
)
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.channels import slack
from incidents.notices.gist import Fact, Gist
from incidents.notices.reminder_letters import reminder_letter
from incidents.notices.staff_mail import StaffMail, staff_letter
from incidents.notices.staff_words import staff_words_for
from incidents.notices.subject import one_line
from incidents.notices.words import words_for, write_time
from incidents.queries.dependency import upstreams_behind
from incidents.queries.staff_alerts import acknowledge_token


@dataclass(frozen=True)
class Told:
    subject: str
    text: str
    facts: tuple[Fact, ...]
    acknowledge_url: str
    console_url: str


class StaffWriter:
    """For every channel that staff may be told by."""

    def letter(self, delivery: Delivery) -> Letter:
        contact, alert = delivery.contact, delivery.notice.staff_alert
        if contact is not None and (measure := delivery.notice.measure) is not None:
            return reminder_letter(delivery, contact, measure)
        if contact is None or alert is None:
            raise Refused("expected an alert or a reminder to one of staff")
        told = told_to(contact, alert)
        if contact.channel == Channel.EMAIL:
            return _mail(delivery, contact, told)
        write = _chat if contact.channel == Channel.SLACK else _json
        data = write(contact, delivery.notice, told)
        return Letter(
            delivery.public_id, "", contact.place, data, secrets=(contact.secret,) if contact.secret else ()
        )


def told_to(contact: StaffContact, alert: StaffAlert) -> Told:
    own, page = staff_words_for(contact.language), alert.page
    about = alert.incident.title if alert.incident else alert.about
    call = own.step.format(alert.steps_taken) if alert.steps_taken > 1 else ""
    path = f"/console/incidents/{alert.incident.reference}/" if alert.incident else "/console/"
    return Told(
        subject=one_line(own.tag + _kind(own.subjects, alert).format(about=about) + call),
        text=_kind(own.texts, alert).format(about=about),
        facts=_facts(contact, alert),
        acknowledge_url=links.page_url(page, f"/alerts/{acknowledge_token(alert, contact)}"),
        console_url=links.page_url(page, path),
    )


def _kind(words: Mapping[StaffAlertKind, str], alert: StaffAlert) -> str:
    return words[StaffAlertKind(alert.kind)]


def _facts(contact: StaffContact, alert: StaffAlert) -> tuple[Fact, ...]:
    words, own, incident = words_for(contact.language), staff_words_for(contact.language), alert.incident
    since = incident.started_at if incident else alert.opened_at
    clock = Fact(own.since, write_time(since, zone=alert.page.zone, language=words.language))
    if incident is None:
        return (clock,)
    impacts = incident.impacts.filter(until_at=None).select_related("service")
    services = [f"{one.service.name}{words.colon}{words.status[one.status]}" for one in impacts]
    state = own.still_draft if incident.state == IncidentState.DRAFT else own.is_public
    signals = incident.signals.filter(ended_at=None).values_list("summary", flat=True)
    upstreams = upstreams_behind(incident.page_id, [one.service_id for one in impacts])
    causes = [f"{one.name}{words.colon}{words.status[one.status]}" for one in upstreams]
    return (
        Fact(words.state, f"{incident.reference} {state}"),
        Fact(own.services, "\n".join(services)),
        clock,
        *([Fact(own.signals, "\n".join(signals))] if signals else []),
        *([Fact(own.causes, "\n".join(causes))] if causes else []),
    )


def _mail(delivery: Delivery, contact: StaffContact, told: Told) -> Letter:
    own = staff_words_for(contact.language)
    mail = StaffMail(
        subject=told.subject,
        text=told.text,
        facts=told.facts,
        action=own.acknowledge,
        action_url=told.acknowledge_url,
        ignore=own.ignore,  # no link to the console: a scanner that opens it begins a session
        thread=f"staff-alert-{delivery.notice.staff_alert_id}",
    )
    return staff_letter(delivery, contact, mail)


def _chat(contact: StaffContact, notice: Notice, told: Told) -> bytes:
    own = staff_words_for(contact.language)
    return slack.write(
        Gist(
            language=contact.language,
            page=one_line(notice.page.name),
            subject=told.subject,
            state="",
            facts=told.facts,
            text=told.text,
            url=told.acknowledge_url,
            link_label=own.acknowledge,
            manage_url=told.console_url,
            manage_label=own.console,
        )
    )


def _json(contact: StaffContact, notice: Notice, told: Told) -> bytes:
    alert = notice.staff_alert
    assert alert is not None
    content = {
        "type": "staff_alert",
        "kind": alert.kind,
        "step": alert.steps_taken,
        "page": notice.page.name,
        "incident": alert.incident.reference if alert.incident else None,
        "subject": told.subject,
        "text": told.text,
        "facts": {fact.label: fact.value for fact in told.facts},
        "acknowledge_url": told.acknowledge_url,
        "console_url": told.console_url,
    }
    return json.dumps(content, ensure_ascii=False).encode()
