"""A reader on a phone: subscribes, is told of the chosen service only, changes the choice, leaves."""

import urllib.request
from collections.abc import Iterable
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.models import Delivery, Incident, Notice, Page, Service, Subscriber, SubscriberState
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.mailbox import Mailbox, link_in, links_in
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 375, "has_touch": True, "is_mobile": True}


@pytest.fixture
def archive(page: Page) -> Service:
    return make.service(page, slug="archive", name="メールアーカイブ")


@pytest.fixture
def relay(page: Page) -> Service:
    return make.service(page, slug="relay", name="メール送信中継")


@pytest.fixture
def reader(sink: Sink) -> Mailbox:
    return Mailbox(sink, "reader@example.jp")


def test_a_reader_subscribes_is_told_changes_the_choice_and_leaves(
    open_tab: OpenTab, page: Page, archive: Service, relay: Service, reader: Mailbox
) -> None:
    of_archive, of_relay = open_incident(page, archive), open_incident(page, relay)
    tab = open_tab("/", **PHONE)
    subscribe(tab, reader.address, archive)
    make.update(of_archive, notify=True)
    confirm(tab, reader.fetch())

    make.update(of_archive, "identified", notify=True)
    make.update(of_relay, notify=True)
    told = reader.fetch()
    assert f"【第2報】{of_archive.title} ({of_archive.reference})" in told["Subject"]

    choose_by_mailed_link(tab, told, reader, instead_of=archive, chosen=relay)
    make.update(of_relay, "identified", notify=True)
    told = reader.fetch()
    assert f"【第2報】{of_relay.title} ({of_relay.reference})" in told["Subject"]

    tab.goto(link_in(told, "/unsubscribe/"))
    tap_the_one_button(tab)
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED
    make.update(of_relay, "monitoring", notify=True)
    make.update(of_archive, "monitoring", notify=True)
    reader.fetch_nothing()


def open_incident(page: Page, service: Service) -> Incident:
    return make.incident(page, {service: "degraded"}, title=f"{service.name}の遅延")


def subscribe(tab: Tab, address: str, service: Service) -> None:
    tab.locator(".masthead .button").tap()
    tab.fill("#id_email", address)
    expect(tab.get_by_label(service.name)).to_be_hidden()
    tab.locator("[name=which][value=chosen]").check()
    tab.get_by_label(service.name).check()
    tap_the_one_button(tab)
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def confirm(tab: Tab, mail: EmailMessage) -> None:
    tab.goto(link_in(mail, "/confirm/"))
    assert Subscriber.objects.get().state == SubscriberState.PENDING
    tap_the_one_button(tab)
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def choose_by_mailed_link(
    tab: Tab, notice: EmailMessage, reader: Mailbox, *, instead_of: Service, chosen: Service
) -> None:
    tab.goto(link_in(notice, "/manage"))
    tab.fill("#id_email", reader.address)
    tap_the_one_button(tab)
    tab.goto(link_in(reader.fetch(), "/manage/"))
    expect(tab.get_by_label(instead_of.name)).to_be_checked()
    tab.get_by_label(instead_of.name).uncheck()
    tab.get_by_label(chosen.name).check()
    tap_the_one_button(tab)
    assert list(Subscriber.objects.get().services.all()) == [chosen]


def tap_the_one_button(tab: Tab) -> None:
    """The page has one button, and what comes after it has none."""
    button = tab.locator("main button")
    expect(button).to_have_count(1)
    button.tap()
    expect(button).to_have_count(0)


def test_opening_the_links_of_a_mail_changes_nothing(
    open_tab: OpenTab, page: Page, archive: Service, reader: Mailbox
) -> None:
    incident = open_incident(page, archive)
    tab = open_tab("/subscribe")
    tab.fill("#id_email", reader.address)
    tab.locator("main button").click()
    asked = reader.fetch()
    opening_changes_nothing(links_in(asked))

    confirm_with_mouse(tab, asked)
    make.update(incident, notify=True)
    told = reader.fetch()
    tab.goto(link_in(told, "/manage"))
    tab.fill("#id_email", reader.address)
    tab.locator("main button").click()
    opening_changes_nothing(links_in(asked) | links_in(told) | links_in(reader.fetch()))


def confirm_with_mouse(tab: Tab, mail: EmailMessage) -> None:
    tab.goto(link_in(mail, "/confirm/"))
    tab.locator("main button").click()
    expect(tab.locator("main button")).to_have_count(0)


def opening_changes_nothing(links: Iterable[str]) -> None:
    before = record()
    for link in links:
        for method in ("HEAD", "GET", "GET"):
            with urllib.request.urlopen(urllib.request.Request(link, method=method), timeout=30) as answer:
                assert answer.status == 200
    assert record() == before


def record() -> list[Any]:
    tables = (Subscriber, Subscriber.services.through, Notice, Delivery)
    return [list(table.objects.order_by("pk").values()) for table in tables]
