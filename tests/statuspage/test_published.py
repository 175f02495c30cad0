"""The layer in front of Django: what it answers itself, from what it has in memory, and what it leaves alone."""

import gzip
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from incidents.snapshots.source import JSON, SVG, File, Source
from statuspage.published import ACTING, Published
from statuspage.security_headers import browser_headers
from tests import make
from tests.snapshots.making import NOW, html, publish, source
from tests.statuspage.asking import HOST, Answered, ask

SUMMARY = "/api/v2/summary.json"
LONG_JSON = b'{"status": "operational"}' + b" " * 2000


class Django:
    """Stands where Django does and counts who comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, str], start_response: object) -> list[bytes]:
        self.asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("X-From", "Django")])  # type: ignore[operator]
        return [b"from Django"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.fixture
def django() -> Django:
    return Django()


def whole_page(key: str = "1", front: str = "green") -> list[Source]:
    return [
        source("front", key, html("/", front, stale="grey"), html("/en/", front, stale="grey")),
        source("missing", "1", html("/404", "missing", status=404), html("/en/404", "not found", status=404)),
        source("api", "1", File(SUMMARY, LONG_JSON, JSON, stale=b"{}" + LONG_JSON)),
        source("api-404", "1", File("/api/404.json", b'{"error": "Not found"}', JSON, status=404)),
        source("past", "1", html("/history", "past"), File("/badge.svg", b"<svg/>", SVG, stale=b"<svg />")),
        source("embed", "1", html("/embed", "embedded", stale="grey")),
    ]


def make_layer(
    root: Path, django: Django, *, allowed: tuple[str, ...] = (HOST, ".other.example")
) -> Published:
    layer = Published(
        django,
        public=root,
        private=root.parent / "published-private",
        headers=browser_headers(),
        allowed_hosts=allowed,
    )
    layer.shelf.look()
    return layer


@pytest.fixture
def layer(root: Path, django: Django) -> Published:
    publish(root / HOST, *whole_page())
    return make_layer(root, django)


def age_heartbeat(directory: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(directory / "heartbeat", (then, then))


def text(answered: Answered) -> str:
    return answered.body.decode().partition("稼")[0]


def test_a_published_address_is_answered_without_django(layer: Published, django: Django) -> None:
    for address, expected in (("/", "green"), ("/en/", "green"), ("/history", "past")):
        assert text(ask(layer, address)) == expected
    assert django.asked == []


def test_its_headers_say_what_it_is_how_long_it_may_be_kept_and_which_version_it_is(layer: Published) -> None:
    headers = ask(layer).headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Language"] == "ja"
    assert headers["Cache-Control"] == "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["ETag"].startswith('W/"')
    assert headers["Last-Modified"].endswith(" GMT")
    assert headers["Content-Length"] == str(len(ask(layer).body))
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=nonsense, br ; q=0.3", "br"),
        ("deflate, zstd", None),
        (",;=,q", None),
    ],
)
def test_the_body_is_compressed_as_the_client_likes_best(
    layer: Published, accepted: str | None, coding: str | None
) -> None:
    answered = ask(layer, **({} if accepted is None else {"HTTP_ACCEPT_ENCODING": accepted}))
    assert answered.headers.get("Content-Encoding") == coding
    expand = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert expand(answered.body).startswith(b"green")
    assert answered.headers["ETag"] == ask(layer).headers["ETag"]


def test_what_has_no_twin_is_sent_as_it_is(layer: Published) -> None:
    answered = ask(layer, "/badge.svg", HTTP_ACCEPT_ENCODING="br, gzip")
    assert (answered.body, answered.headers.get("Content-Encoding")) == (b"<svg/>", None)


def test_head_has_the_headers_of_get_and_no_body(layer: Published) -> None:
    for address in ("/", SUMMARY, "/nothing"):
        got, asked = ask(layer, address), ask(layer, address, "HEAD")
        assert (asked.status, asked.headers, asked.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize("form", ["{tag}", '"x", {tag}', "*", ' {tag} , "y"', "{strong}", '"x",W/{strong}'])
def test_a_version_that_the_client_has_is_not_sent_again(layer: Published, form: str) -> None:
    tag = ask(layer, SUMMARY).headers["ETag"]
    asked = form.format(tag=tag, strong=tag.removeprefix("W/"))
    answered = ask(layer, SUMMARY, HTTP_IF_NONE_MATCH=asked, HTTP_ACCEPT_ENCODING="gzip")
    assert (answered.status, answered.body) == (304, b"")
    assert answered.headers["ETag"] == tag
    assert answered.headers["Vary"] == "Accept-Encoding"
    assert answered.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age=10" in answered.headers["Cache-Control"]
    assert "Content-Length" not in answered.headers


@pytest.mark.parametrize("tags", ['"other"', "", "nonsense", '"', 'W/"', "W/*"])
def test_another_version_or_nonsense_is_answered_in_full(layer: Published, tags: str) -> None:
    assert ask(layer, HTTP_IF_NONE_MATCH=tags).status == 200


def test_if_modified_since_counts_where_there_is_no_tag(layer: Published) -> None:
    modified = ask(layer).headers["Last-Modified"]
    assert ask(layer, HTTP_IF_MODIFIED_SINCE=modified).status == 304
    assert ask(layer, HTTP_IF_MODIFIED_SINCE="Thu, 01 Jan 2037 00:00:00 GMT").status == 304
    assert ask(layer, HTTP_IF_MODIFIED_SINCE="Thu, 01 Jan 1970 00:00:00 GMT").status == 200
    assert ask(layer, HTTP_IF_MODIFIED_SINCE=modified, HTTP_IF_NONE_MATCH='"other"').status == 200
    for nonsense in ("", "yesterday", "Thu, 99 Jan 9999 00:00:00 GMT"):
        assert ask(layer, HTTP_IF_MODIFIED_SINCE=nonsense).status == 200


def test_an_absurd_query_changes_nothing(layer: Published) -> None:
    assert ask(layer, QUERY_STRING="page=99&" + "x" * 5000).headers == ask(layer).headers


def test_a_new_version_has_another_tag_and_is_there_at_the_next_look(layer: Published, root: Path) -> None:
    before = ask(layer).headers["ETag"]
    publish(root / HOST, *whole_page("2", "amber"))
    assert text(ask(layer)) == "green"
    layer.shelf.look()
    assert text(ask(layer)) == "amber"
    assert ask(layer, HTTP_IF_NONE_MATCH=before).status == 200


def test_a_look_reads_only_what_changed(layer: Published, root: Path) -> None:
    ask(layer, "/history")
    before = dict(layer.shelf.sites[HOST].answers)
    publish(root / HOST, *whole_page("2", "amber"))
    layer.shelf.look()
    after = layer.shelf.sites[HOST].answers
    assert {address for address in before if after[address] is not before[address]} == {"/", "/en/"}


def test_a_half_written_publish_shows_the_old_page_whole(layer: Published, root: Path) -> None:
    """The new files are in their places, and the manifest is still the old one."""
    before = (root / HOST / "manifest.json").read_bytes()
    publish(root / HOST, *whole_page("2", "amber"))
    (root / HOST / "manifest.json").write_bytes(before)
    layer.shelf.look()
    for coding in ("", "gzip", "br"):
        expand = {"br": brotli.decompress, "gzip": gzip.decompress}.get(coding, bytes)
        assert expand(ask(layer, HTTP_ACCEPT_ENCODING=coding).body).startswith(b"green")


def test_a_manifest_that_cannot_be_read_leaves_the_page_as_it_is(layer: Published, root: Path) -> None:
    (root / HOST / "manifest.json").write_text("{")
    layer.shelf.look()
    assert text(ask(layer)) == "green"


def test_without_a_heartbeat_for_two_minutes_the_page_is_grey(layer: Published, root: Path) -> None:
    green = ask(layer).headers["ETag"]
    age_heartbeat(root / HOST, 119)
    layer.shelf.look()
    assert text(ask(layer)) == "green"
    age_heartbeat(root / HOST, 121)
    layer.shelf.look()
    for address in ("/", "/en/", "/embed"):
        assert text(ask(layer, address)) == "grey"
    assert ask(layer, HTTP_IF_NONE_MATCH=green).status == 200
    assert ask(layer, SUMMARY, HTTP_ACCEPT_ENCODING="gzip").status == 200
    assert text(ask(layer, "/history")) == "past"


def test_a_new_heartbeat_makes_it_what_it_was(layer: Published, root: Path) -> None:
    age_heartbeat(root / HOST, 500)
    layer.shelf.look()
    publish(root / HOST, *whole_page(), now=NOW + timedelta(minutes=9))
    layer.shelf.look()
    assert text(ask(layer)) == "green"


def swap_in_the_stale_twins(directory: Path) -> None:
    for path in [path for path in (directory / "stale").rglob("*") if path.is_file()]:
        path.replace(directory / "live" / path.relative_to(directory / "stale"))


@pytest.mark.parametrize("starts_anew", [True, False])
def test_it_is_grey_after_the_watchdog_too_and_green_after_the_next_publish(
    layer: Published, root: Path, django: Django, starts_anew: bool
) -> None:
    age_heartbeat(root / HOST, 500)
    swap_in_the_stale_twins(root / HOST)
    layer = make_layer(root, django) if starts_anew else layer
    layer.shelf.look()
    assert text(ask(layer)) == "grey"
    assert gzip.decompress(ask(layer, HTTP_ACCEPT_ENCODING="gzip").body).startswith(b"grey")
    publish(root / HOST, *whole_page())
    layer.shelf.look()
    assert text(ask(layer)) == "green"
    assert django.asked == []


def test_a_page_whose_grey_is_missing_is_not_shown_green_instead(
    root: Path, django: Django, layer: Published
) -> None:
    shutil.rmtree(root / HOST / "stale")
    age_heartbeat(root / HOST, 500)
    fresh_start = make_layer(root, django)
    ask(fresh_start)
    assert django.asked == ["/"]


@pytest.mark.parametrize(
    ("address", "expected"), [("/nothing", "missing"), ("/en/nothing", "not found"), ("/zz/x", "missing")]
)
def test_an_unknown_address_is_404_in_its_language_without_django(
    layer: Published, django: Django, address: str, expected: str
) -> None:
    answered = ask(layer, address)
    assert (answered.status, text(answered)) == (404, expected)
    assert ask(layer, address, HTTP_IF_NONE_MATCH="*").status == 404
    assert django.asked == []


def test_an_unknown_address_of_the_api_is_404_as_json(layer: Published) -> None:
    for address in ("/api/v2/nothing.json", "/api/nothing", "/nothing.json"):
        answered = ask(layer, address)
        assert (answered.status, answered.headers["Content-Type"]) == (404, JSON)
        assert answered.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "address", ["/..", "/../manifest.json", "/live/index.html", "//", "/\0", "/\xff", "x"]
)
def test_no_odd_address_reaches_a_file_or_django(layer: Published, django: Django, address: str) -> None:
    assert ask(layer, address).status == 404
    assert django.asked == []


def test_a_language_without_its_slash_leads_to_its_page(layer: Published) -> None:
    answered = ask(layer, "/en")
    assert (answered.status, answered.headers["Location"]) == (301, "/en/")


def test_before_all_addresses_are_published_django_answers_for_the_others(
    root: Path, django: Django, layer: Published
) -> None:
    def broken() -> list[File]:
        raise ZeroDivisionError

    publish(root / HOST, *whole_page(), Source("new", "1", ("/new",), broken))
    layer.shelf.look()
    assert ask(layer, "/new").headers == {"X-From": "Django"}
    assert text(ask(layer)) == "green"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", ""])
def test_other_methods_are_refused_with_what_is_allowed(
    layer: Published, django: Django, method: str
) -> None:
    answered = ask(layer, "/", method)
    assert (answered.status, answered.headers["Allow"]) == (405, "GET, HEAD")
    answered = ask(layer, SUMMARY, method if method != "OPTIONS" else "POST")
    assert (answered.status, answered.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (answered.headers["Content-Type"], answered.body[:10]) == (JSON, b'{"error": ')
    assert answered.headers["Access-Control-Allow-Origin"] == "*"
    assert django.asked == []


def test_a_preflight_for_the_api_is_allowed_from_everywhere(layer: Published) -> None:
    answered = ask(layer, SUMMARY, "OPTIONS")
    assert (answered.status, answered.body) == (204, b"")
    assert answered.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in answered.headers["Access-Control-Allow-Methods"]


def test_the_api_has_the_headers_that_its_clients_know(layer: Published) -> None:
    headers = ask(layer, SUMMARY).headers
    assert headers["Cache-Control"] == (
        "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Statuspage-Version" in headers
    assert "X-Statuspage-Version" not in ask(layer).headers


@pytest.mark.django_db
def test_browsers_are_told_what_django_tells_them(layer: Published) -> None:
    make.page(host="testserver")
    theirs = Client().get("/subscribe").headers
    ours = ask(layer).headers
    for name in (
        "X-Frame-Options",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    ):
        assert ours[name] == theirs[name]
    assert policy(ours["Content-Security-Policy"]) == policy(theirs["Content-Security-Policy"])
    assert "Strict-Transport-Security" not in ours


def policy(header: str) -> dict[str, str]:
    return dict(directive.strip().split(" ", 1) for directive in header.split(";"))


def test_any_site_may_frame_what_is_made_to_be_embedded_and_nothing_else(layer: Published) -> None:
    framed = ask(layer, "/embed").headers
    assert "X-Frame-Options" not in framed
    assert policy(framed["Content-Security-Policy"])["frame-ancestors"] == "*"
    assert policy(ask(layer).headers["Content-Security-Policy"])["frame-ancestors"] == "'none'"


def test_an_image_that_could_run_scripts_may_not(layer: Published) -> None:
    assert policy(ask(layer, "/badge.svg").headers["Content-Security-Policy"])["default-src"] == "'none'"


def test_in_production_browsers_stay_with_https(root: Path, django: Django, settings: Settings) -> None:
    settings.PRODUCTION, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    publish(root / HOST, *whole_page())
    layer = make_layer(root, django)
    for address in ("/", SUMMARY, "/nothing"):
        assert ask(layer, address).headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "host", [HOST, "STATUS.example.COM", f"{HOST}:8443", f"{HOST}.", "deep.other.example"]
)
def test_the_only_page_answers_for_every_allowed_host(layer: Published, host: str) -> None:
    assert text(ask(layer, host=host)) == "green"


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", "", "a b", "[::1]", "x:y:z", "/"])
def test_an_unknown_host_is_misdirected(layer: Published, django: Django, host: str) -> None:
    answered = ask(layer, host=host)
    assert (answered.status, answered.headers["Content-Type"]) == (421, "text/plain; charset=utf-8")
    assert "Cache-Control" not in answered.headers
    assert django.asked == []


def test_with_several_pages_each_answers_for_its_own_host(root: Path, django: Django) -> None:
    publish(root / HOST, *whole_page())
    publish(root / "b.other.example", *whole_page(front="blue"))
    layer = make_layer(root, django)
    assert text(ask(layer)) == "green"
    assert text(ask(layer, host="B.other.example:80")) == "blue"
    ask(layer, host="c.other.example")  # perhaps a page that is not published yet
    assert django.asked == ["/"]


def test_a_private_page_is_djangos_and_shows_nothing_of_another(root: Path, django: Django) -> None:
    publish(root / HOST, *whole_page())
    publish(root.parent / "published-private" / "private.other.example", *whole_page(front="secret"))
    layer = make_layer(root, django)
    assert text(ask(layer)) == "green"
    ask(layer, host="private.other.example")
    ask(layer, "/history", host="private.other.example")
    assert django.asked == ["/", "/history"]


def test_a_page_that_was_made_private_is_gone_from_memory_at_the_next_look(
    layer: Published, root: Path, django: Django
) -> None:
    private = root.parent / "published-private"
    private.mkdir()
    (root / HOST).rename(private / HOST)
    layer.shelf.look()
    ask(layer, "/history")
    assert django.asked == ["/history"]


def test_before_anything_is_published_django_answers(root: Path, django: Django) -> None:
    layer = make_layer(root, django)
    assert ask(layer).headers == {"X-From": "Django"}
    assert ask(layer, host="evil.example").headers == {"X-From": "Django"}  # which knows all pages' hosts
    publish(root / HOST, *whole_page())
    layer.shelf.look()
    assert text(ask(layer)) == "green"
    assert ask(layer, host="evil.example").status == 421


def test_a_page_answers_for_its_own_host_although_the_operator_did_not_name_it(
    root: Path, django: Django
) -> None:
    publish(root / HOST, *whole_page())
    publish(root / "second.example.org", *whole_page(front="blue"))
    layer = make_layer(root, django)
    assert text(ask(layer, host="Second.example.org:8000")) == "blue"
    assert ask(layer, host="third.example.org").status == 421


@pytest.mark.parametrize("step", sorted(ACTING))
def test_what_acts_is_djangos_in_every_language_whatever_the_method(
    layer: Published, django: Django, step: str
) -> None:
    addresses = [f"/{step}", f"/{step}/x/y", f"/en/{step}"]
    for address in addresses:
        ask(layer, address, "POST", host="evil.example")
    assert django.asked == addresses


def test_subscribers_of_the_api_are_djangos(layer: Published, django: Django) -> None:
    ask(layer, "/api/v2/subscribers.json", "POST")
    ask(layer, "/api/v2/subscriptions/1/resend_confirmation", "POST")
    assert len(django.asked) == 2


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes(entry, route)


def test_every_route_of_django_is_one_that_acts_or_a_page_that_is_published() -> None:
    """A new route that acts must be named in ACTING: published pages would answer 404 in its place."""
    plain = [route.removeprefix("<language:language>/").removeprefix("^") for route in routes(get_resolver())]
    published = [route for route in plain if route == "" or route.startswith("(?P<address>")]
    others = [route for route in plain if route not in published and not route.startswith("api/v2/subscri")]
    assert {route.partition("/")[0] for route in others} <= ACTING
    assert len(published) == 2


def test_history_is_read_when_it_is_asked_for_and_forgotten_when_there_is_too_much(
    layer: Published, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspage.shelf.LAZY_BYTES", 20_000)
    past = [source(f"past{n}", "1", html(f"/past/{n}", f"past {n} ")) for n in range(30)]
    publish(root / HOST, *whole_page(), *past)
    layer.shelf.look()
    site = layer.shelf.sites[HOST]
    held = len(site.answers)
    for n in range(30):
        assert text(ask(layer, f"/past/{n}")) == f"past {n} "
        assert len(site.answers) - held <= 8
    assert text(ask(layer)) == "green"


def test_history_that_changed_is_read_anew(layer: Published, root: Path) -> None:
    assert text(ask(layer, "/history")) == "past"
    publish(root / HOST, *whole_page()[:-2], source("past", "2", html("/history", "corrected")))
    layer.shelf.look()
    assert text(ask(layer, "/history")) == "corrected"
