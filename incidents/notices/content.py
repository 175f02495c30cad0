"""What a notice says to one reader: its subject, and the values its templates show."""

from incidents.lib.errors import Refused
from incidents.lib.plain_text import plain
from incidents.models import MeasuresNote, Notice, NoticeKind, Subscriber
from incidents.notices import endpoint_content, links
from incidents.notices.frame import Content, Reading, frame, reading_of, said, stem
from incidents.notices.mail_texts import Part
from incidents.notices.maintenance_content import maintenance_content
from incidents.notices.subject import one_line
from incidents.notices.update_content import update_content
from incidents.notices.wish_content import wish_content


def content_of(notice: Notice, subscriber: Subscriber) -> Content:
    """What many are told is the same for all subscribers of a page with the same language and zone; it leads to
    their page, and speaks of no service that this does not show."""
    reading = reading_of(subscriber)
    if notice.kind == NoticeKind.UPDATE:
        assert notice.update is not None
        return update_content(notice.update, told_by=notice.page, reading=reading)
    if notice.kind == NoticeKind.REPORT:
        return _report_content(notice, reading)
    if notice.kind == NoticeKind.MEASURES:
        return _measures_content(notice, reading)
    if notice.kind == NoticeKind.MAINTENANCE:
        assert notice.maintenance_update is not None
        return maintenance_content(notice.maintenance_update, reading)
    if notice.kind in endpoint_content.KINDS:
        return endpoint_content.endpoint_content(notice, reading, subscriber)
    return _personal_content(notice, reading, subscriber)


def _report_content(notice: Notice, reading: Reading) -> Content:
    report, words, first = notice.report, reading.words, notice.page.first_language
    assert report is not None and report.number is not None
    title = one_line(said(report.incident, "title", words, first=first).text)
    named = {"title": title, "reference": report.incident.reference, "number": report.number}
    context = {
        **frame(reading),
        **named,
        "intro": reading.texts.say(Part.REPORT, **named),
        "preheader": f"{words.number}{words.colon}{report.number}",
        "report_url": reading.url(f"/reports/{report.number}"),
    }
    return Content("report", words.report_tag + stem(report.incident, reading, first=first), context)


def _measures_content(notice: Notice, reading: Reading) -> Content:
    report, words, first = notice.report, reading.words, notice.page.first_language
    assert report is not None and report.number is not None
    note = MeasuresNote.objects.get(report=report)
    body = said(note, "body", words, first=first)
    context = {
        **frame(reading),
        "title": one_line(said(report.incident, "title", words, first=first).text),
        "reference": report.incident.reference,
        "number": report.number,
        "intro": words.measures_intro,
        "preheader": f"{words.number}{words.colon}{report.number}",
        "body": plain(body.text.strip()),
        "body_html": said(note, "body_html", words, first=first).text,
        "body_language": body.language,
        "only": words.only.get(body.language, body.language) if body.language != words.language else "",
        "report_url": reading.url(f"/reports/{report.number}"),
    }
    return Content("measures", words.measures_tag + stem(report.incident, reading, first=first), context)


def _personal_content(notice: Notice, reading: Reading, subscriber: Subscriber) -> Content:
    if notice.wish is not None:
        return wish_content(notice, notice.wish, subscriber.page)
    page, words = subscriber.page, reading.words
    if notice.kind == NoticeKind.MANAGE:
        subject, action, ignore = words.manage_subject, words.manage_action, words.manage_ignore
        intro, url = words.manage_intro.format(page.name), links.manage_url(subscriber)
    elif notice.kind != NoticeKind.ALREADY:
        raise Refused("There is nothing left to confirm.")
    else:
        subject, action, ignore = words.already_subject, words.already_action, ""
        intro, url = words.already_intro.format(page.name), reading.url("/manage")
    context = {
        **frame(reading),
        "intro": intro,
        "preheader": ignore,
        "action": action,
        "ignore": ignore,
        "action_url": url,
    }
    return Content("personal", subject.format(one_line(page.name)), context)
