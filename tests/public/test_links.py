"""No link of a mail changes anything by being opened, however often and by whom."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from incidents.models import Page, Subscriber
from tests import make
from tests.links import METHODS, ask, dump, links_of, rewriting, send_every_kind, ways_to
from tests.smtp import Sink, sink

__all__ = ["sink"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(live_server: LiveServer, sink: Sink, settings: Settings) -> Page:
    settings.SITE_URL = live_server.url
    made = make.page(host="localhost")
    made.hold_seconds = 0
    made.save()
    return made


@pytest.fixture
def gateway() -> Iterator[str]:
    with rewriting() as address:
        yield address


ACTING = ("/alerts/", "/confirm/", "/endpoints/", "/keep/", "/last-only/", "/unsubscribe/")


def test_opening_every_link_of_every_mail_changes_nothing(page: Page, sink: Sink, gateway: str) -> None:
    links = links_of(sink, page, send_every_kind(page))
    acting = [link for link in links if any(path in link for path in ACTING)]
    assert {urlsplit(link).path.split("/")[1] for link in acting} == {path.strip("/") for path in ACTING}

    def scan(*expected: int) -> None:
        before = dump()
        for link in links:
            for method in METHODS:
                answers = {405} if method == "OPTIONS" else set(expected)
                for way in (link, gateway + quote(link, safe="")):
                    assert ask(way, method) in answers, (way, method)
            for way in ways_to(link):
                assert ask(way, "GET") < 500, way
        assert dump() == before

    scan(200, 410)
    for link in sorted(acting):
        for way in ways_to(link):
            assert ask(way, "GET") in (200, 410), way
        # 422: nothing answers at the endpoint that is to be confirmed.
        assert ask(link, "POST") in (200, 409, 410, 422), link
    states = dict(Subscriber.objects.values_list("email", "state"))
    assert (states["new@b.example"], states["reader@a.example"]) == ("active", "unsubscribed")
    scan(200, 404, 410)
