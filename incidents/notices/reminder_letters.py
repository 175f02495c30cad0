"""The letter that reminds the owner of a measure. It is written when it is sent, and says what is so then."""

from incidents.lib import times
from incidents.models import Delivery, Measure, StaffContact
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.notices.gist import Fact
from incidents.notices.reminder_words import reminder_words_for
from incidents.notices.staff_mail import StaffMail, staff_letter
from incidents.notices.subject import one_line
from incidents.notices.words import write_day


def reminder_letter(delivery: Delivery, contact: StaffContact, measure: Measure) -> Letter:
    own, report = reminder_words_for(contact.language), measure.report
    page, incident = report.incident.page, report.incident
    is_late = measure.due_on < times.now().astimezone(page.zone).date()
    due = write_day(measure.due_on, language=contact.language)
    subject = (own.subject_late if is_late else own.subject).format(due=due, reference=incident.reference)
    facts = [
        Fact(own.measure, measure.text),
        Fact(own.due, due),
        Fact(own.incident, f"{incident.title} ({incident.reference})"),
        *([Fact(own.report, report.number)] if report.number else []),
    ]
    mail = StaffMail(
        subject=one_line(subject),
        text=own.intro_late if is_late else own.intro,
        facts=facts,
        action=own.action,
        action_url=links.page_url(page, f"/console/measures/{measure.public_id}/"),
        ignore=own.ignore,
        thread=f"measure-{measure.pk}",
    )
    return staff_letter(delivery, contact, mail)
