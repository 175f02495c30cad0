"""A past report from a file as it lies somewhere: always its text edition, which people can correct."""

from incidents.lib.errors import Refused

LARGEST_BYTES = 5_000_000
LONGEST_TEXT = 100_000
_KNOWN = ".txt"


def text_of(name: str, data: bytes) -> str:
    """Refused (field `file`) what is too large, or is no report that can be read."""
    if len(data) > LARGEST_BYTES:
        raise Refused(f"expected a file of at most {LARGEST_BYTES // 1_000_000} MB", field="file")
    text = _decode(name, data)
    if len(text) > LONGEST_TEXT:
        raise Refused(f"expected at most {LONGEST_TEXT} characters", field="file")
    return text


def _decode(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(f"expected text in UTF-8; line {line} is not", field="file") from None
    if "\0" in text:
        raise Refused("expected text in UTF-8", field="file")
    return text.replace("\r\n", "\n")
