"""Mails that came back, as servers write them."""

from pathlib import Path

FOLDER = Path(__file__).parent / "payloads" / "returned"
READER = "reader@example.com"


def returned_mail(name: str, *, recipient: str = "b+id@bounces.example", **places: str) -> bytes:
    """`recipient` is the return path that it is sent to."""
    text = (FOLDER / f"{name}.eml").read_text(encoding="utf-8")
    for place, value in {"recipient": recipient, "second": READER, "feedback": "abuse", **places}.items():
        text = text.replace("{" + place + "}", value)
    return text.encode()
