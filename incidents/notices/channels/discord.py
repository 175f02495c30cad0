"""Discord's webhooks: one embed, and nobody is called out to."""

import json
import re
from functools import partial

from incidents.lib.fetch import Response
from incidents.notices.channel import Answer, Channel, Greeting
from incidents.notices.endpoint_words import endpoint_words_for
from incidents.notices.gist import Gist, GistWriter
from incidents.notices.posting import Poster, clean_url_of, judge, post

HOSTS = ("discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com")
MOST_TITLE, MOST_VALUE = 256, 1_024
GOOD, BAD = 0x2E7D32, 0xC62828
NO_MENTIONS: dict[str, list[str]] = {"parse": []}
_MARKUP = re.compile(r"([\\*_~`|>#\[\]()<:-])")


def write(gist: Gist) -> bytes:
    embed = {
        "title": gist.subject[:MOST_TITLE],
        "url": gist.url,
        "description": escape(gist.text),
        "color": GOOD if gist.is_good else BAD,
        "fields": [
            {"name": escape(fact.label)[:MOST_TITLE], "value": escape(fact.value)[:MOST_VALUE]}
            for fact in gist.facts
        ],
        "footer": {"text": f"{gist.page} · {gist.manage_label}: {gist.manage_url}"},
    }
    return _dump({"embeds": [embed], "allowed_mentions": NO_MENTIONS})


def escape(text: str) -> str:
    """Markdown stays text, so that what looks like a link leads nowhere."""
    return _MARKUP.sub(r"\\\1", text)


def greet(greeting: Greeting) -> Answer:
    words = endpoint_words_for(greeting.language)
    content = escape(words.greeting.format(page=greeting.page.name))
    return _judge(post(greeting.endpoint, _dump({"content": content, "allowed_mentions": NO_MENTIONS})))


def _dump(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _judge(response: Response) -> Answer:
    """401 and 404: the webhook was deleted or its token is another one."""
    return judge(response, gone={401, 403, 404, 410}, refused={400, 413}, vendor=True)


def _is_theirs(host: str, path: str) -> bool:
    return host in HOSTS and bool(re.match(r"/api/(v\d+/)?webhooks/\d+/", path))


CHANNEL = Channel(
    "discord",
    partial(clean_url_of, "Discord", _is_theirs),
    partial(GistWriter, write),
    partial(Poster, _judge),
    greet,
)
