"""The pages that a subscriber's links open: pictures at both widths, and nothing that hinders anyone."""

from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.models import Follow, Page, ServiceGroup, Subscriber
from incidents.queries import subscribers
from incidents.queries.choices import Choices
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.looking import look_at
from tests.browser.scenes import NOW, show_major

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def addresses(page: Page) -> dict[str, str]:
    """By name; each of a reader who may still act."""
    incident = show_major(page)
    group = ServiceGroup.objects.create(page=page, name="セキュリティ")
    inner = ServiceGroup.objects.create(page=page, name="メールセキュリティ", parent=group)
    for name in ("迷惑メール対策", "ウイルス対策"):
        made = make.service(page, slug=f"s{len(name)}", name=name)
        type(made).objects.filter(pk=made.pk).update(group=inner)
    reader = make.subscriber(page, "reader@example.jp", made)
    reader.groups.add(group)
    Follow.objects.create(subscriber=reader, incident=incident, last_only=True)
    Subscriber.objects.filter(pk=reader.pk).update(
        manage_nonce="1" * 32,
        manage_sent_at=timezone.now(),
        keep_nonce="2" * 32,
        leaves_at=timezone.now(),
        is_locked=True,
    )
    reader.refresh_from_db()
    chosen = Choices("ja", services=(made.pk,), groups=(group.pk,), kinds=("incidents",), stages="ends")
    actions.subscribe(page, email="new@example.jp", choices=chosen)
    wish = Subscriber.objects.get(email="new@example.jp").wishes.get()
    other = make.subscriber(page, "other@example.jp")
    return {
        "subscribe": "/subscribe",
        "manage": f"/manage/{subscribers.manage_token(reader)}",
        "confirm": f"/confirm/{subscribers.confirm_token(wish)}",
        "follow": f"/follow/{incident.reference}",
        "keep": f"/keep/{subscribers.keep_token(reader)}",
        "last-only": f"/last-only/{subscribers.last_only_token(other, incident)}",
        "unsubscribe": f"/unsubscribe/{subscribers.unsubscribe_token(reader)}",
    }


def test_a_subscribers_pages_look_right_and_hinder_nobody(open_tab: OpenTab, page: Page) -> None:
    for name, address in addresses(page).items():
        tab = open_tab(address)
        for details in tab.locator("details").all():
            details.evaluate("node => node.open = true")
        if name == "subscribe":
            tab.locator("[name=which][value=chosen]").check()
        look_at(tab, f"reader-{name}")
