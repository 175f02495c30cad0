"""Pages: settings, who may read them, services of others."""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from incidents.actions.page import change_settings, choose_services, create_page, set_visibility
from incidents.actions.service import create_service, set_status
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Delivery, Incident, Page, Service
from incidents.queries.shown import shown_services
from tests import make
from tests.at_once import run_at_once

pytestmark = pytest.mark.django_db
NEW: dict[str, Any] = {
    "name": "Status",
    "organisation": "Example",
    "host": "Status.Example.com",
    "time_zone": "Asia/Tokyo",
    "languages": ["ja", "en"],
}


def revision(page: Page) -> int:
    return Page.objects.get(pk=page.pk).revision


def test_a_page_is_created_public_with_its_host_in_lower_case() -> None:
    page = create_page(**NEW, actor=make.staff())
    assert (page.host, page.visibility, page.languages) == ("status.example.com", "public", ["ja", "en"])
    assert AuditEntry.objects.get(action="create_page").object_id == str(page.pk)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", " "),
        ("name", "x" * 101),
        ("name", "two\nlines"),
        ("organisation", ""),
        ("organisation", "\u202eabc"),
        ("host", ""),
        ("host", "two words"),
        ("host", "status.example.com:8000"),
        ("host", "*.example.com"),
        ("host", ".example.com"),
        ("host", "-a.example.com"),
        ("host", "a..example.com"),
        ("host", "status.example.com/path"),
        ("host", "a" * 64 + ".example.com"),
        ("host", "taken.example.com"),
        ("host", "TAKEN.example.com."),
        ("time_zone", "Tokyo"),
        ("languages", []),
        ("languages", ["ja", "fr"]),
    ],
)
def test_a_wrong_page_is_refused_at_its_field(field: str, wrong: object) -> None:
    make.page(host="taken.example.com")
    with pytest.raises(Refused) as refused:
        create_page(**{**NEW, field: wrong})
    assert refused.value.field == field
    assert Page.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("[::1]", "[::1]"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
    ],
)
def test_a_host_may_be_an_address_or_a_name_in_any_letters(given: str, kept: str) -> None:
    assert create_page(**{**NEW, "host": given}).host == kept


def test_settings_that_are_given_are_changed_and_the_others_stay() -> None:
    page = make.page(name="Before")
    given = {"name": " After ", "reply_to": "Support@Example.com", "partial_outage_weight": 0.5}
    changed = change_settings(page, given, actor=make.staff())
    assert (changed.name, changed.reply_to, changed.partial_outage_weight) == (
        "After",
        "support@example.com",
        0.5,
    )
    assert changed.organisation == page.organisation
    assert revision(page) == page.revision + 1
    entry = AuditEntry.objects.get(action="change_page_settings")
    assert (entry.before["name"], entry.after["name"]) == ("Before", "After")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("reply_to", "nobody"),
        ("reply_to", "a@example.com\r\nBcc: b@example.com"),
        ("security_contact", "security"),
        ("security_contact", "http://example.com/security"),
        ("security_contact", "javascript:alert(1)"),
        ("security_contact", "mailto:nobody"),
        ("security_contact", "https://user:secret@example.com/"),
        ("partial_outage_weight", 1.01),
        ("partial_outage_weight", float("nan")),
        ("partial_outage_weight", "0.3"),
        ("hold_seconds", 121),
        ("hold_seconds", -1),
        ("password", "correct horse"),
        ("revision", 1),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field_and_nothing_is_saved(field: str, wrong: object) -> None:
    page = make.page(name="Before")
    with pytest.raises(Refused) as refused:
        change_settings(page, {"name": "After", field: wrong})
    assert refused.value.field == field
    assert Page.objects.get(pk=page.pk).name == "Before"
    assert revision(page) == page.revision


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mailto:Security@example.com", "mailto:security@example.com"),
        ("https://example.com/security", "https://example.com/security"),
        ("", ""),
    ],
)
def test_security_is_told_where_to_write(given: str, kept: str) -> None:
    assert change_settings(make.page(), {"security_contact": given}).security_contact == kept


def test_a_page_keeps_its_host_and_takes_no_other_pages() -> None:
    page, other = make.page(), make.page()
    assert change_settings(page, {"host": page.host}).host == page.host
    with pytest.raises(Refused, match="host of another page"):
        change_settings(page, {"host": other.host})


def test_the_first_language_stays_once_something_is_written_in_it() -> None:
    page = make.page(languages=["ja", "en"])
    assert change_settings(page, {"languages": ["en", "ja"]}).first_language == "en"
    make.service(page)
    assert change_settings(page, {"languages": ["en"]}).languages == ["en"]
    with pytest.raises(Refused) as refused:
        change_settings(page, {"languages": ["ja", "en"]})
    assert refused.value.field == "languages"


def test_the_password_of_a_private_page_is_kept_as_a_hash_and_out_of_the_audit() -> None:
    page = set_visibility(make.page(), "private", password="open sesame", allowed_networks=["192.0.2.0/24"])
    assert check_password("open sesame", page.password)
    assert page.allowed_networks == ["192.0.2.0/24"]
    entry = AuditEntry.objects.get(action="set_page_visibility")
    assert entry.after == {
        "visibility": "private",
        "allowed_networks": ["192.0.2.0/24"],
        "has_password": True,
    }
    assert "sesame" not in str(entry.__dict__) and page.password not in str(entry.__dict__)


def test_a_password_is_kept_unless_it_is_replaced_or_removed() -> None:
    page = set_visibility(make.page(), "private", password="open sesame")
    assert set_visibility(page, "private").password == page.password
    assert set_visibility(page, "private", password="").password == ""


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("visibility", {"visibility": "secret"}),
        ("password", {"password": "short"}),
        ("password", {"password": "x" * 129}),
        ("allowed_networks", {"allowed_networks": ["192.0.2.1/24"]}),
        ("allowed_networks", {"allowed_networks": ["example.com"]}),
        ("allowed_networks", {"allowed_networks": ["0.0.0.0/0"]}),
        ("allowed_networks", {"allowed_networks": ["::/0"]}),
        ("allowed_networks", {"allowed_networks": [f"192.0.2.{n}" for n in range(51)]}),
    ],
)
def test_a_wrong_rule_of_reading_is_refused_at_its_field(field: str, wrong: dict[str, Any]) -> None:
    page = make.page()
    with pytest.raises(Refused) as refused:
        set_visibility(page, **{"visibility": "private", **wrong})
    assert refused.value.field == field
    assert not Page.objects.get(pk=page.pk).is_private


def test_services_of_public_pages_can_be_shown_and_taken_off_again() -> None:
    page, other = make.page(), make.page()
    mail, _ = make.service(other, slug="mail"), make.service(other)
    choose_services(page, [mail.pk], actor=make.staff())
    assert list(shown_services(page)) == [mail]
    assert revision(page) == 1
    assert AuditEntry.objects.get(action="choose_services").after == {"services": ["mail"]}
    choose_services(page, [])
    assert not shown_services(page).exists()


def test_services_of_private_pages_their_own_and_unknown_ones_are_refused() -> None:
    page, private = make.page(), make.page()
    set_visibility(private, "private")
    for service_id in (make.service(private).pk, make.service(page).pk, 999_999):
        with pytest.raises(Refused, match="other pages that are public"):
            choose_services(page, [service_id])


def test_a_private_page_may_show_services_of_public_ones() -> None:
    private, public = set_visibility(make.page(), "private"), make.page()
    mail = make.service(public)
    choose_services(private, [mail.pk])
    assert list(shown_services(private)) == [mail]


def test_no_two_services_of_a_page_have_the_same_address() -> None:
    page, one, two = make.page(), make.page(), make.page()
    first, second = make.service(one, slug="mail"), make.service(two, slug="mail")
    with pytest.raises(Refused, match="'mail' is the address of another service here"):
        choose_services(page, [first.pk, second.pk])
    choose_services(page, [first.pk])
    with pytest.raises(Refused) as refused:
        create_service(page, slug="mail", name="Mail", code="MAIL")
    assert refused.value.field == "slug"


def test_a_page_made_private_takes_its_services_from_the_others_at_once() -> None:
    page, showing, stranger = make.page(), make.page(), make.page()
    mail, own = make.service(page), make.service(showing)
    choose_services(showing, [mail.pk])
    before = revision(showing), revision(stranger)
    set_visibility(page, "private")
    assert list(shown_services(showing)) == [own]
    assert not showing.also_shows.exists()
    assert (revision(showing), revision(stranger)) == (before[0] + 1, before[1])


def test_a_service_is_not_shown_elsewhere_even_if_a_row_was_left_behind() -> None:
    page, private = make.page(), make.page()
    mail = make.service(private)
    page.also_shows.add(mail)
    Page.objects.filter(pk=private.pk).update(visibility="private")
    assert not shown_services(page).exists()


def test_mails_that_wait_for_readers_of_other_pages_are_taken_back_when_a_page_turns_private() -> None:
    page, showing = make.page(), make.page()
    mail = make.service(page)
    choose_services(showing, [mail.pk])
    make.subscriber(page, "own@example.com")
    make.subscriber(showing, "other@example.com")
    make.update(make.incident(page, {mail: "degraded"}), notify=True)
    set_visibility(page, "private")
    states = dict(Delivery.objects.values_list("subscriber__email", "state"))
    assert states == {"own@example.com": "queued", "other@example.com": "cancelled"}


def test_what_changes_on_a_page_gives_a_new_revision_to_those_that_show_it() -> None:
    page, showing, stranger = make.page(), make.page(), make.page()
    mail = make.service(page)
    choose_services(showing, [mail.pk])
    before = [revision(one) for one in (page, showing, stranger)]
    set_status(Service.objects.get(pk=mail.pk), "maintenance")
    assert [revision(one) for one in (page, showing, stranger)] == [before[0] + 1, before[1] + 1, before[2]]


@pytest.mark.django_db(transaction=True)
def test_two_pages_that_open_incidents_at_once_give_two_references() -> None:
    first, second = make.page(), make.page()
    one, two = make.service(first), make.service(second)
    opened = (
        lambda: make.incident(second, {two: "degraded"}),
        lambda: make.incident(first, {one: "degraded"}),
    )
    assert run_at_once(*opened) is None
    references = [incident.reference[-2:] for incident in Incident.objects.all()]
    assert sorted(references) == ["01", "02"]


@pytest.mark.django_db(transaction=True)
def test_pages_that_show_one_anothers_services_can_change_at_once() -> None:
    first, second = make.page(), make.page()
    one, two = make.service(first), make.service(second)
    choose_services(first, [two.pk])
    choose_services(second, [one.pk])
    changed = (lambda: set_status(two, "maintenance"), lambda: set_status(one, "maintenance"))
    before = [revision(page) for page in (first, second)]
    assert run_at_once(*changed) is None
    assert [revision(page) for page in (first, second)] == [count + 2 for count in before]
