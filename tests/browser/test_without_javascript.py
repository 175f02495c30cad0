"""Old phones, strict companies: what acts, acts without JavaScript too."""

import pytest
from playwright.sync_api import expect

from incidents.models import Page, Subscriber, SubscriberState
from tests import make
from tests.browser import desk
from tests.browser.conftest import OpenTab
from tests.browser.mailbox import Mailbox, link_in
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_staff_publish_a_draft_and_an_update_without_javascript(open_tab: OpenTab, page: Page) -> None:
    make.staff()
    incident = make.incident(page)
    tab = open_tab("/console/", java_script_enabled=False)
    desk.sign_in(tab, "staff@example.com")
    tab.click(f"#publish-{incident.reference}")
    expect(tab.locator("#update-1")).to_be_visible()
    desk.write_update(tab, "identified", "原因は**設定の誤り**です。")
    tab.click("#preview-update")
    expect(tab.locator("#preview strong")).to_have_text("設定の誤り")
    assert incident.updates.count() == 1
    desk.publish(tab, number=2)
    expect(tab.locator("#update-2 strong")).to_have_text("設定の誤り")


def test_a_reader_subscribes_and_confirms_without_javascript(
    open_tab: OpenTab, page: Page, sink: Sink
) -> None:
    service = make.service(page)
    reader = Mailbox(sink, "reader@example.jp")
    tab = open_tab("/subscribe", java_script_enabled=False)
    tab.fill("#id_email", reader.address)
    tab.locator("[name=which][value=chosen]").check()
    tab.get_by_label(service.name).check()
    tab.locator("main button").click()
    expect(tab.locator("main button")).to_have_count(0)
    tab.goto(link_in(reader.fetch(), "/confirm/"))
    tab.locator("main button").click()
    expect(tab.locator("main button")).to_have_count(0)
    subscriber = Subscriber.objects.get()
    assert (subscriber.state, list(subscriber.services.all())) == (SubscriberState.ACTIVE, [service])
