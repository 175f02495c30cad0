"""What a report's timeline says of a public update: the system's words, never typed by staff."""

from enum import Enum


class UpdateKind(Enum):
    FIRST = "first"
    SCOPE = "scope"  # changed services, severity or who is concerned
    RESOLVED = "resolved"
    OTHER = "other"


PHRASES = {
    "ja": {
        UpdateKind.FIRST: "ステータスダッシュボードで初報配信。",
        UpdateKind.SCOPE: "ステータスダッシュボードで影響範囲の修正報告。",
        UpdateKind.RESOLVED: "ステータスダッシュボードで事象解消を配信。",
        UpdateKind.OTHER: "ステータスダッシュボードで対応状況を更新",
    },
    "en": {
        UpdateKind.FIRST: "First notice published on the status page.",
        UpdateKind.SCOPE: "Corrected scope published on the status page.",
        UpdateKind.RESOLVED: "Resolution published on the status page.",
        UpdateKind.OTHER: "Status page updated",
    },
}

_KINDS = {phrase.rstrip("。."): kind for phrases in PHRASES.values() for kind, phrase in phrases.items()}


def kind_of(phrase: str) -> UpdateKind | None:
    """The kind of update a phrase reports, in either language and with or without its full stop."""
    stem = phrase[:-1] if phrase.endswith(("。", ".")) else phrase
    return _KINDS.get(stem)


def split_phrase(text: str) -> tuple[str, str]:
    """(what stands before, the phrase) where a longer entry ends in a space and a phrase, else (text, "")."""
    for stem in _KINDS:
        for phrase in (stem, f"{stem}。", f"{stem}."):
            if text.endswith(f" {phrase}") and text[: -len(phrase)].strip():
                return text[: -len(phrase) - 1].rstrip(), phrase
    return text, ""
