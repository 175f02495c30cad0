"""Is it them or is it us, as tables."""

import pytest

from incidents.monitors.results import Verdict
from incidents.monitors.suspicion import Seen, host_of, is_network_back, is_network_suspect


def seen(signs: str) -> list[Seen]:
    """A target each: `+` answered, `-` was not reached, `x` was not reached and is known to be down."""
    return [
        Seen(f"https://host{n}.example/", sign == "+", Verdict.DOWN if sign == "x" else Verdict.UP)
        for n, sign in enumerate(signs)
    ]


@pytest.mark.parametrize(
    ("signs", "is_suspect"),
    [
        ("", False),
        ("----", True),
        ("---", False),
        ("--++", True),
        ("-+++", False),
        ("--+++", False),
        ("---+++", True),
        ("--xx", False),
        ("--++xx", True),
        ("-+++xxxx", False),
    ],
)
def test_half_of_four_or_more_targets_lost_at_once_is_our_fault(signs: str, is_suspect: bool) -> None:
    assert is_network_suspect(seen(signs)) == is_suspect


@pytest.mark.parametrize(
    ("signs", "is_back"),
    [
        ("", False),
        ("+", True),
        ("++", True),
        ("--", False),
        ("-++", False),
        ("--++", False),
        ("-+++", True),
        ("--+++", True),
        ("+xx", True),
        ("-xx", False),
    ],
)
def test_a_suspicion_ends_by_as_much_proof_as_it_took(signs: str, is_back: bool) -> None:
    assert is_network_back(seen(signs)) == is_back


def test_many_monitors_of_one_host_are_one_target() -> None:
    lost = [Seen(f"https://down.example/{n}", False) for n in range(20)]
    assert not is_network_suspect([*lost, *seen("+++")])


def test_a_host_of_which_anything_answers_is_reached() -> None:
    half = [Seen(f"tcp{n}.example:{port}", port == 25) for n in range(4) for port in (25, 80)]
    assert not is_network_suspect(half)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://www.example.com/a?b", "www.example.com"),
        ("mail.example.com:25", "mail.example.com"),
        ("[2001:db8::1]:53", "2001:db8::1"),
        ("example.com", "example.com"),
        ("probe@example.com", "example.com"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_the_host_of_a_target_is_known_however_it_is_written(target: str, host: str) -> None:
    assert host_of(target) == host
