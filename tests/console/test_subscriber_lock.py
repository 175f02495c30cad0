"""Locking a shared mailbox from wherever its line stands."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from incidents.actions.leaving import lock_mailbox
from incidents.actions.suppression import suppress
from incidents.models import AuditEntry, Subscriber, SubscriberState, SuppressionReason
from tests import make
from tests.console.conftest import Desk

pytestmark = pytest.mark.django_db


def address(subscriber: Subscriber) -> str:
    return f"/console/subscribers/{subscriber.public_id}/lock/"


def test_a_mailbox_is_locked_and_unlocked_and_the_record_says_by_whom(desk: Desk) -> None:
    mailbox = make.subscriber(desk.page, "support@example.com")
    typed = {"owner": "Owner@Example.com", "next": "/console/mail/"}
    response = desk.client.post(address(mailbox), typed)
    assert (response.status_code, response["Location"]) == (302, "/console/mail/")
    mailbox.refresh_from_db()
    assert (mailbox.is_locked, mailbox.lock_owner) == (True, "owner@example.com")
    desk.client.post(address(mailbox), {"unlock": "1"})
    mailbox.refresh_from_db()
    assert (mailbox.is_locked, mailbox.lock_owner) == (False, "")
    entries = AuditEntry.objects.filter(object_type="subscriber").order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("lock_mailbox", desk.staff),
        ("unlock_mailbox", desk.staff),
    ]


@pytest.mark.parametrize("owner", ["nobody", "a@b.example\r\nBcc: c@d.example"])
def test_an_owner_that_cannot_be_written_to_is_refused_in_words(desk: Desk, owner: str) -> None:
    mailbox = make.subscriber(desk.page)
    response = desk.client.post(address(mailbox), {"owner": owner}, follow=True)
    assert "email address" in response.content.decode()
    assert not Subscriber.objects.get().is_locked


def test_an_owner_whom_nothing_is_sent_to_is_refused_in_words(desk: Desk) -> None:
    mailbox = make.subscriber(desk.page)
    suppress("gone@example.com", reason=SuppressionReason.BOUNCE)
    response = desk.client.post(address(mailbox), {"owner": "Gone@example.com"}, follow=True)
    assert "Nothing is sent to this address" in response.content.decode()
    assert not Subscriber.objects.get().is_locked


def test_mailboxes_of_other_pages_and_other_methods_are_not_found(desk: Desk) -> None:
    stranger = make.subscriber(make.page())
    assert desk.client.post(address(stranger)).status_code == 404
    assert desk.client.get(address(stranger)).status_code == 405


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/console/../x", "/subscribe"]
)
def test_the_way_back_stays_in_the_console(desk: Desk, elsewhere: str) -> None:
    mailbox = make.subscriber(desk.page)
    response = desk.client.post(address(mailbox), {"next": elsewhere})
    assert response["Location"].startswith("/console/")


def test_the_part_shows_what_may_be_done(desk: Desk) -> None:
    request = RequestFactory().get("/console/subscribers/")

    def part(subscriber: Subscriber) -> str:
        context = {"subscriber": subscriber}
        return render_to_string("console/_subscriber_lock.html", context, request=request)

    mailbox = make.subscriber(desk.page)
    assert 'name="owner"' in part(mailbox) and 'value="/console/subscribers/"' in part(mailbox)
    locked = part(lock_mailbox(mailbox, owner="owner@example.com"))
    assert 'name="unlock"' in locked and "owner@example.com" in locked
    mailbox.state, mailbox.is_locked = SubscriberState.UNSUBSCRIBED, False
    assert "<form" not in part(mailbox)
