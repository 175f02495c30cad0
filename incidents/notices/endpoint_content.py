"""What the owner of an endpoint is told by mail."""

from incidents.lib.errors import Refused
from incidents.models import Channel, Notice, NoticeKind, Subscriber
from incidents.notices import links
from incidents.notices.endpoint_words import EndpointWords, endpoint_words_for
from incidents.notices.frame import Content, Reading, frame
from incidents.notices.subject import one_line
from incidents.queries import endpoints

KINDS = (NoticeKind.OWNER, NoticeKind.ENDPOINTS, NoticeKind.DISABLED)


def endpoint_content(notice: Notice, reading: Reading, subscriber: Subscriber) -> Content:
    own = endpoint_words_for(reading.language)
    if notice.kind == NoticeKind.ENDPOINTS:
        return _list(own, reading, subscriber)
    page, named = subscriber.page, _named(own, subscriber)
    if notice.kind == NoticeKind.OWNER:
        subject, intro, action, ignore = (
            own.owner_subject,
            own.owner_intro,
            own.owner_action,
            own.owner_ignore,
        )
        if notice.wish is None:
            raise Refused("There is nothing left to confirm.")
        url = reading.url(f"/endpoints/{endpoints.owner_token(notice.wish)}")
    else:
        subject, intro, action, ignore = own.disabled_subject, own.disabled_intro, own.disabled_action, ""
        path = "/subscribe/webhook" if subscriber.channel == Channel.WEBHOOK else "/subscribe/chat"
        url = reading.url(path)
    context = {
        **frame(reading),
        "intro": intro.format(**named),
        "preheader": ignore,
        "action": action,
        "ignore": ignore,
        "action_url": url,
    }
    return Content("personal", subject.format(**{**named, "page": one_line(page.name)}), context)


def _list(own: EndpointWords, reading: Reading, subscriber: Subscriber) -> Content:
    page = subscriber.page
    rows = [
        {"name": f"{own.channels[one.channel]} ({one.place})", "url": links.manage_url(one)}
        for one in endpoints.of_owner(page, subscriber.email)
    ]
    context = {
        **frame(reading),
        "intro": own.endpoints_intro.format(page=page.name),
        "preheader": own.endpoints_none,
        "rows": rows,
        "ignore": own.endpoints_none,
    }
    return Content("endpoints", own.endpoints_subject.format(page=one_line(page.name)), context)


def _named(own: EndpointWords, subscriber: Subscriber) -> dict[str, str]:
    return {
        "page": subscriber.page.name,
        "channel": own.channels[subscriber.channel],
        "place": subscriber.place,
        "reason": subscriber.disabled_reason,
    }
