"""Published SPF flattened as RFC 7208 says, asked of a real DNS server on loopback."""

import asyncio
from collections.abc import Mapping

import pytest

from incidents.lib.dns_resolver import Host
from incidents.lib.networks import read_address
from incidents.lib.spf import Flattened, flatten
from tests.dns_server import Zone, serving_dns
from tests.spf_zones import failing, resolver_of, spf_zone, txt

SENDER = "sender.example"


def flattened(
    texts: Mapping[str, str] | str, more: Zone | None = None, faults: Mapping[str, str] | None = None
) -> Flattened:
    records = {SENDER: texts} if isinstance(texts, str) else texts
    with serving_dns({**spf_zone(records), **(more or {})}, failing(faults or {})) as server:
        return asyncio.run(flatten(SENDER, resolver_of(server)))


def networks(found: Flattened) -> list[str]:
    return [str(one.network) for one in found.networks]


def why(found: Flattened) -> str:
    return f"{found.fault.kind}: {found.fault}" if found.fault else ""


def test_addresses_and_networks_of_both_families_are_published() -> None:
    found = flattened("v=spf1 ip4:192.0.2.1 ip4:198.51.100.7/24 ip6:2001:db8::/32 ip6:2001:db8:1::1 -all")
    assert networks(found) == [
        "192.0.2.1/32",
        "198.51.100.0/24",
        "2001:db8::/32",
        "2001:db8:1::1/128",
    ]
    assert (found.lookups, found.ttl, found.fault) == (0, 60, None)


def test_includes_are_followed_and_each_network_knows_its_way() -> None:
    found = flattened(
        {
            SENDER: "v=spf1 include:_spf.sender.example ~all",
            "_spf.sender.example": "v=spf1 include:_netblocks.sender.example include:_netblocks2.sender.example ?all",
            "_netblocks.sender.example": "v=spf1 ip4:192.0.2.0/24 ~all",
            "_netblocks2.sender.example": "v=spf1 ip6:2001:db8::/36 ~all",
        }
    )
    assert [(str(one.network), one.path, one.term) for one in found.networks] == [
        (
            "192.0.2.0/24",
            (SENDER, "_spf.sender.example", "_netblocks.sender.example"),
            "ip4:192.0.2.0/24",
        ),
        (
            "2001:db8::/36",
            (SENDER, "_spf.sender.example", "_netblocks2.sender.example"),
            "ip6:2001:db8::/36",
        ),
    ]
    assert found.lookups == 3


def test_a_redirect_takes_over_unless_an_all_stands_there() -> None:
    other = {"other.example": "v=spf1 ip4:198.51.100.1 -all"}
    found = flattened({SENDER: "v=spf1 redirect=other.example ip4:192.0.2.1", **other})
    assert (networks(found), found.lookups) == (["192.0.2.1/32", "198.51.100.1/32"], 1)
    found = flattened({SENDER: "v=spf1 redirect=other.example ip4:192.0.2.1 -all", **other})
    assert (networks(found), found.lookups) == (["192.0.2.1/32"], 0)


def test_hosts_and_mail_exchangers_are_resolved_with_their_prefix_lengths() -> None:
    found = flattened(
        "v=spf1 a mx/24//64 a:www.sender.example/28 -all",
        {
            (SENDER, "A"): ["192.0.2.10"],
            (SENDER, "MX"): ["10 mx1.sender.example.", "20 mx2.sender.example."],
            ("mx1.sender.example", "A"): ["198.51.100.9"],
            ("mx1.sender.example", "AAAA"): ["2001:db8:1:2:3::4"],
            ("mx2.sender.example", "A"): ["203.0.113.3"],
            ("www.sender.example", "CNAME"): ["web.sender.example."],
            ("web.sender.example", "A"): ["192.0.2.99"],
        },
    )
    assert networks(found) == [
        *("192.0.2.10/32", "198.51.100.0/24", "2001:db8:1:2::/64", "203.0.113.0/24", "192.0.2.96/28")
    ]
    assert (found.lookups, found.voids, found.ttl) == (3, 0, 60)


def test_what_an_earlier_term_turns_away_is_not_published() -> None:
    found = flattened(
        {
            SENDER: "v=spf1 -ip4:192.0.2.128/25 ~include:old.example ip4:192.0.2.0/24 ip4:198.51.100.1 ?all",
            "old.example": "v=spf1 ip4:192.0.2.0/26 ip4:198.51.100.1 -all",
        }
    )
    assert networks(found) == ["192.0.2.64/26"]


def test_what_a_record_included_turns_away_is_still_for_the_record_above_to_decide() -> None:
    found = flattened(
        {
            SENDER: "v=spf1 include:inner.example ip4:192.0.2.9 -all",
            "inner.example": "v=spf1 -ip4:192.0.2.9 ip4:192.0.2.8/31 -all",
        }
    )
    assert networks(found) == ["192.0.2.8/32", "192.0.2.9/32"]


def test_plus_all_publishes_everybody() -> None:
    assert networks(flattened("v=spf1 +all")) == ["0.0.0.0/0", "::/0"]


def test_terms_known_only_for_one_mail_are_named_and_counted() -> None:
    found = flattened(
        "v=spf1 exists:%{i}._spf.sender.example ptr include:%{d2}.example a:%{o}.example ip4:192.0.2.1 -all"
    )
    assert [one.term for one in found.unflattened] == [
        *("exists:%{i}._spf.sender.example", "ptr", "include:%{d2}.example", "a:%{o}.example")
    ]
    assert (found.lookups, networks(found), found.fault) == (4, ["192.0.2.1/32"], None)


def test_the_eleventh_look_up_is_an_error_and_what_stood_before_it_still_passes() -> None:
    includes = {f"i{number}.example": f"v=spf1 ip4:192.0.2.{number}" for number in range(1, 12)}
    record = "v=spf1 " + " ".join(f"include:{name}" for name in includes)
    found = flattened({SENDER: record, **includes})
    assert why(found) == (
        "permerror: sender.example: include:i11.example: the record takes more than 10 look-ups"
    )
    assert len(found.networks) == 10
    ten = flattened({SENDER: record.removesuffix(" include:i11.example"), **includes})
    assert (ten.lookups, ten.fault) == (10, None)


def test_a_third_look_up_that_finds_nothing_is_an_error() -> None:
    two = "v=spf1 a:none1.example mx:none2.example ip4:192.0.2.1"
    assert (flattened(two).voids, flattened(two).fault) == (2, None)
    assert why(flattened(f"{two} a:none3.example")) == (
        "permerror: sender.example: a:none3.example: more than 2 look-ups find nothing"
    )


def test_a_host_of_one_family_is_no_void() -> None:
    hosts = {(f"h{number}.example", "A"): [f"192.0.2.{number}"] for number in range(4)}
    found = flattened("v=spf1 a:h0.example a:h1.example a:h2.example a:h3.example", hosts)
    assert (len(found.networks), found.voids) == (4, 0)


def test_more_than_ten_exchangers_are_an_error_and_a_null_exchanger_is_none() -> None:
    many = [f"10 mx{number}.example." for number in range(11)]
    found = flattened("v=spf1 mx -all", {(SENDER, "MX"): many})
    assert why(found) == "permerror: sender.example: mx: more than 10 mail exchangers"
    assert flattened("v=spf1 mx -all", {(SENDER, "MX"): ["0 ."]}).fault is None


def test_includes_that_go_round_are_an_error() -> None:
    found = flattened({SENDER: "v=spf1 include:b.example", "b.example": "v=spf1 include:SENDER.example."})
    assert (
        why(found)
        == "permerror: sender.example > b.example: include:SENDER.example.: it leads back to itself"
    )


def test_several_records_are_an_error_and_other_texts_are_none() -> None:
    more = {(SENDER, "TXT"): ['"google-site-verification=x"', '"v=spf10 -all"', '"V=SPF1 ip4:192.0.2.1"']}
    assert networks(flattened({}, more)) == ["192.0.2.1/32"]
    twice = {(SENDER, "TXT"): ['"v=spf1 -all"', '"v=spf1"']}
    assert why(flattened({}, twice)) == "permerror: sender.example: 2 SPF records, and only one may be"


def test_no_record_is_told_apart_from_an_include_that_has_none() -> None:
    assert why(flattened({})) == "none: sender.example: it publishes no SPF record"
    assert why(flattened("v=spf1 include:gone.example -all")) == (
        "permerror: sender.example: include:gone.example: it publishes no SPF record"
    )


def test_the_strings_of_a_long_record_are_joined_without_a_space() -> None:
    record = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(60)) + " -all"
    assert txt(record).count('"') == 8
    assert len(flattened(record).networks) == 60


@pytest.mark.parametrize(
    ("fault", "said"), [("servfail", "the name servers fail"), ("refused", "the name servers fail")]
)
def test_a_server_that_fails_is_a_temporary_error_that_names_the_question(fault: str, said: str) -> None:
    found = flattened({SENDER: "v=spf1 ip4:192.0.2.1 include:b.example"}, faults={"b.example": fault})
    assert why(found) == f"temperror: sender.example > b.example: TXT of b.example: {said}"
    assert networks(found) == ["192.0.2.1/32"]


def test_silence_is_a_temporary_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incidents.lib.dns_resolver.QUESTION_SECONDS", 0.3)
    found = flattened("v=spf1 a:b.example", faults={"b.example": "silence"})
    assert why(found) == "temperror: sender.example: a:b.example: A of b.example: no answer in time"


def test_an_answer_cut_short_is_asked_for_by_tcp() -> None:
    zone = spf_zone({SENDER: "v=spf1 ip4:192.0.2.1"})
    with serving_dns(zone, failing({SENDER: "truncated"})) as server:
        found = asyncio.run(flatten(SENDER, resolver_of(server)))
    assert networks(found) == ["192.0.2.1/32"]
    assert server.asked == ["udp sender.example TXT", "tcp sender.example TXT"]


@pytest.mark.parametrize(
    ("record", "term", "reason"),
    [
        ("v=spf1 ip4:192.0.2.300", "ip4:192.0.2.300", "an IPv4 address"),
        ("v=spf1 ip4:192.0.2.0/33", "ip4:192.0.2.0/33", "an IPv4 address"),
        ("v=spf1 ip4:192.0.2.0/024", "ip4:192.0.2.0/024", "an IPv4 address"),
        ("v=spf1 ip4:192.0.2.0/255.255.255.0", "ip4:192.0.2.0/255.255.255.0", "an IPv4 address"),
        ("v=spf1 ip4:2001:db8::1", "ip4:2001:db8::1", "an IPv4 address"),
        ("v=spf1 ip6:192.0.2.1", "ip6:192.0.2.1", "an IPv6 address"),
        ("v=spf1 ip6:fe80::1%eth0", "ip6:fe80::1%eth0", "an IPv6 address"),
        ("v=spf1 ip4", "ip4", "an IPv4 address"),
        ("v=spf1 a/33", "a/33", "prefix lengths"),
        ("v=spf1 a//129", "a//129", "prefix lengths"),
        ("v=spf1 mx/024", "mx/024", "prefix lengths"),
        ("v=spf1 a:", "a:", "a domain name"),
        ("v=spf1 include", "include", "a domain behind it"),
        ("v=spf1 include:localhost", "include:localhost", "a domain name"),
        ("v=spf1 include:a..example", "include:a..example", "a domain name"),
        ("v=spf1 include:192.0.2.1", "include:192.0.2.1", "a domain name"),
        (f"v=spf1 include:{'a' * 64}.example", f"include:{'a' * 64}.example", "a domain name"),
        ("v=spf1 exists:%{z}.example", "exists:%{z}.example", "a macro"),
        ("v=spf1 exists:%.example", "exists:%.example", "a macro"),
        ("v=spf1 all:example.com", "all:example.com", "nothing behind all"),
        ("v=spf1 ipv4:192.0.2.1", "ipv4:192.0.2.1", "no such mechanism"),
        ("v=spf1 192.0.2.1", "192.0.2.1", "a mechanism"),
        ("v=spf1 -all ip5:1", "ip5:1", "no such mechanism"),
        ("v=spf1 redirect=a.example redirect=b.example", "redirect=b.example", "only once"),
        ("v=spf1 -redirect=a.example", "-redirect=a.example", "a mechanism"),
        ("v=spf1\tip4:192.0.2.1", "", ""),
    ],
)
def test_one_wrong_term_is_named_and_nothing_of_the_record_counts(
    record: str, term: str, reason: str
) -> None:
    found = flattened(record)
    assert found.fault is not None
    assert (found.fault.term, found.networks) == (term, ())
    assert reason in found.fault.why


def test_bytes_outside_ascii_make_the_record_invalid() -> None:
    more = {(SENDER, "TXT"): ['"v=spf1 include:\\229\\136\\157.example -all"']}
    assert why(flattened({}, more)) == "permerror: sender.example: the record holds bytes outside ASCII"


def test_modifiers_nobody_knows_and_explanations_are_passed_over() -> None:
    found = flattened("v=spf1 exp=explain.%{d} foo=bar%{i} ip4:192.0.2.1  A:Www.Sender.Example. -ALL")
    assert (networks(found), found.fault, found.lookups) == (["192.0.2.1/32"], None, 1)


def test_a_record_of_thousands_of_networks_ends() -> None:
    big = "v=spf1 " + " ".join(f"ip4:10.{n // 256}.{n % 256}.1" for n in range(2900))
    texts = {SENDER: "v=spf1 include:b.example include:c.example", "b.example": big}
    found = flattened({**texts, "c.example": big.replace("ip4:10", "ip4:11")})
    assert why(found).endswith("over 5000 networks")


def test_a_record_that_cuts_everybody_into_pieces_ends() -> None:
    taken = " ".join(f"-ip4:10.{n // 250}.{n % 250}.1" for n in range(2000))
    assert "are taken out of it" in why(flattened(f"v=spf1 {taken} +all"))


def test_a_reverse_name_is_told_with_whether_it_leads_back() -> None:
    zone = {
        ("7.2.0.192.in-addr.arpa", "PTR"): ["Mail-7.Unverified.Example."],
        ("mail-7.unverified.example", "A"): ["192.0.2.7"],
        ("8.2.0.192.in-addr.arpa", "PTR"): ["mail.google.example."],
        ("9.2.0.192.in-addr.arpa", "PTR"): ["\\<script\\>.example."],
    }
    with serving_dns(zone) as server:
        resolver = resolver_of(server)

        def host_of(text: str) -> Host:
            address = read_address(text)
            assert address is not None
            return asyncio.run(resolver.host_of(address))

        assert host_of("192.0.2.7") == Host("mail-7.unverified.example", leads_back=True)
        assert host_of("192.0.2.8") == Host("mail.google.example", leads_back=False)
        assert host_of("192.0.2.10") == Host()
        assert host_of("2001:db8::1") == Host()
        assert host_of("192.0.2.9").name == "<script>.example"
