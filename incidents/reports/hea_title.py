"""Which part of a report's title line is the service."""

import re
from collections.abc import Mapping

from incidents.reports.document import NUMBER


def split_title(
    title: str, *, number: str, services: Mapping[str, str], service: str | None = None
) -> tuple[str, str]:
    """(service, subject). `services` maps report codes to names; `service` overrides whatever is known.

    Where neither begins the line: all before the first space that a non-ASCII character
    follows, else all before the last space.
    """
    code = NUMBER.fullmatch(number)
    for known in (service, services.get(code[1]) if code else None):
        if known and (title == known or title.startswith(f"{known} ")):
            return known, title[len(known) :].strip()
    space = re.search(r" (?=[^\x00-\x7f])", title)
    guessed, _, subject = (
        (title[: space.start()], " ", title[space.end() :]) if space else title.rpartition(" ")
    )
    if service is not None:
        return service, subject
    return (guessed.strip(), subject.strip()) if guessed.strip() else (title, "")
