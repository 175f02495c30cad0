"""A reader on a phone: subscribes, is told of the chosen service only, changes the choice, leaves."""

from email.message import EmailMessage

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions.leaving import lock_mailbox
from incidents.models import Follow, Incident, Page, Service, ServiceGroup, Subscriber, SubscriberState
from incidents.notices.links import last_only_url
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.mailbox import Mailbox, link_in
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


def test_a_reader_takes_one_group_changes_the_language_follows_one_incident_and_leaves(
    open_tab: OpenTab, page: Page, archive: Service, relay: Service, reader: Mailbox
) -> None:
    group = ServiceGroup.objects.create(page=page, name="保管")
    Service.objects.filter(pk=archive.pk).update(group=group)
    tab = open_tab("/subscribe", **PHONE)
    tab.fill("#id_email", reader.address)
    tab.locator("[name=which][value=chosen]").check()
    tab.get_by_label("保管のすべて（今後追加されるものを含む）").check()
    tap_the_one_button(tab)
    confirm(tab, reader.fetch())
    assert [g.name for g in Subscriber.objects.get().groups.all()] == ["保管"]

    tab.goto("/manage")
    tab.fill("#id_email", reader.address)
    tap_the_one_button(tab)
    tab.goto(link_in(reader.fetch(), "/manage/"))
    tab.locator("#id_language").select_option("en")
    tap_the_one_button(tab)
    assert Subscriber.objects.get().language == "en"

    later = make.service(page, slug="later", name="あとから追加")
    Service.objects.filter(pk=later.pk).update(group=group)
    make.update(make.incident(page, {later: "degraded"}, title="Later"), notify=True)
    assert "[Incident] [Update 1] Later" in str(reader.fetch()["Subject"])

    of_relay = open_incident(page, relay)
    make.update(of_relay, notify=True)
    reader.fetch_nothing()
    tab.goto(f"/incidents/{of_relay.reference}")
    tab.get_by_role("link", name="この障害の続報を受け取る").tap()
    tab.fill("#id_email", reader.address)
    tap_the_one_button(tab)
    tab.goto(link_in(reader.fetch(), "/confirm/"))
    tap_the_one_button(tab)
    assert Follow.objects.get().incident == of_relay
    make.update(of_relay, "identified", notify=True)
    told = reader.fetch()
    assert "[Update 2]" in str(told["Subject"])

    tab.goto(last_only_url(Subscriber.objects.get(), of_relay, page))
    tap_the_one_button(tab)
    make.update(of_relay, "monitoring", notify=True)
    reader.fetch_nothing()
    make.update(of_relay, "resolved", notify=True)
    assert "[Resolved]" in str(reader.fetch()["Subject"])

    tab.goto(link_in(told, "/unsubscribe/"))
    tap_the_one_button(tab)
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_one_reader_of_a_shared_mailbox_is_overruled_by_its_owner(
    open_tab: OpenTab, page: Page, archive: Service, reader: Mailbox, sink: Sink
) -> None:
    incident = open_incident(page, archive)
    shared = lock_mailbox(make.subscriber(page, reader.address), owner="owner@example.jp")
    owner = Mailbox(sink, "owner@example.jp")
    make.update(incident, notify=True)
    told = reader.fetch()
    tab = open_tab(link_in(told, "/unsubscribe/"), **PHONE)
    tap_the_one_button(tab)
    expect(tab.locator("h1")).to_have_text("24時間後に配信を停止します")
    asked = reader.fetch()
    assert "配信停止のお申し込み" in str(asked["Subject"])
    (of_owner,) = owner.mails
    tab.goto(link_in(of_owner, "/keep/"))
    tap_the_one_button(tab)
    expect(tab.locator("h1")).to_have_text("配信を続けます")
    shared.refresh_from_db()
    assert (shared.state, shared.leaves_at) == (SubscriberState.ACTIVE, None)
    make.update(incident, "identified", notify=True)
    assert "【第2報】" in str(reader.fetch()["Subject"])
