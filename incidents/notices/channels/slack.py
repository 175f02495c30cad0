"""Slack's incoming webhooks: blocks."""

import json
from functools import partial
from typing import Any

from incidents.lib.fetch import Response
from incidents.notices.channel import Answer, Channel, Greeting
from incidents.notices.endpoint_words import endpoint_words_for
from incidents.notices.gist import Fact, Gist, GistWriter
from incidents.notices.posting import Poster, clean_url_of, judge, post

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
MOST_TITLE, MOST_FIELD, MOST_FIELDS = 300, 2_000, 10
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write(gist: Gist) -> bytes:
    """`text` is what notifications show. Every text of people is escaped: a channel is not called out to."""
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": _mrkdwn(f"*{escape(gist.subject[:MOST_TITLE])}*")},
        {"type": "section", "fields": [_field(fact) for fact in gist.facts[:MOST_FIELDS]]},
        *([{"type": "section", "text": _mrkdwn(escape(gist.text))}] if gist.text else []),
        {"type": "section", "text": _mrkdwn(f"<{gist.url}|{escape(gist.link_label)}>")},
        {
            "type": "context",
            "elements": [_mrkdwn(f"{escape(gist.page)} · <{gist.manage_url}|{escape(gist.manage_label)}>")],
        },
    ]
    return _dump({"text": escape(gist.subject), "blocks": [one for one in blocks if one.get("fields") != []]})


def escape(text: str) -> str:
    return text.translate(_ESCAPED)


def greet(greeting: Greeting) -> Answer:
    words = endpoint_words_for(greeting.language)
    return _judge(
        post(greeting.endpoint, _dump({"text": escape(words.greeting.format(page=greeting.page.name))}))
    )


def _field(fact: Fact) -> dict[str, str]:
    return _mrkdwn(f"*{escape(fact.label)}*\n{escape(fact.value)}"[:MOST_FIELD])


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _dump(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _judge(response: Response) -> Answer:
    """403 and 404: the webhook, its channel or its workspace is no more; 400: it does not take this message."""
    return judge(response, gone={403, 404, 410}, refused={400, 413}, vendor=True)


def _is_theirs(host: str, path: str) -> bool:
    return host in HOSTS and path.startswith("/services/")


CHANNEL = Channel(
    "slack",
    partial(clean_url_of, "Slack", _is_theirs),
    partial(GistWriter, write),
    partial(Poster, _judge),
    greet,
)
