import pytest

from incidents.reports.measure_items import list_items


@pytest.mark.parametrize(
    ("section", "items"),
    [
        ("", []),
        ("1. 監視を追加します。\n2. 手順を見直します。", ["監視を追加します。", "手順を見直します。"]),
        ("以下を実施します。\n\n1. **監視**を追加\n\n2. 手順の見直し", ["監視を追加", "手順の見直し"]),
        ("1. 監視を\n   追加します。", ["監視を追加します。"]),
        ("1. watch the\n   disk", ["watch the disk"]),
        ("- one\n- two", ["one", "two"]),
        ("1. 監視(*1)を追加\n\n(*1) 5分ごと", ["監視を追加"]),
        ("監視を追加します。\n\n手順を見直します。", ["監視を追加します。", "手順を見直します。"]),
        ("1. " + "x" * 600, ["x" * 500]),
    ],
)
def test_the_items_of_a_section(section: str, items: list[str]) -> None:
    assert list_items(section) == items
