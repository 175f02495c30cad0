"""Where what is published lies on disk: a directory for each host, a file for each address.

Addresses and hosts come from our own slugs and settings; the guards are for the day when they do not.
"""

import re
from pathlib import Path

HTML_TYPE = "text/html"
LONGEST_NAME = 200
"""In bytes, which are characters here; file systems take 255, and endings are put on."""

_HOST = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-f:.]{2,45}\]")
_FOLDER = re.compile(r"[A-Za-z0-9_~-]+|\.well-known")
_NAME = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*")
_TWINS = (".gz", ".br")


class UnfitName(ValueError):
    """No directory or file may be named so."""


def host_directory(root: Path, host: str) -> Path:
    """Raises UnfitName."""
    name = host.lower()
    if not _HOST.fullmatch(name):
        raise UnfitName(f"{host!r} is no host")
    return root / name


def file_name(address: str, content_type: str) -> str:
    """What a plain file server looks for: "/en/" is en/index.html, "/history" is history.html, others keep
    their names.

    Raises UnfitName. No folder has a dot in its name and every file has one, so that none is in another's way.
    """
    *folders, name = address.removeprefix("/").split("/")
    if content_type.startswith(HTML_TYPE):
        name = f"{name}.html" if name else "index.html"
    if not (address.startswith("/") and all(map(_FOLDER.fullmatch, folders)) and _is_file_name(name)):
        raise UnfitName(f"{address!r} of type {content_type} is no file")
    return "/".join([*folders, name])


def _is_file_name(name: str) -> bool:
    fits = _NAME.fullmatch(name) and "." in name and not name.endswith(_TWINS)
    return bool(fits) and len(name) <= LONGEST_NAME
