"""Microsoft Teams: an Adaptive Card for a workflow that posts webhook requests to a channel."""

import json
import re
from functools import partial

from incidents.lib.fetch import Response
from incidents.notices.channel import Answer, Channel, Greeting
from incidents.notices.endpoint_words import endpoint_words_for
from incidents.notices.gist import Gist, GistWriter
from incidents.notices.posting import Poster, clean_url_of, judge, post

HOSTS = (".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com")
_MARKUP = re.compile(r"([\\*_\[\]()`#<>-])")


def write(gist: Gist) -> bytes:
    """A card has no way to call out to people but by an entity list, which is not there."""
    body: list[dict[str, object]] = [
        {
            "type": "TextBlock",
            "text": escape(gist.subject),
            "wrap": True,
            "weight": "Bolder",
            "size": "Medium",
            "color": "Good" if gist.is_good else "Attention",
        },
        {
            "type": "FactSet",
            "facts": [{"title": escape(fact.label), "value": _lines(fact.value)} for fact in gist.facts],
        },
        {"type": "TextBlock", "text": _lines(gist.text), "wrap": True},
        {"type": "TextBlock", "text": escape(gist.page), "wrap": True, "isSubtle": True, "size": "Small"},
    ]
    actions = [
        {"type": "Action.OpenUrl", "title": gist.link_label, "url": gist.url},
        {"type": "Action.OpenUrl", "title": gist.manage_label, "url": gist.manage_url},
    ]
    return _card([one for one in body if one.get("text") != ""], actions)


def escape(text: str) -> str:
    """The Markdown that cards know stays text."""
    return _MARKUP.sub(r"\\\1", text)


def greet(greeting: Greeting) -> Answer:
    text = endpoint_words_for(greeting.language).greeting.format(page=greeting.page.name)
    return _judge(
        post(greeting.endpoint, _card([{"type": "TextBlock", "text": escape(text), "wrap": True}], []))
    )


def _lines(text: str) -> str:
    """A card breaks a line at an empty one only."""
    return "\n\n".join(escape(line) for line in text.splitlines() if line.strip())


def _card(body: list[dict[str, object]], actions: list[dict[str, str]]) -> bytes:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
        "msteams": {"width": "Full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()


def _judge(response: Response) -> Answer:
    """A workflow that was deleted answers 404 or 410; one that is switched off or whose key is another, 401 or
    403. 400 is a card that it cannot post."""
    return judge(response, gone={401, 403, 404, 410}, refused={400, 413}, vendor=True)


def _is_theirs(host: str, path: str) -> bool:
    return host.endswith(HOSTS)


CHANNEL = Channel(
    "teams",
    partial(clean_url_of, "Microsoft Teams", _is_theirs),
    partial(GistWriter, write),
    partial(Poster, _judge),
    greet,
)
