from pathlib import Path

import pytest

from incidents.snapshots.places import UnfitName, file_name, host_directory
from incidents.snapshots.source import HTML, JSON, SVG, TEXT

ROOT = Path("/srv/published")


@pytest.mark.parametrize(
    ("address", "content_type", "path"),
    [
        ("/", HTML, "index.html"),
        ("/en/", HTML, "en/index.html"),
        ("/history", HTML, "history.html"),
        ("/history/2026-11", HTML, "history/2026-11.html"),
        ("/reports/HEA2020100801", HTML, "reports/HEA2020100801.html"),
        ("/reports/HEA2020100801.txt", TEXT, "reports/HEA2020100801.txt"),
        ("/services/mail/badge.svg", SVG, "services/mail/badge.svg"),
        ("/api/v2/incidents/unresolved.json", JSON, "api/v2/incidents/unresolved.json"),
        ("/.well-known/security.txt", TEXT, ".well-known/security.txt"),
    ],
)
def test_an_address_lies_where_a_plain_file_server_looks(address: str, content_type: str, path: str) -> None:
    assert file_name(address, content_type) == path


@pytest.mark.parametrize("content_type", [HTML, JSON])
@pytest.mark.parametrize(
    "address",
    [
        *("", "history", "//", "/../x.json", "/a/../x.json", "/a/./x.json", "/.hidden.json", "/a//b.json"),
        *("/a\0.json", "/a\n.json", "/a b.json", "/a\\b.json", "/é.json", "/%2e%2e/x.json", "/a?b.json"),
        *("/x.html/y.json", "/-/../../x.json", "/" + "a" * 300 + ".json"),
    ],
)
def test_no_odd_address_becomes_a_file(address: str, content_type: str) -> None:
    with pytest.raises(UnfitName):
        file_name(address, content_type)


@pytest.mark.parametrize("address", ["/page.gz", "/page.json.br", "/without-ending", "/"])
def test_what_is_no_html_needs_an_ending_that_is_not_a_twins(address: str) -> None:
    with pytest.raises(UnfitName):
        file_name(address, JSON)


@pytest.mark.parametrize(
    ("host", "name"),
    [("Status.Example.COM", "status.example.com"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "[::1]")],
)
def test_a_host_has_a_directory_in_lower_case(host: str, name: str) -> None:
    assert host_directory(ROOT, host) == ROOT / name


@pytest.mark.parametrize(
    "host", ["", ".", "..", "../x", "a/b", "a..b", ".lock", "a\0b", "a b", "/etc", "é.jp"]
)
def test_no_odd_host_becomes_a_directory(host: str) -> None:
    with pytest.raises(UnfitName):
        host_directory(ROOT, host)
