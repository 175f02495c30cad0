"""Which mail addresses we write to: stricter than RFC 5321, so that none can carry a trick."""

import re
import unicodedata

from django.utils.translation import gettext as _

from incidents.lib.errors import Refused

MAX_BYTES = 254
MAX_LOCAL_BYTES = 64
_CONTROLS = ("Cc", "Cf", "Zl", "Zp")  # those that nobody sees count as well
_GMAIL = ("gmail.com", "googlemail.com")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{}~-]+)*")
_USUAL = re.compile(r"[a-z0-9_]{1,32}([.+-][a-z0-9_]{1,16}){0,2}@([a-z0-9]{1,40}\.){1,4}[a-z]{2,20}")
_ANY = re.compile(r"[^\s<>()\[\]\",;:=]{1,64}@[^\s<>()\[\]\",;:=]{1,190}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def clean_address(text: str) -> str:
    """The address in lower case, its domain as A-labels; Refused(field="email") says what is wrong."""
    address = text.strip(" \t\u3000")
    if not address:
        raise _refused(_("Enter an email address."))
    if any(unicodedata.category(char) in _CONTROLS for char in address):
        raise _refused(_("An email address cannot hold line breaks or control characters."))
    if len(address) > MAX_BYTES:
        raise _refused(_("An email address has at most 254 characters."))
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise _refused(_("An email address has the form name@example.com."))
    clean = f"{_clean_local(local.lower())}@{_clean_domain(domain.lower())}"
    if len(clean) > MAX_BYTES:
        raise _refused(_("An email address has at most 254 characters."))
    return clean


def is_clean(address: str) -> bool:
    """Whether `address` is as `clean_address` leaves it, and so may stand in a header. Asked for each mail."""
    if _USUAL.fullmatch(address):
        return True
    try:
        return clean_address(address) == address
    except Refused:
        return False


def mask(address: str) -> str:
    """Enough for its owner to know it by: a link may have been passed on."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def mailbox_of(address: str) -> str:
    """What an address is counted by: of Gmail's, the many spellings of one mailbox are one. For counters only."""
    local, _at, domain = address.rpartition("@")
    if domain in _GMAIL:
        local, domain = local.partition("+")[0].replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def without(address: str, text: str) -> str:
    """The text with a … for each place where a clean address stands, alone and not within another."""
    pattern = rf"(?<![\w.!#$%&'*+/=?^`{{}}~-]){re.escape(address)}(?![\w-]|\.\w)"
    return re.sub(pattern, "…", text, flags=re.IGNORECASE)


def without_any(text: str) -> str:
    """The text with a … for each address in it."""
    return _ANY.sub("…", text)


def _clean_local(local: str) -> str:
    if local.startswith("-"):
        raise _refused(_("An email address cannot begin with a hyphen."))
    if not local.isascii():
        raise _refused(_("Only ASCII characters can stand before the @."))
    if '"' in local:
        raise _refused(_("An email address with quotation marks cannot be used."))
    if len(local) > MAX_LOCAL_BYTES:
        raise _refused(_("An email address has at most 64 characters before the @."))
    if not _LOCAL.fullmatch(local):
        raise _refused(_("An email address has the form name@example.com."))
    return local


def _clean_domain(domain: str) -> str:
    if domain.startswith("["):
        raise _refused(_("Write the domain's name instead of an IP address."))
    try:
        labels = domain.encode("idna").decode("ascii").lower().split(".")
    except UnicodeError:
        raise _refused(_("The part after the @ is not a domain name.")) from None
    if len(labels) < 2:
        raise _refused(_("The domain after the @ needs a dot, as in example.com."))
    if labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(_("The part after the @ is not a domain name."))
    return ".".join(labels)


def _refused(message: str) -> Refused:
    return Refused(message, field="email")
