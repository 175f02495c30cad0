"""Webhooks and chats: two are asked before anything is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import endpoint as actions
from incidents.actions import sign_ups
from incidents.actions.leaving import unsubscribe
from incidents.lib.errors import Refused
from incidents.models import Channel, Delivery, Notice, Page, SignUp, Subscriber, SubscriberState, Wish
from incidents.notices import outbox
from incidents.queries.choices import Choices
from incidents.queries.subscribers import unsubscribe_token
from tests import make
from tests.endpoints import Endpoints, Reply, endpoints, owner_token
from tests.smtp import Sink, sink

__all__ = ["endpoints", "sink"]

pytestmark = pytest.mark.django_db
OWNER = "owner@example.com"


@pytest.fixture
def page() -> Page:
    return make.page(languages=["en", "ja"])


def request(page: Page, url: str, **values: Any) -> None:
    given = {"channel": "webhook", "email": OWNER, "choices": Choices("en")}
    actions.request_endpoint(page, endpoint=url, **{**given, **values})


def requested(page: Page, url: str, **values: Any) -> Subscriber:
    request(page, url, **values)
    return Subscriber.objects.get(endpoint=url)


def test_nothing_is_posted_until_the_owner_confirmed_and_the_endpoint_echoed(
    page: Page, endpoints: Endpoints
) -> None:
    reader = requested(page, endpoints.url())
    assert (reader.state, reader.email) == (SubscriberState.PENDING, OWNER)
    make.update(make.incident(page), notify=True)
    outbox.deliver_due()
    assert not endpoints.posted
    actions.confirm_endpoint(owner_token(reader))
    reader.refresh_from_db()
    assert reader.state == SubscriberState.ACTIVE and reader.secret.startswith("whsec_")
    (challenge,) = endpoints.posted
    assert set(challenge.json) == {"type", "challenge"} and challenge.json["type"] == "webhook.verify"


def test_the_owner_is_mailed_a_link_that_tells_no_secret(
    page: Page, endpoints: Endpoints, sink: Sink
) -> None:
    reader = requested(page, endpoints.url("/very/secret"))
    outbox.deliver_due()
    text = sink.received[0].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"/endpoints/{owner_token(reader)}" in text and endpoints.host in text
    assert "very/secret" not in text


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"ok"),
        Reply(200, b'<html>webhook.verify "challenge"</html>'),
        Reply(404),
        Reply(302, headers={"Location": "http://127.0.0.1:1/"}),
        Reply(200, b'{"challenge": "another"}'),
        Reply(200, b"[]"),
    ],
)
def test_an_endpoint_that_does_not_echo_is_not_subscribed(
    page: Page, endpoints: Endpoints, reply: Reply
) -> None:
    reader = requested(page, endpoints.url())
    endpoints.replies["/hook"] = [reply]
    with pytest.raises(Refused):
        actions.confirm_endpoint(owner_token(reader))
    reader.refresh_from_db()
    assert reader.state == SubscriberState.PENDING
    actions.confirm_endpoint(owner_token(reader))
    reader.refresh_from_db()
    assert reader.state == SubscriberState.ACTIVE


def test_an_echo_may_be_the_bare_challenge(page: Page, endpoints: Endpoints) -> None:
    reader = requested(page, endpoints.url())

    def bare(posted: Any) -> Reply:
        return Reply(body=posted.json["challenge"].encode())

    endpoints.reply = bare  # type: ignore[method-assign]
    assert actions.confirm_endpoint(owner_token(reader)).state == SubscriberState.ACTIVE


def test_a_chat_gets_a_first_message(page: Page, endpoints: Endpoints) -> None:
    for name in ("slack", "teams", "discord"):
        reader = requested(page, endpoints.url(f"/{name}"), channel=name)
        actions.confirm_endpoint(owner_token(reader))
        assert page.name in endpoints.to(f"/{name}")[0].body.decode()
    assert Subscriber.objects.filter(state=SubscriberState.ACTIVE).count() == 3


def test_trials_are_counted(page: Page, endpoints: Endpoints) -> None:
    """Else a confirmed address could have us post to a stranger's server as often as it likes."""
    reader = requested(page, endpoints.url())
    endpoints.replies["/hook"] = [Reply(500)] * 20
    for _ in range(15):
        with pytest.raises(Refused):
            actions.confirm_endpoint(owner_token(reader))
    assert len(endpoints.posted) == actions.TRIALS_AN_HOUR


def test_one_address_owns_twenty_at_most(page: Page, endpoints: Endpoints) -> None:
    for number in range(20):
        make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url(f"/{number}"))
    reader = requested(page, endpoints.url())
    with pytest.raises(Refused, match="at most 20"):
        actions.confirm_endpoint(owner_token(reader))
    assert not endpoints.posted


def test_who_asks_for_anothers_pending_endpoint_voids_the_link_and_gains_nothing(
    page: Page, endpoints: Endpoints
) -> None:
    token = owner_token(requested(page, endpoints.url()))
    request(page, endpoints.url(), email="other@example.com")
    with pytest.raises(Refused):
        actions.confirm_endpoint(token)
    assert not endpoints.posted


def test_an_active_endpoint_stays_its_owners(page: Page, endpoints: Endpoints) -> None:
    reader = make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url())
    request(page, endpoints.url(), email="other@example.com")
    reader.refresh_from_db()
    assert (reader.email, reader.state) == (OWNER, SubscriberState.ACTIVE)
    assert not Notice.objects.exists()


def test_asking_again_for_ones_own_mails_the_links_to_it(
    page: Page, endpoints: Endpoints, sink: Sink
) -> None:
    make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url())
    request(page, endpoints.url())
    outbox.deliver_due()
    text = sink.received[0].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "/manage/" in text


def test_a_link_to_each_endpoint_is_mailed_to_its_owner_alone(
    page: Page, endpoints: Endpoints, sink: Sink
) -> None:
    for number, email in enumerate((OWNER, OWNER, "other@example.com")):
        make.subscriber(page, email, channel=Channel.WEBHOOK, endpoint=endpoints.url(f"/{number}"))
    actions.request_links(page, OWNER)
    actions.request_links(page, OWNER)
    actions.request_links(page, "stranger@example.com")
    outbox.deliver_due()
    (mail,) = sink.received
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail.recipient == OWNER and text.count("/manage/") == 2


def test_an_owner_may_subscribe_the_address_itself_beside(page: Page, endpoints: Endpoints) -> None:
    make.subscriber(page, OWNER)
    reader = requested(page, endpoints.url())
    actions.confirm_endpoint(owner_token(reader))
    assert Subscriber.objects.filter(email=OWNER, state=SubscriberState.ACTIVE).count() == 2


def test_leaving_by_the_link_of_a_message_ends_that_endpoint_alone(page: Page, endpoints: Endpoints) -> None:
    readers = [
        make.subscriber(page, OWNER, channel=Channel.WEBHOOK, endpoint=endpoints.url(f"/{n}")) for n in (1, 2)
    ]
    unsubscribe(unsubscribe_token(readers[0]))
    states = Subscriber.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [SubscriberState.UNSUBSCRIBED, SubscriberState.ACTIVE]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://localhost/hook",
        "https://2130706433/hook",
        "https://no-such-host.invalid/hook",
        "https://8.8.8.8:22/hook",
        "http://8.8.8.8/hook",
        "https://user:pass@8.8.8.8/hook",
        "ftp://8.8.8.8/",
        "https://8.8.8.8/\r\nHost: x",
        "https://8.8.8.8/" + "a" * 2100,
        "",
    ],
)
def test_a_url_that_leads_inside_or_is_odd_is_refused_at_saving(page: Page, url: str) -> None:
    with pytest.raises(Refused) as refused:
        request(page, url)
    assert refused.value.field == "endpoint"
    assert not Subscriber.objects.exists()


def test_a_host_too_long_for_the_queue_is_refused_before_it_is_looked_up(page: Page) -> None:
    with pytest.raises(Refused, match="on port 443 or 8443"):
        request(page, f"https://{'.'.join(['a' * 60] * 4)}.example/hook")


def test_the_networks_of_monitors_are_not_open_to_subscribers(page: Page, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ("10.0.0.0/8", "127.0.0.0/8")
    with pytest.raises(Refused):
        request(page, "https://10.1.2.3/hook")


def test_a_flood_of_wishes_for_one_address_is_one_mail(page: Page, endpoints: Endpoints) -> None:
    for number in range(5):
        request(page, endpoints.url(f"/{number}"))
    assert Notice.objects.filter(kind="owner").count() == 1


def test_confirming_makes_room_for_the_next(page: Page, endpoints: Endpoints) -> None:
    actions.confirm_endpoint(owner_token(requested(page, endpoints.url("/1"))))
    assert not SignUp.objects.exists() and sign_ups.ADDRESS_CAPS
    request(page, endpoints.url("/2"))
    assert Notice.objects.filter(kind="owner").count() == 2


def test_an_old_link_is_refused(page: Page, endpoints: Endpoints) -> None:
    reader = requested(page, endpoints.url())
    Wish.objects.update(asked_at=timezone.now() - timedelta(days=8))
    with pytest.raises(Refused, match="expired"):
        actions.confirm_endpoint(owner_token(reader))
    assert not endpoints.posted and Delivery.objects.filter(channel="webhook").count() == 0
