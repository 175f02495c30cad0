"""One SPF record as it is written (RFC 7208, sections 4.5, 4.6, 5, 6 and 7): its terms, or the wrong one."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

PASS = "+"  # noqa: S105 - a qualifier
MOST_NAME_CHARACTERS = 253
WITH_DOMAIN = frozenset({"include", "exists", "redirect", "exp"})
MAY_HAVE_DOMAIN = frozenset({"a", "mx", "ptr"})

_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9._-]*)([:/].*)?")
_LENGTHS = re.compile(r"(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?")
_MACRO = re.compile(r"%(?:\{[slodiphcrtvSLODIPHCRTV][0-9]{0,3}[rR]?[.+,/_=-]*\}|[%_-])")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_TOP_LABEL = re.compile(r"(?=.*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class Term:
    """A mechanism or modifier. `domain` is empty where the record's own is meant; `has_macro`: it can only be
    known for one mail."""

    text: str
    name: str
    qualifier: str = PASS
    domain: str = ""
    has_macro: bool = False
    network: Network | None = None
    length4: int = 32
    length6: int = 128


@dataclass(frozen=True)
class Record:
    """`mechanisms` end with `all` where there is one: nothing behind it counts, nor does a redirect."""

    mechanisms: tuple[Term, ...]
    redirect: Term | None = None


@dataclass(frozen=True)
class Wrong:
    """The term that makes the whole record invalid, and why."""

    term: str
    why: str


class _Wrong(Exception):
    pass


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record; others may begin alike, such as `v=spf10`."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse_record(text: str) -> Record | Wrong:
    """The terms of a record that `is_spf`. One wrong term makes all of it wrong, wherever it stands."""
    if not text.isascii():
        return Wrong("", "the record holds bytes outside ASCII")
    mechanisms: list[Term] = []
    modifiers: dict[str, Term] = {}
    for word in text[6:].split(" "):
        if not word:
            continue
        try:
            term = _parse(word)
            if term.name in modifiers:
                raise _Wrong(f"{term.name}= may stand only once")
        except _Wrong as wrong:
            return Wrong(word[:200], str(wrong))
        if _MODIFIER.fullmatch(word) is None:
            mechanisms.append(term)
        elif term.name in ("redirect", "exp"):
            modifiers[term.name] = term
    return _record(mechanisms, modifiers.get("redirect"))


def _record(mechanisms: list[Term], redirect: Term | None) -> Record:
    for index, term in enumerate(mechanisms):
        if term.name == "all":
            return Record(tuple(mechanisms[: index + 1]))
    return Record(tuple(mechanisms), redirect)


def _parse(word: str) -> Term:
    if not re.fullmatch(r"[!-~]+", word):
        raise _Wrong("expected printable characters")
    if modifier := _MODIFIER.fullmatch(word):
        return _parse_modifier(word, modifier[1].lower(), modifier[2])
    mechanism = _MECHANISM.fullmatch(word)
    if mechanism is None:
        raise _Wrong("expected a mechanism or a modifier")
    qualifier, name, rest = mechanism[1] or PASS, mechanism[2].lower(), mechanism[3] or ""
    if name == "all" and not rest:
        return Term(word, name, qualifier)
    if name in ("ip4", "ip6"):
        return Term(word, name, qualifier, network=_network(name, rest))
    if name in MAY_HAVE_DOMAIN or name in WITH_DOMAIN - {"redirect", "exp"}:
        return _parse_named(word, name, qualifier, rest)
    raise _Wrong("no such mechanism" if name != "all" else "expected nothing behind all")


def _parse_modifier(word: str, name: str, value: str) -> Term:
    """Of modifiers that nobody knows only the form counts."""
    if name in ("redirect", "exp"):
        domain, has_macro = _domain(value)
        return Term(word, name, domain=domain, has_macro=has_macro)
    if "%" in _MACRO.sub("", value):
        raise _Wrong("expected a macro behind %")
    return Term(word, name)


def _parse_named(word: str, name: str, qualifier: str, rest: str) -> Term:
    named, length4, length6 = rest, 32, 128
    if name in ("a", "mx"):
        found = re.search(r"(?:/[0-9]+)?(?://[0-9]+)?$", rest)
        lengths = found[0] if found else ""
        named = rest.removesuffix(lengths) if lengths else rest
        length4, length6 = _lengths(lengths)
    if not named:
        if name in WITH_DOMAIN:
            raise _Wrong("expected a domain behind it")
        return Term(word, name, qualifier, length4=length4, length6=length6)
    if not named.startswith(":"):
        raise _Wrong("expected a domain or a prefix length behind it")
    domain, has_macro = _domain(named[1:])
    return Term(word, name, qualifier, domain, has_macro, length4=length4, length6=length6)


def _lengths(text: str) -> tuple[int, int]:
    match = _LENGTHS.fullmatch(text)
    length4, length6 = (int(match[1] or 32), int(match[2] or 128)) if match else (99, 999)
    if length4 > 32 or length6 > 128:
        raise _Wrong("expected prefix lengths of at most /32 and //128")
    return length4, length6


def _network(name: str, rest: str) -> Network:
    address, slash, length = rest[1:].partition("/")
    version = 4 if name == "ip4" else 6
    try:
        if rest[:1] != ":" or (slash and not re.fullmatch(r"0|[1-9][0-9]{0,2}", length)) or "%" in address:
            raise ValueError
        network = ip_network(rest[1:], strict=False)
    except ValueError:
        network = None
    if network is None or network.version != version:
        raise _Wrong(f"expected an IPv{version} address or network behind it")
    return network


def _domain(text: str) -> tuple[str, bool]:
    """The name in lower case without its last dot, and whether it holds a macro."""
    without = _MACRO.sub("", text)
    if "%" in without:
        raise _Wrong("expected a macro behind %")
    if without != text:
        return text, True
    labels = text.removesuffix(".").split(".")
    if len(labels) < 2 or not _TOP_LABEL.fullmatch(labels[-1]) or len(text) > MOST_NAME_CHARACTERS:
        raise _Wrong("expected a domain name")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _Wrong("expected a domain name")
    return text.removesuffix(".").lower(), False
