"""Topics of Amazon SNS: whose messages a source takes, and how Amazon is asked."""

import logging
from functools import lru_cache

from incidents.actions.alert import pin_topic
from incidents.lib.errors import Refused
from incidents.lib.fetch import Request, fetch_many
from incidents.lib.outbound import Guard
from incidents.lib.sns import check_host
from incidents.models import AlertSource

LONGEST_TOPIC = 300
LARGEST_CERTIFICATE = 20_000

log = logging.getLogger(__name__)


def check_topic(source: AlertSource, topic: str) -> None:
    """Refused for any topic but the one whose signed message came first: anybody may have Amazon sign one of
    theirs."""
    if not topic.startswith("arn:") or len(topic) > LONGEST_TOPIC:
        raise Refused("expected the name of a topic", field="TopicArn")
    if (source.topic or pin_topic(source, topic)) != topic:
        raise Refused("expected a message of the topic that was confirmed", field="TopicArn")


@lru_cache(maxsize=16)
def certificate_at(url: str) -> bytes:
    """The certificate at one of Amazon's addresses; they stay the same for months."""
    (response,) = fetch_many([_request(check_host(url))], guard=Guard())
    if response.status != 200 or len(response.body) > LARGEST_CERTIFICATE:
        raise Refused("the certificate cannot be had")
    return response.body


def confirm(url: str) -> None:
    """Asks once. One that fails is sent again by Amazon."""
    (response,) = fetch_many([_request(check_host(url))], guard=Guard())
    if response.status != 200:
        log.warning(
            "a subscription of Amazon SNS could not be confirmed: %s", response.error or response.status
        )


def _request(url: str) -> Request:
    return Request(url=url, https_only=True, most_redirects=0)
