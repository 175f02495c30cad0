"""Mail: who is subscribed, what waits, what was lost and in which words the server refused it."""

import email.policy
from email import message_from_bytes
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from incidents.actions import mail_pause, outbox
from incidents.console.access import StaffRequest, staff_view
from incidents.console.screen import render_screen
from incidents.queries import board

LISTED = 200
FILES = 50


@staff_view
@require_safe
def show_mail(request: StaffRequest) -> HttpResponse:
    is_set_up = settings.MAIL_SERVER is not None
    context = {
        "section": "mail",
        "mail_is_set_up": is_set_up,
        "files": [] if is_set_up else _files(),
        "subscribers": board.subscriber_counts(request.page),
        "health": board.mail_health(request.page),
        "told": board.recent_notices(request.page),
        "lost": board.lost_deliveries(request.page, limit=LISTED),
    }
    return render_screen(request, "console/mail.html", context)


@staff_view
@require_safe
def show_file(request: StaffRequest, name: str) -> HttpResponse:
    """A mail that was written to a file, as plain text; names outside of the folder are unknown."""
    path = next((file for file in _newest() if file.name == name), None)
    if path is None or settings.MAIL_SERVER is not None:
        raise Http404("no such mail")
    context = {"section": "mail", "name": name, "mail": _read(path)}
    return render_screen(request, "console/mail_file.html", context)


@staff_view
@require_POST
def send_held(request: StaffRequest) -> HttpResponse:
    queued = outbox.send_held(request.page, actor=request.user)
    message = ngettext("%(n)s old mail goes out now.", "%(n)s old mails go out now.", queued)
    messages.success(request, message % {"n": queued})
    return redirect("console:dashboard")


@staff_view
@require_POST
def expire_held(request: StaffRequest) -> HttpResponse:
    expired = outbox.expire_held(request.page, actor=request.user)
    message = ngettext("%(n)s old mail will not be sent.", "%(n)s old mails will not be sent.", expired)
    messages.success(request, message % {"n": expired})
    return redirect("console:dashboard")


@staff_view
@require_POST
def let_go_on(request: StaffRequest) -> HttpResponse:
    mails = mail_pause.let_mails_go_on(request.page, actor=request.user)
    message = ngettext(
        "Mails go on. %(n)s that waited goes out now.", "Mails go on. %(n)s that waited go out now.", mails
    )
    messages.success(request, message % {"n": mails})
    return redirect("console:dashboard")


def _files() -> list[dict[str, Any]]:
    return [_read(path) for path in _newest()]


def _newest() -> list[Path]:
    folder = Path(settings.MAIL_DIR)
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[:FILES]


def _read(path: Path) -> dict[str, Any]:
    message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(preferencelist=("plain",)) if hasattr(message, "get_body") else None
    return {
        "name": path.name,
        "to": str(message["To"] or ""),
        "subject": str(message["Subject"] or ""),
        "text": body.get_content() if body else "",
    }
