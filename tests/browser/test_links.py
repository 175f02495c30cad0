"""A scanner with a real browser: it stays on every link of every mail, scripts and all, and changes nothing."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from incidents.models import Follow, Page, Subscriber, SubscriberState
from tests.links import dump, links_of, rewriting, send_every_kind
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STAY_MILLISECONDS = 10_000


def stay_on(browser: Browser, links: list[str]) -> None:
    """Ten seconds on each, all at once, as a reader with scripts."""
    context = browser.new_context()
    tabs = [context.new_page() for _ in links]
    for tab, link in zip(tabs, links, strict=True):
        tab.goto(link)
    tabs[-1].wait_for_timeout(STAY_MILLISECONDS)
    context.close()


def tap(browser: Browser, link: str) -> None:
    """The one button, in a browser that holds no cookie before or after."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(link)
    button = tab.locator("main button")
    expect(button).to_have_count(1)
    button.click()
    expect(button).to_have_count(0)
    assert context.cookies() == []
    context.close()


def test_a_browser_that_stays_on_every_link_changes_nothing_and_one_tap_does(
    chromium: Browser, page: Page, sink: Sink
) -> None:
    links = sorted(links_of(sink, page, send_every_kind(page)))
    with rewriting() as gateway:
        ways = [*links, *(gateway + quote(link, safe="") for link in links)]
        before = dump()
        stay_on(chromium, ways)
        assert dump() == before

        for path in ("/last-only/", "/keep/", "/confirm/"):
            for link in (link for link in links if path in link):
                tap_if_open(chromium, link)
        assert Follow.objects.filter(last_only=True).count() == 1
        assert not Subscriber.objects.exclude(leaves_at=None).exists()
        assert Subscriber.objects.get(email="new@b.example").state == SubscriberState.ACTIVE
        assert Subscriber.objects.get(email="next@d.example").state == SubscriberState.ACTIVE
        leave = next(link for link in links if "/unsubscribe/" in link)
        tap(chromium, leave)
        assert Subscriber.objects.get(email="reader@a.example").state == SubscriberState.UNSUBSCRIBED

        before = dump()
        stay_on(chromium, ways)
        assert dump() == before


def tap_if_open(browser: Browser, link: str) -> None:
    """What was done by another link of the same wish has no button any more."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(link)
    is_open = tab.locator("main button").count() == 1
    context.close()
    if is_open:
        tap(browser, link)
