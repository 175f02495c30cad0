"""One HTTP request to one endpoint: through the guard, no redirect followed, ten seconds at most."""

from collections.abc import Callable, Set
from http.client import responses
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from incidents.lib.errors import Refused
from incidents.lib.fetch import REDIRECTS, Request, Response, fetch_many
from incidents.lib.outbound import Guard, check_leads_outside, check_url
from incidents.notices.channel import Answer, Letter, Outcome

TOTAL_MS = 10_000
CONNECT_MS = 5_000
USER_AGENT = "User-Agent: statuspage-notices"
JSON = "Content-Type: application/json"
LONGEST_URL = 2_000
LONGEST_HOST = 240  # with its port; a lane is named after it
VENDOR_WORDS = 100

Judge = Callable[[Response], Answer]


class Poster:
    """Keeps no connection: endpoints are many, and each is asked rarely."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def send(self, letter: Letter) -> Answer:
        return self._judge(post(letter.recipient, letter.data))

    def close(self) -> None:
        """Nothing is kept open."""


def post(
    url: str, body: bytes, *, headers: tuple[str, ...] = (JSON,), total_ms: int | None = None
) -> Response:
    request = Request(
        url,
        method="POST",
        total_ms=total_ms or TOTAL_MS,
        connect_ms=CONNECT_MS,
        most_redirects=0,
        final_statuses=REDIRECTS,
        https_only=not settings.ENDPOINTS_ALLOW,
        body=body,
        headers=(USER_AGENT, *headers),
    )
    return fetch_many([request], guard=_guard())[0]


def clean_url(text: str) -> str:
    """As it is asked for: https, on a port for it, its host in public. Refused names what was expected."""
    try:
        url = check_url(text.strip(), field="endpoint", https_only=not settings.ENDPOINTS_ALLOW)
        too_long = len(url) > LONGEST_URL or len(urlsplit(url).netloc) > LONGEST_HOST
    except Refused:
        too_long = True
    if too_long:
        message = _(
            "Enter an https URL without a user name, on port 443 or 8443, such as https://example.com/hook."
        )
        raise Refused(message, field="endpoint")
    try:
        check_leads_outside(url, guard=_guard(), field="endpoint")
    except Refused:
        message = _("Enter a URL whose host can be reached over the public internet.")
        raise Refused(message, field="endpoint") from None
    return url


def clean_url_of(vendor: str, is_theirs: Callable[[str, str], bool], text: str) -> str:
    """A URL that `is_theirs` by its host and path."""
    url = clean_url(text)
    parts = urlsplit(url)
    if not is_theirs(parts.hostname or "", parts.path) and not _is_allowed_inside(parts.hostname or ""):
        message = _("Enter a webhook URL as %(vendor)s gives it to you.") % {"vendor": vendor}
        raise Refused(message, field="endpoint")
    return url


def judge(
    response: Response, *, gone: Set[int], refused: Set[int] = frozenset(), vendor: bool = False
) -> Answer:
    """By the status alone. What the body says is kept only of a `vendor`: else whoever names a URL could read
    by us what he cannot reach himself."""
    if response.status is None:
        return Answer(Outcome.RETRY, "", response.error[:300], is_about_recipient=True)
    code = str(response.status)
    text = _vendor_words(response) if vendor else ""
    text = text or responses.get(response.status, "")
    if 200 <= response.status < 300:
        return Answer(Outcome.SENT, code, text)
    if response.status in gone:
        return Answer(Outcome.GONE, code, text, is_about_recipient=True)
    if response.status in refused:
        return Answer(Outcome.FAILED, code, text, is_about_recipient=True)
    return Answer(
        Outcome.RETRY,
        code,
        text,
        is_about_recipient=True,
        asks_patience=response.status == 429,
        retry_after=response.retry_after,
    )


def _vendor_words(response: Response) -> str:
    words = response.body.decode(errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:VENDOR_WORDS]


def _guard() -> Guard:
    """Not the monitors' networks: staff choose what monitors ask, anybody may name an endpoint."""
    return Guard(settings.ENDPOINTS_ALLOW)


def _is_allowed_inside(host: str) -> bool:
    return bool(settings.ENDPOINTS_ALLOW) and host == "127.0.0.1"
