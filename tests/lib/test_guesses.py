import uuid

import pytest

from incidents.lib.guesses import may_guess

pytestmark = pytest.mark.django_db


def guess(address: str, what: str) -> bool:
    return may_guess(address, what=what, most=2, seconds=10**9)


def test_guesses_of_one_network_are_limited_and_others_are_not() -> None:
    what = uuid.uuid4().hex
    assert [guess("192.0.2.1", what) for _ in range(3)] == [True, True, False]
    assert guess("192.0.2.2", what)
    assert guess("192.0.2.1", f"other-{what}")


@pytest.mark.parametrize(
    "addresses",
    [("2001:db8::1", "2001:db8::ffff", "2001:db8:0:0:1::"), ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1")],
)
def test_one_guesser_has_many_addresses(addresses: tuple[str, ...]) -> None:
    what = uuid.uuid4().hex
    assert [guess(address, what) for address in addresses] == [True, True, False]
