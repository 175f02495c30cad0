"""Every kind of mail, the links a scanner finds in it, and what a scanner does with them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from incidents.actions import endpoint as endpoint_actions
from incidents.actions import leaving, staff_alert
from incidents.actions import subscriber as actions
from incidents.actions.measure import add_measure, finish_measure
from incidents.actions.measures_note import NoteText, tell_measures
from incidents.actions.report import TEXTS, draft_report
from incidents.models import Channel, Incident, Notice, NoticeKind, Page, Report, StaffAlertKind, Subscriber
from incidents.notices import staff_alerts
from incidents.notices.endpoints import disable
from incidents.notices.links import last_only_url
from incidents.notices.outbox import deliver_due
from incidents.notices.reminders import queue_reminder
from incidents.queries import subscribers
from incidents.queries.choices import Choices, choices_of
from incidents.reports.issue import issue as issue_report
from tests import make
from tests.browser.mailbox import links_in
from tests.smtp import Sink

METHODS = ("GET", "HEAD", "OPTIONS")


def send_every_kind(page: Page) -> Incident:
    """Answers the incident that goes on."""
    service = make.service(page)
    incident = make.incident(page, {service: "degraded"})
    reader = make.subscriber(page, "reader@a.example")
    make.update(incident, notify=True)
    over = make.incident(page, {service: "degraded"})
    make.update(over)
    make.update(over, "resolved")
    report = draft_report(over)
    Report.objects.filter(pk=report.pk).update(**dict.fromkeys(TEXTS, "書きました。"))
    issue_report(report)
    make.maintenance(page, {service: "maintenance"}, notify=True)
    today = timezone.now().astimezone(page.zone).date()
    measure = add_measure(report, text="監視を追加する。", owner=make.staff("owner@j.example"), due_on=today)
    queue_reminder(measure)
    deliver_due()
    finish_measure(measure)
    tell_measures(report, NoteText("すべて完了しました。", {}), notify=True)
    actions.subscribe(page, email="new@b.example", choices=Choices("ja"))
    actions.subscribe(page, email=reader.email, choices=Choices("ja"))
    actions.follow(page, incident, email="follower@c.example", language="ja")
    actions.request_manage_link(page, reader.email)
    for old, new in (("mover@d.example", "next@d.example"), ("moved@e.example", "next@e.example")):
        change_address(make.subscriber(page, old), new)
    moving = Subscriber.objects.get(email="next@e.example").wishes.get()
    actions.confirm(subscribers.confirm_token(moving))
    shared = leaving.lock_mailbox(make.subscriber(page, "shared@f.example"), owner="owner@g.example")
    leaving.unsubscribe(subscribers.unsubscribe_token(shared))
    _write_to_owners(page)
    _call_staff(page)
    deliver_due()
    mailed = set(NoticeKind.values) - {NoticeKind.CODE}
    assert set(Notice.objects.values_list("kind", flat=True)) == mailed
    return incident


def _call_staff(page: Page) -> None:
    contact = staff_alert.add_contact(
        page, name="Duty", channel=Channel.EMAIL, place="duty@i.example", language="ja"
    )
    staff_alert.set_steps(page, [staff_alert.Step(0, (contact.pk,))])
    staff_alerts.raise_alert(page, StaffAlertKind.NETWORK)


def _write_to_owners(page: Page) -> None:
    """What the owners of webhooks and chats are mailed."""
    with override_settings(ENDPOINTS_ALLOW=("127.0.0.0/8",)):
        endpoint_actions.request_endpoint(
            page,
            channel=Channel.WEBHOOK,
            endpoint="http://127.0.0.1:8443/hook",
            email="owner@h.example",
            choices=Choices("ja"),
        )
    for number in (1, 2):
        url = f"https://hooks.slack.com/services/{number}"
        make.subscriber(page, f"owner@{number}.example", channel=Channel.SLACK, endpoint=url)
    endpoint_actions.request_links(page, "owner@1.example")
    gone = Subscriber.objects.get(email="owner@2.example")
    disable(gone, reason="410 Gone", now=timezone.now())


def change_address(subscriber: Subscriber, address: str) -> None:
    actions.request_manage_link(subscriber.page, subscriber.email)
    subscriber.refresh_from_db()
    token = subscribers.manage_token(subscriber)
    actions.change_choices(token, choices_of(subscriber), new_email=address)


def links_of(sink: Sink, page: Page, incident: Incident) -> set[str]:
    """Of text, HTML and headers of all that was sent; not those of the console, where staff first sign in."""
    found = set[str]().union(*(links_in(received.message) for received in sink.received))
    reader = Subscriber.objects.get(email="reader@a.example")
    assert last_only_url(reader, incident, page) in found
    return {link for link in found if "//localhost" in link and "/console/" not in link}


def dump() -> dict[str, list[str]]:
    """Every row of every table."""
    with connection.cursor() as cursor:
        rows: dict[str, list[str]] = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows[table] = sorted(map(repr, cursor.fetchall()))
        return rows


class _KeepingMethod(HTTPRedirectHandler):
    """Python's own asks with GET where a redirect leads, and does not follow OPTIONS at all."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request:
        return Request(newurl, method=req.get_method())


def ask(link: str, method: str) -> int:
    """As a scanner: without cookies, following redirects by the same method."""
    try:
        with build_opener(_KeepingMethod).open(Request(link, method=method), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


class _Rewriter(BaseHTTPRequestHandler):
    def _send_on(self) -> None:
        self.send_response(302)
        self.send_header("Location", parse_qs(urlsplit(self.path).query)["url"][0])
        self.end_headers()

    do_GET = do_HEAD = do_OPTIONS = _send_on  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """In silence."""


@contextmanager
def rewriting() -> Iterator[str]:
    """A gateway that has every link lead over itself; the address to put a quoted link behind."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Rewriter)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/?url="
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ways_to(link: str) -> tuple[str, ...]:
    """In lower case, with the mark of a sentence's end, and as quoted-printable leaves it."""
    return link.lower(), f"{link}.", f"{link}=3D"
