from typing import Any

import pytest

from incidents.alerts import fields


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.com/health", "https://api.example.com/health"),
        ("https://me:secret@api.example.com/health?key=secret#x", "https://api.example.com/health"),
        ("tcp://db:5432", "tcp://db:5432"),
        ("no address", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_an_address_is_kept_without_its_secrets(given: Any, kept: str) -> None:
    assert fields.place(given) == kept
