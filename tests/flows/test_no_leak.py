"""A marker is planted in everything of a private page, and looked for wherever somebody else could read."""

import base64
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image, PngImagePlugin
from pytest_django import Settings

from incidents.actions.announcement import pin_announcement
from incidents.actions.customer import add_note, create_customer, make_member_link
from incidents.actions.log import add_entry
from incidents.actions.look import set_logo, set_look
from incidents.actions.page import change_settings, choose_services, set_visibility
from incidents.actions.report import draft_report, save_report
from incidents.lib import times
from incidents.models import Customer, Delivery, Incident, Page, Service
from incidents.notices.outbox import deliver_due
from incidents.queries import members, subscribers
from incidents.reports.issue import issue
from incidents.snapshots.publish import publish_all
from tests import make

pytestmark = pytest.mark.django_db
MARKER = "himitsuq"
WORDS = f"{MARKER} の件"
HOST, SHOWING, OTHER = f"{MARKER}.example", "showing.example", "other.example"
ACTING = (
    "/subscribe",
    "/manage",
    "/members",
    "/enter",
    "/confirm/x",
    "/unsubscribe/x",
    "/members/x",
    "/nothing",
)


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PUBLISHED_DIR = tmp_path / "published"
    settings.PUBLISHED_PRIVATE_DIR = tmp_path / "published-private"
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path / "mail"


def plant(page: Page) -> Service:
    """Its settings, its look, and a service with all that hangs on it; made as a public page makes it."""
    label = {"ja": WORDS, "en": WORDS}
    settings = {"reply_to": f"{MARKER}@example.com", "security_contact": f"https://{HOST}/{MARKER}"}
    change_settings(page, {"name": WORDS, "organisation": WORDS, **settings})
    set_look(
        page, theme={"accent": "#0b5d3b"}, links=[{"label": label, "url": f"https://{HOST}/"}], footer=label
    )
    notes, target = PngImagePlugin.PngInfo(), io.BytesIO()
    notes.add_text("Comment", MARKER)
    Image.new("RGB", (40, 10)).save(target, "PNG", pnginfo=notes)
    set_logo(page, target.getvalue())
    pin_announcement(page, body=WORDS, texts={"en": {"body": WORDS}})
    service = make.service(
        page, slug=MARKER, name=WORDS, code=MARKER.upper(), group=f"{MARKER}群", description=WORDS
    )
    make.monitor(service, kind="http", name=WORDS, target=f"https://{HOST}/")
    make.subscriber(page, f"{MARKER}@example.com")
    return service


def tell(page: Page, service: Service) -> Incident:
    """An incident from its first word to its report, and a maintenance."""
    incident = make.incident(page, {service: "major_outage"}, title=WORDS, titles={"en": WORDS})
    add_entry(incident, kind="action", text=WORDS, happened_at=None)
    make.update(incident, body=WORDS, concerned=WORDS, workaround=WORDS, notify=True)
    make.update(incident, "resolved", body=WORDS, notify=True)
    report = draft_report(incident)
    texts = dict.fromkeys(("what_happened", "scope", "cause", "measures", "subject"), WORDS)
    save_report(report, texts, version=report.version)
    issue(report)
    make.update(make.incident(page, {service: "degraded"}, title=WORDS), body=WORDS, notify=True)
    make.maintenance(page, {service: "maintenance"}, title=WORDS, body=WORDS, notify=True)
    customer = create_customer(page, name=f"{WORDS}{incident.pk}")
    add_note(page, body=WORDS, customer_ids=[customer.pk], incident=incident)
    return incident


@pytest.fixture
def other() -> Page:
    page = make.page(host=OTHER, name="Other page")
    incident = make.incident(page, {make.service(page, name="Mail"): "degraded"}, title="Mail is late")
    make.update(incident)
    make.subscriber(page, "reader@other.example")
    return page


@pytest.fixture
def private(other: Page) -> Page:
    """It was public, and lent its service to another page, before it was made private; and went on since."""
    page = make.page(host=HOST)
    service = plant(page)
    showing = make.page(host=SHOWING, name="Showing page")
    make.service(showing, name="Portal")
    choose_services(showing, [service.pk])
    make.subscriber(showing, "reader@showing.example")
    make.subscriber(showing, "chooser@showing.example", service)
    tell(page, service)
    publish_all(now=times.now())
    set_visibility(page, "private", password="open sesame")
    tell(Page.objects.get(pk=page.pk), Service.objects.get(pk=service.pk))
    publish_all(now=times.now())
    return Page.objects.get(pk=page.pk)


def holds(text: str | bytes) -> bool:
    raw = text if isinstance(text, bytes) else text.encode()
    return MARKER in raw.decode(errors="replace").lower()


def test_no_file_and_no_answer_of_another_page_holds_it(private: Page, settings: Settings) -> None:
    files = [path for path in settings.PUBLISHED_DIR.rglob("*") if path.is_file()]
    names = [path.relative_to(settings.PUBLISHED_DIR) for path in files]
    assert {name.parts[0] for name in names} >= {SHOWING, OTHER}
    assert not [name for name in names if holds(str(name))]
    assert not [path for path in files if holds(path.read_bytes())]
    reference = private.incidents.latest("pk").reference
    theirs = (f"/services/{MARKER}", f"/incidents/{reference}", f"/services/{MARKER}/badge.svg")
    for host in (SHOWING, OTHER):
        client = Client(headers={"host": host})
        for address in (*addresses(settings.PUBLISHED_DIR / host), *ACTING):
            assert not holds(client.get(address).content), address
        for address in theirs:
            response = client.get(address)
            assert response.status_code == 404
            assert not holds(response.content.replace(address.encode(), b"")), address


def test_nobody_reads_it_on_the_private_page_without_being_let_in(private: Page, settings: Settings) -> None:
    directory, client = settings.PUBLISHED_PRIVATE_DIR / HOST, Client(headers={"host": HOST})
    assert sum(holds(path.read_bytes()) for path in directory.glob("live/**/*.html")) > 20
    for address in (*addresses(directory), *ACTING):
        for method in ("get", "post", "head", "options"):
            answer = getattr(client, method)(address)
            assert answer.status_code in (200 if address == "/robots.txt" else 403, 405)
            assert not holds(answer.content) and not holds(json.dumps(dict(answer.headers))), address
    client.post("/enter", {"password": f"{MARKER} guess"})
    rows = list(cached())
    assert rows and not [row for row in rows if holds(row)]


def test_no_subscriber_and_no_customer_of_another_page_is_told_of_it(
    private: Page, other: Page, settings: Settings
) -> None:
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    deliver_due(seconds=30)
    sent = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in settings.MAIL_DIR.iterdir()
    ]
    assert {str(letter["To"]) for letter in sent} == {f"{MARKER}@example.com"}
    client = Client(headers={"host": OTHER})
    customer: Customer = make_member_link(create_customer(other, name="Acme"))
    client.post(f"/members/{members.link_token(customer)}")
    reader = other.subscribers.get()
    for address in ("/members", "/en/members", f"/unsubscribe/{subscribers.unsubscribe_token(reader)}"):
        response = client.get(address)
        assert response.status_code == 200 and not holds(response.content)
    theirs = make_member_link(Customer.objects.filter(page=private).latest("pk"))
    for address in (
        f"/unsubscribe/{subscribers.unsubscribe_token(private.subscribers.get())}",
        f"/members/{members.link_token(theirs)}",
        f"/members/{members.feed_token(theirs)}/history.atom",
    ):
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code in (404, 405) and not holds(answer.content)


def addresses(directory: Path) -> list[str]:
    found = json.loads((directory / "manifest.json").read_text())["files"]
    assert len(found) > 20
    return list(found)


def cached() -> Iterator[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM django_cache")
        for key, value in cursor.fetchall():
            yield key.encode()
            yield base64.b64decode(value)
