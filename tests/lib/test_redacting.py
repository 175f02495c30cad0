import time

import pytest

from incidents.lib.redacting import names_a_secret, without_secrets


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("CPU of web1 at 91 %", "CPU of web1 at 91 %"),
        ("https://api.example.com/health?id=7", "https://api.example.com/health?id=7"),
        ("https://me:hunter2@db.example.com/x", "https://db.example.com/x"),
        ("redis://:hunter2@cache:6379", "redis://cache:6379"),
        ("https://x.example/?access_token=abc&id=7", "https://x.example/?access_token=***&id=7"),
        ('{"password": "hunter2", "id": 7}', '{"password": "***", "id": 7}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("sent Bearer abcdefghijklmnop", "sent Bearer ***"),
        ("a basic service is down", "a basic service is down"),
        ("key sp_live_abcdefghijklmnop ended", "key *** ended"),
        ("AKIAIOSFODNN7EXAMPLE refused", "*** refused"),
        ("mail to ops@example.com", "mail to ops@example.com"),
    ],
)
def test_what_may_be_secret_is_taken_out_and_nothing_else(given: str, kept: str) -> None:
    assert without_secrets(given) == kept


@pytest.mark.parametrize(
    "name", ["password", "apiKey", "access_token", "basic_auth_pass", "Cookie", "X-Secret"]
)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["host", "passenger", "compass", "severity", "bypassed", "instance"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "evil", ["://" * 90_000, "token" * 50_000, "token=" * 40_000, "basic " * 40_000, "eyJ" * 80_000]
)
def test_no_text_takes_long(evil: str) -> None:
    began = time.process_time()
    without_secrets(evil)
    assert time.process_time() - began < 2
