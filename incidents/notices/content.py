"""What a notice says in one language: its subject, and the values its templates show."""

from incidents.models import Notice, NoticeKind, Page, Subscriber
from incidents.notices import endpoint_content, links
from incidents.notices.frame import Content, frame, said, stem
from incidents.notices.maintenance_content import maintenance_context, maintenance_subject
from incidents.notices.maintenance_words import maintenance_words_for
from incidents.notices.subject import one_line
from incidents.notices.update_content import update_content
from incidents.notices.words import Words, words_for


def content_of(notice: Notice, language: str, subscriber: Subscriber) -> Content:
    """What many are told is the same for all subscribers of a page; it leads to their page, and speaks of no
    service that this does not show."""
    words = words_for(language)
    if notice.kind == NoticeKind.UPDATE:
        assert notice.update is not None
        return update_content(notice.update, told_by=notice.page, page=subscriber.page, words=words)
    if notice.kind == NoticeKind.REPORT:
        return _report_content(notice, words, subscriber.page)
    if notice.kind == NoticeKind.MAINTENANCE:
        return _maintenance_content(notice, words, subscriber.page)
    if notice.kind in endpoint_content.KINDS:
        return endpoint_content.endpoint_content(notice, words, subscriber)
    return _personal_content(notice, words, subscriber)


def _report_content(notice: Notice, words: Words, page: Page) -> Content:
    report, first = notice.report, notice.page.first_language
    assert report is not None
    context = {
        **frame(page, words),
        "intro": words.report_intro,
        "title": one_line(said(report.incident, "title", words, first=first).text),
        "reference": report.incident.reference,
        "number": report.number,
        "report_url": links.page_url(page, f"/reports/{report.number}", language=words.language),
    }
    return Content("report", words.report_tag + stem(report.incident, words, first=first), context)


def _maintenance_content(notice: Notice, words: Words, page: Page) -> Content:
    update = notice.maintenance_update
    assert update is not None
    own = maintenance_words_for(words.language)
    before = update.maintenance.updates.filter(number__lt=update.number).order_by("number").last()
    context = frame(page, words) | maintenance_context(update, before, page=page, words=own)
    return Content("maintenance", maintenance_subject(update, before, own), context)


def _personal_content(notice: Notice, words: Words, subscriber: Subscriber) -> Content:
    page = subscriber.page
    if notice.kind == NoticeKind.CONFIRM:
        subject, intro, action = words.confirm_subject, words.confirm_intro, words.confirm_action
        ignore, url = words.confirm_ignore, links.confirm_url(subscriber)
    elif notice.kind == NoticeKind.MANAGE:
        subject, intro, action = words.manage_subject, words.manage_intro, words.manage_action
        ignore, url = words.manage_ignore, links.manage_url(subscriber)
    else:
        subject, intro, action = words.already_subject, words.already_intro, words.already_action
        ignore, url = "", links.page_url(page, "/manage", language=words.language)
    context = {
        **frame(page, words),
        "intro": intro.format(page.name),
        "action": action,
        "ignore": ignore,
        "action_url": url,
    }
    return Content("personal", subject.format(one_line(page.name)), context)
