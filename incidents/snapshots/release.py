"""The release that renders: what its files say, not what it calls itself."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings

RENDERED_FROM = ("incidents", "templates")


@cache
def release_key() -> str:
    """Of this process: the code and the templates it renders with."""
    digest = hashlib.sha256()
    for folder in RENDERED_FROM:
        for path in sorted(Path(settings.BASE_DIR, folder).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js", ".mo", ".svg", ".ico"):
                digest.update(path.read_bytes())
    return digest.hexdigest()
