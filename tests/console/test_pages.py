"""Several pages in one console: which it works on, and what is set of each."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import Settings

from incidents.actions.page import choose_services, set_visibility
from incidents.models import Incident, Logo, Page, Service
from tests import make
from tests.console.conftest import Desk

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Second",
    "organisation": "Example",
    "host": "second.example.org",
    "time_zone": "UTC",
    "languages": "en,ja",
}


def settings_of(page: Page, **changed: object) -> dict[str, object]:
    return {
        "name": page.name,
        "organisation": page.organisation,
        "host": page.host,
        "time_zone": page.time_zone,
        "languages": ",".join(page.languages),
        "reply_to": "",
        "security_contact": "",
        "partial_outage_weight": "0.3",
        "hold_seconds": "30",
        **changed,
    }


def look_of(**changed: object) -> dict[str, object]:
    return {"accent": "", "accent_dark": "", "font": "sans", **changed}


def upload(data: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (400, 100), "#1d4f91").save(target, "PNG")
    return target.getvalue()


def fresh(page: Page) -> Page:
    return Page.objects.get(pk=page.pk)


def choose(client: Client, page: Page) -> None:
    assert client.post("/console/pages/choose/", {"page": page.pk})["Location"] == "/console/"


@pytest.fixture
def second() -> Page:
    return make.page(name="Second page")


def test_a_page_is_created_and_worked_on_from_then(desk: Desk) -> None:
    response = desk.client.post("/console/pages/new/", NEW)
    page = Page.objects.get(host="second.example.org")
    assert response["Location"] == "/console/page/"
    assert (page.name, page.languages, page.time_zone) == ("Second", ["en", "ja"], "UTC")
    assert "Second" in desk.client.get("/console/").content.decode()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", ""), ("host", "two words"), ("time_zone", "Mars"), ("languages", "fr"), ("organisation", "")],
)
def test_a_wrong_page_names_its_field_and_is_not_created(desk: Desk, field: str, wrong: str) -> None:
    response = desk.client.post("/console/pages/new/", NEW | {field: wrong})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Page.objects.count() == 1


def test_the_page_chosen_is_the_one_that_every_screen_shows(desk: Desk, second: Page) -> None:
    own, theirs = make.service(desk.page, name="Own"), make.service(second, name="Theirs")
    make.incident(desk.page, {own: "degraded"}, title="Own incident")
    make.incident(second, {theirs: "degraded"}, title="Their incident")
    for page, shown, hidden in ((second, "Their", "Own"), (desk.page, "Own", "Their")):
        choose(desk.client, page)
        for address in ("/console/", "/console/incidents/", "/console/services/", "/console/incidents/new/"):
            html = desk.client.get(address).content.decode()
            assert shown in html and f"{hidden} inc" not in html and f">{hidden}<" not in html, address


def test_nothing_of_one_page_is_changed_while_the_console_works_on_another(desk: Desk, second: Page) -> None:
    service = make.service(second, slug="theirs")
    incident = make.incident(second, {service: "degraded"})
    posts: list[tuple[str, dict[str, object]]] = [
        ("services/theirs/status/", {"status": "maintenance"}),
        ("services/theirs/policy/", {"policy": "publish", "publish_after_minutes": "5"}),
        (f"incidents/{incident.reference}/publish/", {}),
        (f"incidents/{incident.reference}/dismiss/", {"reason": "x"}),
        (f"incidents/{incident.reference}/notes/", {"note-body": "x"}),
    ]
    for address, sent in posts:
        assert desk.client.post(f"/console/{address}", sent).status_code == 404, address
    assert Service.objects.get(pk=service.pk).manual_status == "operational"
    assert Incident.objects.get(pk=incident.pk).state == "draft"


def test_a_form_that_was_opened_for_another_page_is_not_taken(desk: Desk, second: Page) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.staff)
    before = client.get("/console/services/new/").context["csrf_token"]
    client.post("/console/pages/choose/", {"page": second.pk, "csrfmiddlewaretoken": before})
    new = {"name": "Stray", "slug": "stray", "code": "SRC", "policy": "draft"}
    response = client.post("/console/services/new/", {**new, "csrfmiddlewaretoken": before})
    assert response.status_code == 403
    now = client.get("/console/services/new/").context["csrf_token"]
    assert client.post("/console/services/new/", {**new, "csrfmiddlewaretoken": now}).status_code == 302
    assert Service.objects.get().page == second


def test_a_screen_of_another_page_is_loaded_anew_instead_of_getting_a_part_of_this_one(
    desk: Desk, second: Page
) -> None:
    choose(desk.client, second)
    headers = {"HX-Request": "true", "X-Page": str(desk.page.pk)}
    response = desk.client.get("/console/board/", headers=headers)
    assert (response.headers["HX-Refresh"], response.content) == ("true", b"")
    headers["X-Page"] = str(second.pk)
    assert b'id="board"' in desk.client.get("/console/board/", headers=headers).content


@pytest.mark.parametrize("page", ["", "0", "x", "-1", "9" * 30])
def test_a_page_that_is_none_is_not_chosen(desk: Desk, page: str) -> None:
    assert desk.client.post("/console/pages/choose/", {"page": page}).status_code == 404


def test_the_console_of_a_host_opens_with_its_page_and_elsewhere_with_the_first(
    desk: Desk, second: Page, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    for host, name in (
        (second.host, "Second page"),
        (desk.page.host, desk.page.name),
        ("testserver", desk.page.name),
    ):
        client = Client(headers={"host": host})
        client.force_login(desk.staff)
        assert client.get("/console/").context["page"].name == name


def test_pages_are_listed_with_their_addresses(desk: Desk, second: Page) -> None:
    set_visibility(second, "private")
    html = desk.client.get("/console/pages/").content.decode()
    assert f"http://{second.host}/" in html and "Second page" in html and "Private" in html


def test_settings_are_shown_and_saved(desk: Desk) -> None:
    html = desk.client.get("/console/page/").content.decode()
    assert f'value="{desk.page.host}"' in html and 'value="0.3"' in html
    sent = settings_of(
        desk.page, name="Renamed", partial_outage_weight="0.5", hold_seconds="0", languages="ja"
    )
    assert desk.client.post("/console/page/", sent)["Location"] == "/console/page/"
    page = fresh(desk.page)
    assert (page.name, page.partial_outage_weight, page.hold_seconds, page.languages) == (
        "Renamed",
        0.5,
        0,
        ["ja"],
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", "a\u202eb"),
        ("host", "a b"),
        ("host", "taken.example.org"),
        ("time_zone", "Tokyo"),
        ("languages", "ja,ja"),
        ("reply_to", "nobody"),
        ("security_contact", "javascript:alert(1)"),
        ("partial_outage_weight", "1.5"),
        ("partial_outage_weight", "nan"),
        ("hold_seconds", "121"),
    ],
)
def test_a_wrong_setting_names_its_field_and_nothing_is_saved(desk: Desk, field: str, wrong: str) -> None:
    make.page(host="taken.example.org")
    sent = settings_of(desk.page, **{"name": "Renamed", field: wrong})
    response = desk.client.post("/console/page/", sent)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert fresh(desk.page).name == desk.page.name


def test_the_look_is_saved_and_shown_again(desk: Desk) -> None:
    sent = look_of(
        accent="#0B5D3B",
        font="serif",
        footer_ja="東京都",
        url_0="https://example.com/",
        label_0_ja="会社",
        label_0_en="Company",
        url_3="https://example.org/",
        label_3_ja="規約",
    )
    assert desk.client.post("/console/page/look/", sent).status_code == 302
    page = fresh(desk.page)
    assert page.theme == {"accent": "#0b5d3b", "font": "serif"}
    assert [link["url"] for link in page.links] == ["https://example.com/", "https://example.org/"]
    assert page.footer == {"ja": "東京都"}
    html = desk.client.get("/console/page/look/").content.decode()
    for shown in ("#0b5d3b", "東京都", "Company", 'value="https://example.org/"'):
        assert shown in html


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"accent": "#ffcc00"}, "#ffcc00 has a contrast of 1.3:1 there"),
        ({"accent": "red"}, "expected a colour such as #1d4f91"),
        ({"accent_dark": "#000000"}, "has a contrast of"),
        ({"font": "papyrus"}, "papyrus is not one of the available choices"),
        ({"url_0": "javascript:alert(1)", "label_0_ja": "x"}, "expected a URL that begins with"),
        ({"url_0": "https://example.com/"}, "expected a name of 1 to 60 characters for each link"),
        ({"label_0_ja": "x"}, "expected a URL that begins with"),
    ],
)
def test_a_wrong_look_says_what_is_wrong_and_is_not_saved(
    desk: Desk, wrong: dict[str, object], sentence: str
) -> None:
    response = desk.client.post("/console/page/look/", look_of(footer_ja="kept", **wrong))
    assert response.status_code == 422
    assert sentence in response.content.decode() and "kept" in response.content.decode()
    assert fresh(desk.page).footer == {}


def test_a_logo_is_uploaded_shown_and_removed(desk: Desk) -> None:
    assert desk.client.post("/console/page/logo/", {"logo": upload(picture())}).status_code == 302
    logo = Logo.objects.get(page=desk.page)
    assert (
        f"/console/page/logo/picture/?{logo.digest}"
        in desk.client.get("/console/page/look/").content.decode()
    )
    shown = desk.client.get("/console/page/logo/picture/")
    assert (shown["Content-Type"], shown.content) == ("image/png", bytes(logo.png))
    desk.client.post("/console/page/logo/", {"remove": "1"})
    assert not Logo.objects.exists()
    assert desk.client.get("/console/page/logo/picture/").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"logo": "no file"},
        {"logo": upload(b"", "empty.png")},
        {"logo": upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg")},
        {"logo": upload(b"GIF89a", "logo.gif")},
        {"logo": upload(picture() + b"\0" * 5 * 1024 * 1024)},
    ],
)
def test_what_is_no_logo_is_refused_at_its_field(desk: Desk, sent: dict[str, Any]) -> None:
    for value in sent.values():
        if hasattr(value, "seek"):
            value.seek(0)
    response = desk.client.post("/console/page/logo/", sent)
    assert response.status_code == 422
    assert "logo" in response.context["logo_form"].errors
    assert not Logo.objects.exists()


def test_a_page_is_made_private_with_a_password_that_is_never_shown(desk: Desk) -> None:
    sent = {
        "visibility": "private",
        "password": "open sesame",
        "allowed_networks": "192.0.2.0/24\n2001:db8::/32",
    }
    assert desk.client.post("/console/page/readers/", sent).status_code == 302
    page = fresh(desk.page)
    assert page.is_private and page.allowed_networks == ["192.0.2.0/24", "2001:db8::/32"]
    html = desk.client.get("/console/page/readers/").content.decode()
    assert "A password is set" in html and page.password not in html and "sesame" not in html
    desk.client.post("/console/page/readers/", {"visibility": "private"})
    assert fresh(page).password == page.password
    desk.client.post("/console/page/readers/", {"visibility": "private", "no_password": "on"})
    assert fresh(page).password == ""


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("visibility", "secret"),
        ("password", "short"),
        ("allowed_networks", "192.0.2.1/24"),
        ("allowed_networks", "::/0"),
    ],
)
def test_a_wrong_reader_names_its_field(desk: Desk, field: str, wrong: str) -> None:
    response = desk.client.post("/console/page/readers/", {"visibility": "private", field: wrong})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not fresh(desk.page).is_private


def test_who_makes_a_page_private_is_told_which_pages_lose_its_services(desk: Desk, second: Page) -> None:
    choose_services(second, [make.service(desk.page).pk])
    html = desk.client.get("/console/page/readers/").content.decode()
    assert "these pages do not show its services any more" in html and "Second page" in html


def test_services_of_public_pages_are_chosen(desk: Desk, second: Page) -> None:
    mail, private = make.service(second, name="Mail"), make.page()
    hidden = make.service(private, name="Hidden service")
    set_visibility(private, "private")
    html = desk.client.get("/console/page/services/").content.decode()
    assert "Mail" in html and "Second page" in html and "Hidden service" not in html
    assert desk.client.post("/console/page/services/", {"services": [mail.pk]}).status_code == 302
    assert list(desk.page.also_shows.all()) == [mail]
    assert desk.client.post("/console/page/services/", {"services": [hidden.pk]}).status_code == 422
    assert list(desk.page.also_shows.all()) == [mail]
    assert desk.client.post("/console/page/services/", {}).status_code == 302
    assert not desk.page.also_shows.exists()


def test_services_of_others_are_not_listed_among_ones_own(desk: Desk, second: Page) -> None:
    choose_services(desk.page, [make.service(second, name="Theirs").pk])
    assert "Theirs" not in desk.client.get("/console/services/").content.decode()


def test_lists_cost_the_same_queries_for_one_and_for_three(desk: Desk) -> None:
    def cost() -> list[int]:
        found = []
        for address in ("/console/pages/", "/console/page/services/"):
            with CaptureQueriesContext(connection) as queries:
                assert desk.client.get(address).status_code == 200
            found.append(len(queries))
        return found

    make.service(make.page())
    one = cost()
    for _ in range(2):
        make.service(make.page())
    assert cost() == one
