import pytest

from incidents.lib.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_visitor_is_known_by_a_network_as_wide_as_an_office(address: str, network: str) -> None:
    assert network_of(address) == network
