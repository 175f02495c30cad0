"""Text messages by Twilio's Messages API: title, state and link in three segments at most."""

import base64
import json
import re
import unicodedata
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from incidents.lib.errors import Refused
from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.outbound import Guard
from incidents.models import Delivery, NoticeKind
from incidents.notices.channel import Answer, Channel, Letter, Outcome
from incidents.notices.gist import Gist, GistWriter
from incidents.notices.posting import CONNECT_MS, TOTAL_MS, USER_AGENT
from incidents.notices.sms_code import CodeWriter

SEGMENTS = 3
# A message of several segments loses some room in each to what joins them.
GSM_ONE, GSM_EACH, UCS_ONE, UCS_EACH = 160, 153, 70, 67
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = str.maketrans("", "", " -().\u2010\u2011\u2013\u2212\u30fc\u3000")
# What Twilio says of a number: it left (STOP), does not exist, cannot take messages, is a landline.
GONE_CODES = frozenset({21610, 21211, 21614, 30005, 30006})
OUR_CODES = frozenset({401, 403})


def write(gist: Gist) -> bytes:
    return fit(gist.subject, f"\n{gist.state}\n{gist.url}").encode()


def fit(title: str, rest: str) -> str:
    """`rest` whole, and as much of `title` as there is room for."""
    text = title + rest
    while segments(text) > SEGMENTS and title:
        title = title.removesuffix("…")[:-1]
        text = f"{title}…{rest}" if title else rest.lstrip()
        title = title and f"{title}…"
    return text


def segments(text: str) -> int:
    """Characters outside the Basic Multilingual Plane are two."""
    is_gsm = _GSM.issuperset(text)
    one, each = (GSM_ONE, GSM_EACH) if is_gsm else (UCS_ONE, UCS_EACH)
    length = len(text) if is_gsm else len(text.encode("utf-16-le")) // 2
    return 1 if length <= one else -(-length // each)


def clean_number(text: str) -> str:
    """As E.164 writes it, of digits in any width; a 0 before the country's own number must be left out by its
    author."""
    number = unicodedata.normalize("NFKC", text).strip().translate(_BETWEEN)
    if not _NUMBER.fullmatch(number):
        message = _("Enter the number with its country code, such as +819012345678.")
        raise Refused(message, field="endpoint")
    return number


class SmsWriter:
    def __init__(self) -> None:
        self._notices = GistWriter(write)
        self._codes = CodeWriter()

    def letter(self, delivery: Delivery) -> Letter:
        is_code = delivery.notice.kind == NoticeKind.CODE
        return (self._codes if is_code else self._notices).letter(delivery)


class TwilioSender:
    def send(self, letter: Letter) -> Answer:
        account = settings.SMS_ACCOUNT
        if account is None:
            return Answer(Outcome.RETRY, "", "no provider of text messages is set up", is_about_us=True)
        form = {"To": letter.recipient, "From": account.sender, "Body": letter.data.decode()}
        login = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()
        request = Request(
            f"{account.api}/2010-04-01/Accounts/{account.sid}/Messages.json",
            method="POST",
            total_ms=TOTAL_MS,
            connect_ms=CONNECT_MS,
            most_redirects=0,
            body=urlencode(form).encode(),
            headers=(
                USER_AGENT,
                "Content-Type: application/x-www-form-urlencoded",
                f"Authorization: Basic {login}",
            ),
        )
        return judge_twilio(fetch_many([request], guard=Guard(settings.ENDPOINTS_ALLOW))[0])

    def close(self) -> None:
        """Nothing is kept open."""


def judge_twilio(response: Response) -> Answer:
    if response.status is None:
        return Answer(Outcome.RETRY, "", response.error[:300], is_about_us=True)
    number, words = _told(response.body)
    code, text = str(number or response.status), words[:300]
    if 200 <= response.status < 300:
        return Answer(Outcome.SENT, str(response.status), text)
    if number in GONE_CODES:
        return Answer(Outcome.GONE, code, text, is_about_recipient=True)
    if response.status in OUR_CODES:
        return Answer(Outcome.RETRY, code, text, is_about_us=True)
    if response.status == 429 or response.status >= 500:
        return Answer(Outcome.RETRY, code, text, asks_patience=True, retry_after=response.retry_after)
    return Answer(Outcome.FAILED, code, text, is_about_recipient=True)


def _told(body: bytes) -> tuple[int, str]:
    """Twilio's own code and sentence; a message that it took carries its id."""
    try:
        parsed = json.loads(body)
        return int(parsed.get("code") or 0), str(parsed.get("message") or parsed.get("sid") or "")
    except (ValueError, AttributeError, TypeError, RecursionError):
        return 0, ""


CHANNEL = Channel("sms", clean_number, SmsWriter, partial(TwilioSender))
