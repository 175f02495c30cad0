from collections.abc import Callable
from typing import Any

import pytest

from incidents.lib import tokens

ALPHABET = "0123456789abcdef"


def test_a_token_gives_its_value_back_to_its_own_purpose_only() -> None:
    token = tokens.sign("confirm", "0af3.nonce")
    assert tokens.read("confirm", token) == "0af3.nonce"
    assert tokens.read("unsubscribe", token) is None


def test_a_token_survives_a_change_of_case() -> None:
    token = tokens.sign("confirm", "Value")
    assert token == token.lower()
    assert tokens.read("confirm", token.upper()) == "Value"


@pytest.mark.parametrize("value", ["", "a", "ab", "abc", "日本"])
def test_no_token_with_one_other_character_is_taken(value: str) -> None:
    token = tokens.sign("confirm", value)
    for place, char in enumerate(token):
        other = ALPHABET[(ALPHABET.index(char) + 1) % 16]
        assert tokens.read("confirm", token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("forged", ["", "a", "====", "あ", "\x00", "x" * 5000, "a" * 52, "ſ" * 56])
def test_rubbish_is_no_token(forged: str) -> None:
    assert tokens.read("confirm", forged) is None


def test_tokens_outlive_a_change_of_the_secret_key(settings: Any) -> None:
    token = tokens.sign("unsubscribe", "x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]
    assert tokens.read("unsubscribe", token) == "x"
    settings.SECRET_KEY_FALLBACKS = []
    assert tokens.read("unsubscribe", token) is None


def test_secrets_are_256_bits_and_stored_as_their_hash() -> None:
    secret = tokens.new_secret()
    assert len(bytes.fromhex(secret)) == 32
    assert secret != tokens.new_secret()
    assert tokens.hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_short_mac_depends_on_purpose_and_value() -> None:
    macs = {tokens.short_mac(purpose, value) for purpose in ("bounce", "other") for value in ("a", "b")}
    assert len(macs) == 4
    assert {len(mac) for mac in macs} == {16}


@pytest.mark.parametrize(
    "mangle",
    [
        lambda token: f"{token}.",
        lambda token: f"{token}>",
        lambda token: f"{token}。",
        lambda token: f"{token}=",
        lambda token: f"{token}=3D",
        lambda token: f"=3D{token}",
        lambda token: f"<{token.upper()}>).",
        lambda token: f"{token[:20]}={token[20:]}",
        lambda token: f"{token[:20]}=\r\n{token[20:]}",
        lambda token: f"{token[:20]} {token[20:]}",
        lambda token: f"{token[:30]}=3D{token[30:]}".lower(),
    ],
)
def test_a_token_survives_what_mail_gateways_do_to_links(mangle: Callable[[str], str]) -> None:
    for value in ("Value", "", "0af3.nonce"):
        assert tokens.read("confirm", mangle(tokens.sign("confirm", value))) == value
