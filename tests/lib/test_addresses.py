import pytest

from incidents.lib.addresses import clean_address, is_clean, mailbox_of, mask, without, without_any
from incidents.lib.errors import Refused


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("reader@example.com", "reader@example.com"),
        ("  Reader@Example.COM　", "reader@example.com"),
        ("first.last+tag@sub.example.co.jp", "first.last+tag@sub.example.co.jp"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("a@日本語.jp", "a@xn--wgv71a119e.jp"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("a@xn--wgv71a119e.jp", "a@xn--wgv71a119e.jp"),
        ("a@日本語。jp", "a@xn--wgv71a119e.jp"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_a_good_address_is_written_one_way(typed: str, clean: str) -> None:
    assert clean_address(typed) == clean
    assert is_clean(clean)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Enter"),
        ("   ", "Enter"),
        ("reader", "form name@example.com"),
        ("@example.com", "form name@example.com"),
        ("reader@", "form name@example.com"),
        ("a b@example.com", "form name@example.com"),
        ("a@b@example.com", "form name@example.com"),
        (".a@example.com", "form name@example.com"),
        ("a..b@example.com", "form name@example.com"),
        ("=cmd|x@example.com", "form name@example.com"),
        ("<a@example.com>", "form name@example.com"),
        ("x" * 65 + "@example.com", "64 characters"),
        ("x" * 250 + "@example.com", "254"),
        ("a@example.com\r\nBcc: b@example.com", "line breaks"),
        ("a\n@example.com", "line breaks"),
        ("a@example.com\nSubject: x", "line breaks"),
        ("a\t@example.com", "line breaks"),
        ("a@exam\x1bple.com", "line breaks"),
        ("a@example.com\x85Bcc: b@example.com", "line breaks"),
        ("a@example.com\u2028Bcc: b@example.com", "line breaks"),
        ("a@exam\u202eple.com", "line breaks"),
        ("a@exam\u200bple.com", "line breaks"),
        ("a@example.com, b@example.com", "form name@example.com"),
        ("Reader <a@example.com>", "form name@example.com"),
        ("a@[IPv6:2001:db8::1]", "IP address"),
        ("a@xn--" + "é" * 70 + ".jp", "not a domain"),
        ("a@日本語", "needs a dot"),
        ("a\\b@example.com", "form name@example.com"),
        ("a;b@example.com", "form name@example.com"),
        ("a\x00@example.com", "line breaks"),
        ("a@example.com\x7f", "line breaks"),
        ('"<script>"@example.com', "quotation marks"),
        ("-oQ/tmp@example.com", "hyphen"),
        ("あ@example.com", "ASCII"),
        ("a@[127.0.0.1]", "IP address"),
        ("a@127.0.0.1", "not a domain"),
        ("a@localhost", "needs a dot"),
        ("a@-example.com", "not a domain"),
        ("a@example..com", "not a domain"),
        ("a@example.com.", "not a domain"),
        ("a@exam_ple.com", "not a domain"),
        ("a@example.com>", "not a domain"),
        ("a@" + "x" * 64 + ".com", "not a domain"),
        ("a@" + "x1234567." * 30 + "com", "254"),
    ],
)
def test_a_bad_address_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        clean_address(typed)
    assert refused.value.field == "email"
    assert not is_clean(typed)


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("re.a.der@gmail.com", "reader@gmail.com"),
        ("reader+news@googlemail.com", "reader@gmail.com"),
        ("first.last+tag@example.com", "first.last+tag@example.com"),
    ],
)
def test_the_spellings_of_one_mailbox_are_counted_as_one(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox


def test_a_masked_address_is_known_to_its_owner_alone() -> None:
    assert mask("reader@example.com") == "r…@example.com"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("550 <A@b.example>: unknown", "550 <…>: unknown"),
        ('{"email": "a@b.example"}', '{"email": "…"}'),
        ("mailto:a@b.example. It failed", "mailto:…. It failed"),
        ("ka@b.example k.a@b.example", "ka@b.example k.a@b.example"),
        ("a@b.example.jp a@b.example-c.jp", "a@b.example.jp a@b.example-c.jp"),
    ],
)
def test_an_address_is_taken_out_of_a_text_where_it_stands_alone(text: str, left: str) -> None:
    assert without("a@b.example", text) == left


def test_all_addresses_are_taken_out_of_a_text() -> None:
    assert without_any("<a@b.example> and smtp;c.d@e.example") == "<…> and smtp;…"
