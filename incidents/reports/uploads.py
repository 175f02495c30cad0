"""A past report from a file as it lies somewhere: always as its text edition, which people can correct."""

from incidents.lib.errors import Refused
from incidents.reports.reading import read_words

LARGEST_BYTES = 5_000_000
LONGEST_TEXT = 100_000


def text_of(data: bytes) -> str:
    """Refused what is too large, or no file of a report."""
    if len(data) > LARGEST_BYTES:
        raise Refused(f"expected a file of at most {LARGEST_BYTES // 1_000_000} MB")
    text = read_words(data).removeprefix("\ufeff").replace("\r\n", "\n")
    if "\0" in text:
        raise Refused("expected text in UTF-8")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"expected at most {LONGEST_TEXT} characters")
    return text
