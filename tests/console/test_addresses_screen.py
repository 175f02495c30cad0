"""Erasing an address takes two steps of typing; a pause ends by a button."""

import pytest
from django.utils import timezone

from incidents.actions.suppression import suppress
from incidents.models import AuditEntry, Delivery, Subscriber, SuppressionReason
from incidents.queries.suppressions import is_suppressed
from tests import make
from tests.console.conftest import Desk

KATO = "kato@example.jp"
ERASE, LIFT = "/console/mail/addresses/erase/", "/console/mail/addresses/lift/"


def typed(email: str, again: str) -> dict[str, str]:
    return {"erase-email": email, "erase-again": again}


def test_an_address_typed_twice_is_erased(desk: Desk) -> None:
    make.subscriber(desk.page, KATO)
    html = desk.client.post(ERASE, typed(KATO, " Kato@example.jp"), follow=True).content.decode()
    assert "The address is erased, with 1 subscription." in html
    assert not Subscriber.objects.exists()
    assert AuditEntry.objects.get(action="erase_subscriber").actor == desk.staff


@pytest.mark.parametrize("again", ["", "kat@example.jp"])
def test_an_address_typed_differently_is_not(desk: Desk, again: str) -> None:
    make.subscriber(desk.page, KATO)
    assert desk.client.post(ERASE, typed(KATO, again)).status_code == 422
    assert Subscriber.objects.exists()
    assert not is_suppressed(KATO)


def test_what_is_no_address_is_refused_at_its_field(desk: Desk) -> None:
    answer = desk.client.post(ERASE, typed("kato", "kato"))
    assert answer.status_code == 422
    assert "has the form name@example.com" in answer.content.decode()


def test_a_suppression_is_lifted_by_typing_the_address(desk: Desk) -> None:
    desk.client.post(ERASE, typed(KATO, KATO))
    html = desk.client.post(LIFT, {"lift-email": KATO}, follow=True).content.decode()
    assert "The address may subscribe again." in html
    assert "stays ended" not in html
    assert not is_suppressed(KATO)
    again = desk.client.post(LIFT, {"lift-email": KATO})
    assert again.status_code == 422
    assert "Nothing is held back" in again.content.decode()


def test_lifting_says_what_stays_ended(desk: Desk) -> None:
    make.subscriber(desk.page, KATO)
    suppress(KATO, reason=SuppressionReason.BOUNCE)
    html = desk.client.post(LIFT, {"lift-email": KATO}, follow=True).content.decode()
    assert "Its 1 subscription stays ended until its owner confirms a new one." in html
    assert Subscriber.objects.get().state == "disabled"


def test_the_mail_screen_leads_there(desk: Desk) -> None:
    assert "/console/mail/addresses/" in desk.client.get("/console/mail/").content.decode()
    assert desk.client.get("/console/mail/addresses/").status_code == 200


def test_a_paused_page_says_why_and_goes_on_by_a_button(desk: Desk) -> None:
    make.subscriber(desk.page, KATO)
    make.update(make.incident(desk.page), notify=True)
    Delivery.objects.update(lane=f"paused:{desk.page.pk}")
    assert "mails-go-on" not in desk.client.get("/console/").content.decode()
    desk.page.mail_paused_at = timezone.now()
    desk.page.mail_pause_reason = "complaint 3/900"
    desk.page.save()
    html = desk.client.get("/console/").content.decode()
    assert "Of about 900 mails, 3 were reported as spam" in html
    assert "1 mail is waiting." in html
    assert desk.client.get("/console/mail/go-on/").status_code == 405
    html = desk.client.post("/console/mail/go-on/", follow=True).content.decode()
    assert "Mails go on. 1 that waited goes out now." in html
    assert "mails-go-on" not in html
    assert Delivery.objects.get().lane == "notices"
