import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard, check_url

NAT64_METADATA = "64:ff9b::a9fe:a9fe"


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "2606:4700::1111"])
def test_public_addresses_are_permitted(address: str) -> None:
    assert Guard().permits(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.1.1"),
        *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1"),
        *("198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "ff02::1", "2001:db8::1", "2001::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::", NAT64_METADATA, "3fff::1", "4000::1"),
        *("", "example.com", "127.1", "0x7f.0.0.1", "2130706433"),
    ],
)
def test_private_wrapped_and_odd_addresses_are_refused(address: str) -> None:
    assert not Guard().permits(address)


def test_an_allowed_network_is_permitted_and_its_neighbour_is_not() -> None:
    guard = Guard(["10.1.0.0/16", "fd00:1::/32"])
    assert guard.permits("10.1.2.3")
    assert guard.permits("fd00:1::5")
    assert not guard.permits("10.2.0.1")
    assert not guard.permits("fd00:2::5")


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", NAT64_METADATA, "2002:a9fe:a9fe::"),
    ],
)
def test_metadata_addresses_are_refused_even_where_everything_is_allowed(address: str) -> None:
    assert not Guard(["0.0.0.0/0", "::/0"]).permits(address)


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "everything", "10.0.0.0/33", ""])
def test_a_wrong_network_is_refused_by_the_name_of_its_setting(cidr: str) -> None:
    with pytest.raises(Refused, match="expected networks such as") as refusal:
        Guard([cidr])
    assert refusal.value.field == "OUTBOUND_ALLOW"


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://www.example.com", "https://www.example.com/"),
        ("HTTPS://WWW.Example.COM:8443/a?b=c#d", "https://www.example.com:8443/a?b=c"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        (
            "https://日本語.jp/障害?状態=復旧",
            "https://xn--wgv71a119e.jp/%E9%9A%9C%E5%AE%B3?%E7%8A%B6%E6%85%8B=%E5%BE%A9%E6%97%A7",
        ),
        ("https://example.com/a%20b", "https://example.com/a%20b"),
        ("http://127.0.0.1:8000/healthz", "http://127.0.0.1:8000/healthz"),
    ],
)
def test_a_web_address_is_taken_in_its_ascii_form(url: str, checked: str) -> None:
    assert check_url(url) == checked


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://example.com/", "begins with http:// or https://"),
        ("file:///etc/passwd", "begins with http:// or https://"),
        ("example.com", "begins with http:// or https://"),
        ("", "begins with http:// or https://"),
        ("https://user:secret@example.com/", "without a user name"),
        ("https://@example.com/", "without a user name"),
        ("https://example.com\\@evil.test/", "backslashes"),
        ("https://exa mple.com/", "spaces"),
        ("https://example.com/\r\nHost: evil", "control characters"),
        ("https://example.com/\u2028", "control characters"),
        ("https://example.com:22/", "port that web servers use, not 22"),
        ("https://example.com:6379/", "port that web servers use, not 6379"),
        ("https://example.com:0/", "port that web servers use, not 0"),
        ("https://example.com:99999/", "between 1 and 65535"),
        ("https:///path", "host name"),
        ("https://-example.com/", "host name"),
        ("https://exa%6dple.com/", "host name"),
        ("https://[::1", "such as https://www.example.com/"),
        ("https://" + "a" * 64 + "é.example/", "host name"),
        ("https://example.com/" + "a" * 2048, "at most 2048"),
    ],
)
def test_an_odd_url_is_refused_with_what_was_expected(url: str, expected: str) -> None:
    with pytest.raises(Refused, match=expected) as refusal:
        check_url(url, field="target")
    assert refusal.value.field == "target"


@pytest.mark.parametrize("url", ["http://example.com/", "https://example.com:8000/"])
def test_a_subscribers_url_is_https_on_its_usual_ports(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, https_only=True)
