"""Slack, Teams and Discord: their shapes, their escapes, and what their answers mean."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from incidents.lib.errors import Refused
from incidents.models import Channel, Delivery, DeliveryState, Subscriber, SubscriberState
from incidents.notices import outbox
from incidents.notices.channels import discord, slack, teams
from incidents.notices.gist import Fact, Gist
from tests import make
from tests.endpoints import Endpoints, Reply
from tests.smtp import Sink

CHANNELS = {"slack": slack.CHANNEL, "teams": teams.CHANNEL, "discord": discord.CHANNEL}
HOSTILE = "@everyone <!channel> <@U1> [click](https://evil.example) *bold* & _it_"
GIST = Gist(
    language="en",
    page="Example",
    subject="[Incident] [Update 1] Mail is slow (INC-1)",
    state="Investigating",
    facts=(Fact("State", "Investigating"), Fact("Affected services", "Mail: Degraded\nArchive: Down")),
    text="We look into it.",
    url="https://status.example/incidents/INC-1",
    link_label="Latest state",
    manage_url="https://status.example/endpoints",
    manage_label="Change or end these notices",
)
EVIL = replace(GIST, subject=HOSTILE, text=HOSTILE, page=HOSTILE, facts=(Fact(HOSTILE, HOSTILE),))


def card(gist: Gist) -> Any:
    message = json.loads(teams.write(gist))
    assert message["type"] == "message"
    assert message["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    return message["attachments"][0]["content"]


def test_slack_is_told_in_blocks_and_in_the_text_of_its_notification() -> None:
    told = json.loads(slack.write(GIST))
    assert told["text"] == GIST.subject
    assert [block["type"] for block in told["blocks"]] == [
        "section",
        "section",
        "section",
        "section",
        "context",
    ]
    assert told["blocks"][1]["fields"][0] == {"type": "mrkdwn", "text": "*State*\nInvestigating"}
    assert told["blocks"][3]["text"]["text"] == f"<{GIST.url}|Latest state>"


def test_slack_calls_out_to_nobody() -> None:
    text = slack.write(EVIL).decode()
    assert "<!channel" not in text and "<@U1" not in text
    told = json.loads(text)
    assert told["text"].startswith("@everyone &lt;!channel&gt; &lt;@U1&gt;") and "&amp;" in told["text"]


def test_discord_is_told_in_one_embed_and_calls_out_to_nobody() -> None:
    told = json.loads(discord.write(GIST))
    (embed,) = told["embeds"]
    assert (embed["title"], embed["url"]) == (GIST.subject, GIST.url)
    assert [field["name"] for field in embed["fields"]] == ["State", "Affected services"]
    hostile = json.loads(discord.write(EVIL))
    assert hostile["allowed_mentions"] == {"parse": []}
    assert "](" not in hostile["embeds"][0]["description"] and "content" not in hostile


def test_teams_is_told_in_an_adaptive_card() -> None:
    told = card(GIST)
    assert (told["type"], told["version"]) == ("AdaptiveCard", "1.4")
    assert told["body"][1]["facts"][1]["value"] == "Mail: Degraded\n\nArchive: Down"
    assert [action["url"] for action in told["actions"]] == [GIST.url, GIST.manage_url]
    hostile = json.dumps(card(EVIL))
    assert "](" not in hostile and "<at>" not in hostile and "entities" not in hostile


@pytest.mark.parametrize("write", [slack.write, discord.write, teams.write])
def test_long_texts_keep_the_vendors_limits(write: Any) -> None:
    long = replace(GIST, subject="長" * 400, text="長" * 1000, facts=(Fact("長" * 300, "長" * 5000),) * 12)
    told = json.loads(write(long))
    if "blocks" in told:
        assert len(told["blocks"][0]["text"]["text"]) <= 3000 and len(told["blocks"][1]["fields"]) <= 10
        assert all(len(field["text"]) <= 2000 for field in told["blocks"][1]["fields"])
    if "embeds" in told:
        assert len(told["embeds"][0]["title"]) <= 256
        assert all(len(field["value"]) <= 1024 for field in told["embeds"][0]["fields"])


GOOD_URLS = [
    ("slack", "https://hooks.slack.com/services/T000/B000/XXXX"),
    ("discord", "https://discord.com/api/webhooks/123/abc-DEF"),
    ("teams", "https://example.webhook.office.com/webhookb2/x"),
    (
        "teams",
        "https://prod-1.japaneast.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=a%2Fb",
    ),
    ("teams", "https://default0.1.environment.api.powerplatform.com/powerautomate/x?sig=1"),
]


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's own part: every name is at a public address."""
    monkeypatch.setattr("incidents.lib.outbound._addresses", lambda _host: ["8.8.8.8"])


@pytest.mark.parametrize(("name", "url"), GOOD_URLS)
def test_a_vendors_own_url_is_taken_as_it_is(resolving: None, name: str, url: str) -> None:
    assert CHANNELS[name].clean(f" {url} ") == url


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/services/T/B/X",
        "https://hooks.slack.com.evil.example/services/T/B/X",
        "https://discord.com/channels/1/2",
        "https://hooks.slack.com/triggers/T/1/2",
        "https://webhook.office.com.evil.example/x",
        "http://hooks.slack.com/services/T/B/X",
        "https://user@hooks.slack.com/services/T/B/X",
        "https://hooks.slack.com:8080/services/T/B/X",
        "https://127.0.0.1/api/webhooks/1/x",
        "not a url",
    ],
)
def test_any_other_url_is_refused_by_name(resolving: None, name: str, url: str) -> None:
    with pytest.raises(Refused) as refused:
        CHANNELS[name].clean(url)
    assert refused.value.field == "endpoint"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "status", "body", "state"),
    [
        ("slack", 200, b"ok", DeliveryState.SENT),
        ("slack", 404, b"no_service", "gone"),
        ("slack", 403, b"action_prohibited", "gone"),
        ("slack", 410, b"channel_is_archived", "gone"),
        ("slack", 400, b"invalid_blocks", DeliveryState.FAILED),
        ("slack", 500, b"rollup_error", DeliveryState.QUEUED),
        ("discord", 204, b"", DeliveryState.SENT),
        ("discord", 404, b'{"message": "Unknown Webhook", "code": 10015}', "gone"),
        ("discord", 401, b'{"message": "Invalid Webhook Token"}', "gone"),
        ("discord", 429, b'{"retry_after": 3.2}', DeliveryState.QUEUED),
        ("teams", 202, b"", DeliveryState.SENT),
        ("teams", 404, b'{"error": {"code": "WorkflowNotFound"}}', "gone"),
        ("teams", 401, b"", "gone"),
        ("teams", 502, b"", DeliveryState.QUEUED),
    ],
)
def test_what_a_vendor_answers(
    endpoints: Endpoints, sink: Sink, name: str, status: int, body: bytes, state: str
) -> None:
    page = make.page()
    reader = make.subscriber(page, "owner@example.com", channel=Channel(name), endpoint=endpoints.url())
    make.update(make.incident(page), notify=True)
    make_due()
    endpoints.replies["/hook"] = [Reply(status, b"" if status == 204 else body)]
    outbox.deliver_due()
    outbox.deliver_due()
    reader.refresh_from_db()
    delivery = Delivery.objects.get(channel=name)
    assert delivery.state == (DeliveryState.FAILED if state == "gone" else state)
    assert (reader.state == SubscriberState.DISABLED) == (state == "gone")
    assert sink.copies == ({"owner@example.com": 1} if state == "gone" else {})
    if body and state != DeliveryState.SENT:
        assert body.decode()[:20] in delivery.last_reply


@pytest.mark.django_db
def test_a_chat_is_told_in_the_language_and_the_zone_of_its_owner(endpoints: Endpoints) -> None:
    page = make.page(languages=["ja", "en"], time_zone="Asia/Tokyo")
    for path, language, zone in (("/ja", "ja", ""), ("/en", "en", "Europe/London")):
        make.subscriber(
            page,
            "owner@example.com",
            channel=Channel.SLACK,
            endpoint=endpoints.url(path),
            language=language,
            time_zone=zone,
        )
    incident = make.incident(page)
    make.update(incident, next_update_at=make.jst("2030-01-01 21:00"), notify=True)
    make_due()
    assert outbox.deliver_due() == 2
    japanese, english = (endpoints.to(path)[0].body.decode() for path in ("/ja", "/en"))
    assert "【障害】【第1報】" in japanese and "21:00（日本時間）" in japanese and "調査中" in japanese
    assert "[Incident] [Update 1]" in english and "12:00 GMT" in english
    assert f"/en/incidents/{incident.reference}" in english


def make_due() -> None:
    for subscriber in Subscriber.objects.all():
        subscriber.deliveries.filter(state="queued").update(next_attempt_at=timezone.now())


@pytest.mark.django_db
def test_maintenance_and_reports_are_told_too(endpoints: Endpoints) -> None:
    page = make.page()
    make.subscriber(page, "owner@example.com", channel=Channel.DISCORD, endpoint=endpoints.url())
    make.maintenance(page, notify=True)
    make_due()
    assert outbox.deliver_due() == 1
    (embed,) = endpoints.posted[0].json["embeds"]
    assert embed["title"].startswith("【メンテナンス】【予定】")
    assert "実施予定日時" in [field["name"] for field in embed["fields"]]
