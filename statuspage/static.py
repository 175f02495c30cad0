"""Static files: collected and compressed once for each change of them, and handed out."""

import hashlib
from wsgiref.headers import Headers as WSGIHeaders

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise import WhiteNoise

from statuspage.answers import Headers
from statuspage.published import Application

# What django-htmx ships beside the one file that pages load.
UNUSED = ("ext", "ht*-4*", "htmax*")
NAMED_BY_CONTENT = r"\.[0-9a-f]{12}\.\w+$"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
    return digest.hexdigest()


def collect_static() -> None:
    """Does nothing where no source has changed: compressing takes longer than all the rest of a start."""
    stamp = settings.STATIC_ROOT / ".collected"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(UNUSED))
    stamp.write_text(now)


def serve_static(application: Application, *, headers: Headers) -> Application:
    """In front of `application`, so that no stylesheet waits for it."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)

    def add_headers(made: WSGIHeaders, path: str, url: str) -> None:
        for name, value in headers:
            made[name] = value

    served: Application = WhiteNoise(
        application,
        root=settings.STATIC_ROOT,
        prefix=settings.STATIC_URL,
        immutable_file_test=NAMED_BY_CONTENT,
        add_headers_function=add_headers,
    )
    return served
