import pytest

from incidents.reports.phrases import PHRASES, UpdateKind, kind_of, split_phrase


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", UpdateKind)
def test_every_phrase_is_told_by_its_kind(language: str, kind: UpdateKind) -> None:
    assert kind_of(PHRASES[language][kind]) is kind


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("ステータスダッシュボードで初報配信", UpdateKind.FIRST),
        ("ステータスダッシュボードで対応状況を更新。", UpdateKind.OTHER),
        ("ステータスダッシュボードの監視を開始", None),
        ("", None),
    ],
)
def test_a_full_stop_more_or_less_makes_no_other_kind(phrase: str, kind: UpdateKind | None) -> None:
    assert kind_of(phrase) is kind


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "判断。 ステータスダッシュボードで対応状況を更新",
            ("判断。", "ステータスダッシュボードで対応状況を更新"),
        ),
        ("Judged. Status page updated", ("Judged.", "Status page updated")),
        ("ステータスダッシュボードで初報配信。", ("ステータスダッシュボードで初報配信。", "")),
        ("判断。ステータスダッシュボードで初報配信。", ("判断。ステータスダッシュボードで初報配信。", "")),
    ],
)
def test_a_phrase_is_split_from_the_end_of_a_longer_entry(text: str, parts: tuple[str, str]) -> None:
    assert split_phrase(text) == parts
