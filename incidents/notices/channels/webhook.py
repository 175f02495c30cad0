"""Webhooks in Statuspage's shape, signed as Standard Webhooks asks; docs/webhooks.md."""

import base64
import json
import secrets
import time
from collections.abc import Iterable

from incidents.lib.fetch import Response
from incidents.lib.standard_webhooks import PREFIX, sign
from incidents.notices.channel import Answer, Channel, Greeting, Letter, Outcome
from incidents.notices.payload import PayloadWriter
from incidents.notices.posting import JSON, clean_url, judge, post

SECRET_BYTES = 32
GREETING_MS = 5_000


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(keys: Iterable[str], message_id: str, body: bytes, *, at: int) -> tuple[str, ...]:
    """One signature a key: receivers take what any of them verifies. `at` is in seconds of the epoch: receivers
    refuse what is older than five minutes, so each attempt has its own, under the same id."""
    signatures = (sign(key, message_id=message_id, stamp=str(at), body=body) for key in keys)
    return (
        JSON,
        f"webhook-id: {message_id}",
        f"webhook-timestamp: {at}",
        f"webhook-signature: {' '.join(signatures)}",
    )


class WebhookSender:
    """What follows the first message has ids of its own; a retry repeats all of them."""

    def send(self, letter: Letter) -> Answer:
        for number, body in enumerate((letter.data, *letter.more)):
            message_id = f"{letter.name}-{number}" if number else letter.name
            headers = signed_headers(letter.secrets, message_id, body, at=int(time.time()))
            answer = _judge(post(letter.recipient, body, headers=headers))
            if answer.outcome is not Outcome.SENT:
                break
        return answer

    def close(self) -> None:
        """Nothing is kept open."""


def greet(greeting: Greeting) -> Answer:
    """Sent if the endpoint echoes the challenge: whoever runs it wants to hear from us."""
    content = {"type": "webhook.verify", "challenge": greeting.challenge}
    body = json.dumps(content).encode()
    headers = signed_headers([greeting.secret], f"verify-{secrets.token_hex(8)}", body, at=int(time.time()))
    response = post(greeting.endpoint, body, headers=headers, total_ms=GREETING_MS)
    answer = _judge(response)
    if answer.outcome is Outcome.SENT and not _echoes(response.body, greeting.challenge):
        return Answer(Outcome.FAILED, answer.code, "no echo")
    return answer


def _echoes(body: bytes, challenge: str) -> bool:
    """The challenge alone, or as `challenge` in a JSON object: a page that happens to repeat it is no yes."""
    text = body.decode(errors="replace").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = text
    return (parsed.get("challenge") if isinstance(parsed, dict) else parsed) == challenge


def _judge(response: Response) -> Answer:
    return judge(response, gone={410})


CHANNEL = Channel("webhook", clean_url, PayloadWriter, WebhookSender, greet)
