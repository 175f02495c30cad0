from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from incidents.lib import times
from incidents.models import Page, Visibility
from tests import make
from tests.snapshots.v2.scene import NOW, issue, told, watched

pytestmark = pytest.mark.django_db
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def read(address: str, *, at: datetime = NOW) -> str:
    with times.at(at):
        response = Client().get(address)
    assert response.status_code == 200
    return response.content.decode()


def security_txt(at: datetime = NOW) -> dict[str, str]:
    lines = read("/.well-known/security.txt", at=at).splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize(
    ("given", "contact"),
    [
        ("security@example.com", "mailto:security@example.com"),
        ("https://example.com/report", "https://example.com/report"),
        ("mailto:security@example.com", "mailto:security@example.com"),
        ("tel:+81-3-0000-0000", "tel:+81-3-0000-0000"),
        ("security@example.com\nExpires: never", "security@example.comExpires:never"),
    ],
)
def test_security_txt_says_whom_to_tell(page: Page, given: str, contact: str) -> None:
    Page.objects.update(security_contact=given)
    fields = security_txt()
    assert list(fields) == ["Contact", "Expires", "Preferred-Languages", "Canonical"]
    assert fields["Contact"] == contact
    assert fields["Preferred-Languages"] == "ja, en"
    assert fields["Canonical"].endswith("/.well-known/security.txt")


def test_security_txt_is_good_for_half_a_year_and_never_for_a_whole_one(page: Page) -> None:
    Page.objects.update(security_contact="security@example.com")
    for day in range(0, 400, 13):
        at = NOW + timedelta(days=day)
        expires = datetime.strptime(security_txt(at)["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert timedelta(days=180) < expires - at < timedelta(days=365)


def test_without_a_contact_there_is_no_security_txt(page: Page) -> None:
    assert Client().get("/.well-known/security.txt").status_code == 404


def addresses() -> dict[str, list[str]]:
    """Every address of the sitemap with those of all its languages."""
    found = {}
    for url in ET.fromstring(read("/sitemap.xml")).iter(f"{SITEMAP}url"):
        others = [link.attrib["href"] for link in url.iter("{http://www.w3.org/1999/xhtml}link")]
        found[url.findtext(f"{SITEMAP}loc") or ""] = others
    return found


def test_the_sitemap_names_what_is_public_in_every_language(page: Page) -> None:
    hit = watched(page, slug="mail")
    incident = told(page, {hit: "degraded"}, "investigating", "resolved", began="2020-09-01 10:00")
    issue(incident)
    with times.at(NOW):
        draft = make.incident(page, {hit: "degraded"})
    paths = {urlsplit(address).path for address in addresses()}
    for path in ("/", "/history", "/history/2020-09", "/services/mail", "/reports/SVC2020090501"):
        assert {path, f"/en{path}"} <= paths
    assert f"/incidents/{incident.reference}" in paths
    assert not any(draft.reference in path for path in paths)
    assert all(len(others) == 2 and address in others for address, others in addresses().items())


def test_every_address_of_the_sitemap_is_there(page: Page) -> None:
    issue(told(page, {watched(page): "degraded"}, "investigating", "resolved", began="2020-09-01 10:00"))
    for address in addresses():
        with times.at(NOW):
            assert Client().get(urlsplit(address).path).status_code == 200


def test_robots_find_the_sitemap_and_stay_out_of_a_private_page(page: Page) -> None:
    assert "Sitemap: " in read("/robots.txt")
    Page.objects.update(visibility=Visibility.PRIVATE)
    private = Client().get("/robots.txt").content.decode()
    assert "Sitemap" not in private and "Disallow: /\n" in private
    assert Client().get("/sitemap.xml").status_code == 403
