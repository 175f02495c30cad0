"""The Japanese of the product, held against the words that bind and against what the templates ask for."""

import io
import re
from pathlib import Path

import pytest
from babel.messages import Catalog, mofile, pofile
from babel.messages.extract import extract_from_dir
from django.utils import translation

from incidents.models import Edition, MaintenanceState, ServiceStatus, Severity, Stage

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "incidents" / "locale" / "ja" / "LC_MESSAGES"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))

WORDS = {
    "Operational": "正常稼働中",
    "Degraded performance": "性能低下",
    "Partial outage": "一部障害",
    "Major outage": "重大な障害",
    "Under maintenance": "メンテナンス中",
    "Unknown (no monitoring data)": "状態不明（監視データなし）",
    "Investigating": "調査中",
    "Identified": "原因特定",
    "Monitoring": "経過観察中",
    "Resolved": "復旧",
    "Post-incident report published": "障害報告書公開",
    "Scheduled": "予定",
    "In progress": "実施中",
    "Verifying": "確認中",
    "Completed": "完了",
    "Cancelled": "中止",
    "Emergency maintenance": "緊急メンテナンス",
    "Minor": "軽微",
    "Major": "重大",
    "Critical": "致命的",
    "Next update by": "次回更新予定",
    "Affected services": "対象サービス",
    "Who is concerned": "対象のお客様",
    "What you can do": "お客様側での回避策・お願い",
    "Correction": "訂正",
    "Subscribe": "配信登録",
    "Confirm": "登録確定",
    "Unsubscribe": "配信停止",
    "Post-incident report": "障害報告書",
    "First report": "速報",
    "Interim": "中間報告",
    "Final": "最終報告",
}

KINDS = (ServiceStatus, Stage, Severity, Edition, MaintenanceState)


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return pofile.read_po(file, locale="ja", abort_invalid=True)


@pytest.mark.parametrize(("english", "japanese"), WORDS.items())
def test_each_concept_has_its_one_japanese_term(catalogue: Catalog, english: str, japanese: str) -> None:
    message = catalogue.get(english)
    assert message and message.string == japanese


def test_subscribing_has_no_second_term(catalogue: Catalog) -> None:
    assert not [message.id for message in catalogue if "購読" in str(message.string)]


def test_every_label_of_a_status_stage_severity_and_edition_is_one_of_the_words() -> None:
    with translation.override("en"):
        labels = [str(m.label) for kind in KINDS for m in kind]
    assert set(labels) <= set(WORDS)


def test_the_compiled_catalogue_is_the_written_one(catalogue: Catalog) -> None:
    compiled = mofile.read_mo(io.BytesIO((FOLDER / "django.mo").read_bytes()))
    assert _texts(compiled) == _texts(catalogue)


def _texts(catalogue: Catalog) -> dict[tuple[object, object], object]:
    return {(_plain(m.context), _plain(m.id)): _plain(m.string) for m in catalogue if m.id}


def _plain(text: object) -> object:
    """Babel's reader of compiled catalogues answers lists, and contexts in bytes."""
    if isinstance(text, bytes):
        return text.decode()
    return tuple(text) if isinstance(text, list | tuple) else text


def test_every_message_is_translated_and_keeps_its_places(catalogue: Catalog) -> None:
    places = re.compile(r"%\(\w+\)[sd]")
    for message in catalogue:
        for source, target in _pairs(message.id, message.string):
            assert target, source
            assert set(places.findall(source)) == set(places.findall(target)), source


def _pairs(source: object, target: object) -> list[tuple[str, str]]:
    if isinstance(source, list | tuple):
        assert isinstance(target, list | tuple)
        return [(source[-1], text) for text in target]
    return [(str(source), str(target))] if source else []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_message_of_a_template_has_its_japanese(catalogue: Catalog, template: Path) -> None:
    text = template.read_text()
    asked = re.findall(r"""{%\s*translate\s+"([^"]+)\"""", text)
    blocks = re.findall(
        r"{%\s*blocktrans(?:late)?\b[^%]*%}(.*?)(?:{%\s*plural|{%\s*endblocktrans)", text, flags=re.S
    )
    asked += [re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block.replace("%", "%%")) for block in blocks]
    missing = [message for message in asked if not catalogue.get(message)]
    assert not missing


def test_every_message_of_the_code_has_its_japanese(catalogue: Catalog) -> None:
    functions = {
        "_": None,
        "gettext": None,
        "gettext_lazy": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "pgettext_lazy": ((1, "c"), 2),
    }
    found = extract_from_dir(ROOT / "incidents", method_map=[("**.py", "python")], keywords=functions)
    missing = {message for _, _, message, _, context in found if not catalogue.get(message, context)}
    assert not missing
