"""What may happen to the webhooks and chats that notices are posted to.

Two are asked before anything is sent: the mail address of who named the endpoint, and the endpoint itself.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import sign_ups
from incidents.actions.choosing import check_choices
from incidents.actions.personal import lock, new_nonce, record, send_mail
from incidents.actions.sign_ups import FEW_A_DAY, is_allowed
from incidents.actions.subscriber import NOWHERE, Origin, begin
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Channel,
    Delivery,
    NoticeKind,
    Page,
    Subscriber,
    SubscriberState,
    Wish,
    WishState,
)
from incidents.notices.channel import Answer, Greeting, Outcome
from incidents.notices.channels.webhook import new_secret
from incidents.notices.registry import CHANNELS
from incidents.queries import endpoints, subscribers
from incidents.queries.choices import Choices
from incidents.queries.subscribers import ConfirmLink, LinkState
from incidents.queries.suppressions import is_suppressed

MOST_OF_ONE_ADDRESS = 20
TRIALS_AN_HOUR = 10
FORMER_SECRET_LIFE = timedelta(hours=24)
TRIAL = "try_endpoint"


def request_endpoint(
    page: Page,
    *,
    channel: str,
    endpoint: str,
    email: str,
    choices: Choices,
    origin: Origin = NOWHERE,
) -> str:
    """Asks the owner's address to confirm; answers the endpoint as it is stored. Refused for an endpoint that
    leads inside or is none of the channel's; beyond that it tells nothing of the endpoint or the address."""
    if channel not in CHANNELS or channel in (Channel.EMAIL, Channel.SMS):
        raise Refused(_("Choose where notices are to be posted."), field="channel")
    address, url = clean_address(email), CHANNELS[channel].clean(endpoint)
    with transaction.atomic():
        check_choices(page, choices)
        if is_suppressed(address):
            return url
        found, _is_new = Subscriber.objects.get_or_create(
            page=page, channel=channel, endpoint=url, defaults={"email": address}
        )
        subscriber = lock(found)
        if subscriber.state == SubscriberState.ACTIVE:
            if subscriber.email == address:
                _mail_list(page, address)
        elif sign_ups.take_place(page, address, network=origin.network):
            _ask_owner(subscriber, address, choices, origin)
    return url


def confirm_endpoint(token: str) -> Subscriber:
    """Greets the endpoint and, if it takes the greeting, begins to send there. Refused with the reason otherwise:
    the owner may mend it and try again."""
    with transaction.atomic():
        link = _held(token)
        if link.state is LinkState.DONE:
            return link.wish.subscriber
        subscriber = _admit(link)
    # No transaction is open while the endpoint is waited for.
    answer = _greet(subscriber)
    if answer.outcome is not Outcome.SENT:
        raise Refused(_say(answer), field="endpoint")
    with transaction.atomic():
        link = _held(token)
        if link.state is LinkState.VALID:
            _begin(link.wish)
    return link.wish.subscriber


@transaction.atomic
def send_owner_link_again(token: str, *, origin: Origin = NOWHERE) -> None:
    """Sends another link for the same wish to the address that an expired one was sent to."""
    wish = _held(token).wish
    subscriber = wish.subscriber
    if not endpoints.can_be_sent_again(wish) or is_suppressed(subscriber.email):
        return
    if sign_ups.take_place(subscriber.page, subscriber.email, network=origin.network):
        again = Origin(wish.source, origin.network)
        _ask_owner(subscriber, subscriber.email, Choices.from_json(wish.choices), again)


@transaction.atomic
def request_links(page: Page, email: str) -> None:
    """Mails a link to each endpoint of the address; tells nothing about the address."""
    _mail_list(page, clean_address(email))


@transaction.atomic
def renew_secret(token: str) -> Subscriber:
    """Uses the link up. For a day the former secret signs too, so that the receiver need not change at the same
    moment."""
    link = subscribers.find_managing(token)
    if link is not None:
        lock(link.subscriber)
        link = subscribers.find_managing(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    subscriber = link.subscriber
    if link.state is not LinkState.VALID or subscriber.channel != Channel.WEBHOOK:
        raise Refused(_("This link has expired."))
    subscriber.former_secret, subscriber.secret = subscriber.secret, new_secret()
    subscriber.former_secret_until = timezone.now() + FORMER_SECRET_LIFE
    subscriber.manage_nonce = ""
    subscriber.save(update_fields=["former_secret", "secret", "former_secret_until", "manage_nonce"])
    record("renew_secret", subscriber)
    return subscriber


def _ask_owner(subscriber: Subscriber, address: str, choices: Choices, origin: Origin) -> None:
    """Whoever asked before for an endpoint that is not subscribed has a link that leads nowhere now."""
    subscriber.wishes.filter(state=WishState.OPEN).update(state=WishState.VOID)
    subscriber.email, subscriber.state = address, SubscriberState.PENDING
    subscriber.language = choices.language
    subscriber.api_id = endpoints.api_id(subscriber.page, subscriber.channel, subscriber.endpoint)
    subscriber.secret = new_secret() if subscriber.channel == Channel.WEBHOOK else ""
    subscriber.former_secret, subscriber.former_secret_until = "", None
    subscriber.save()
    wish = Wish.objects.create(
        subscriber=subscriber,
        choices=choices.as_json(),
        source=origin.source,
        requested_from=origin.network,
    )
    send_mail(NoticeKind.OWNER, subscriber, wish=wish)


def _held(token: str) -> ConfirmLink:
    """Judged again once its subscriber is held."""
    link = endpoints.find_owning(token)
    if link is not None:
        lock(link.wish.subscriber)
        link = endpoints.find_owning(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    return link


def _admit(link: ConfirmLink) -> Subscriber:
    """Counts the trial: else we could be used to flood somebody's server."""
    if link.state is not LinkState.VALID or is_suppressed(link.wish.subscriber.email):
        raise Refused(_("This link has expired."))
    subscriber, now = link.wish.subscriber, timezone.now()
    owned = Subscriber.objects.filter(email=subscriber.email, state=SubscriberState.ACTIVE)
    if owned.exclude(channel=Channel.EMAIL).count() >= MOST_OF_ONE_ADDRESS:
        message = _("One address can own at most %(most)d webhooks and chats. End one of them first.")
        raise Refused(message % {"most": MOST_OF_ONE_ADDRESS})
    tried = AuditEntry.objects.filter(action=TRIAL, object_type="subscriber", object_id=str(subscriber.pk))
    if tried.filter(at__gt=now - timedelta(hours=1)).count() >= TRIALS_AN_HOUR:
        raise Refused(_("This was tried too often. Try again in an hour."))
    record(TRIAL, subscriber)
    return subscriber


def _greet(subscriber: Subscriber) -> Answer:
    greet: Callable[[Greeting], Answer] | None = CHANNELS[subscriber.channel].greet
    assert greet is not None
    return greet(
        Greeting(
            endpoint=subscriber.endpoint,
            secret=subscriber.secret,
            challenge=secrets.token_urlsafe(32),
            page=subscriber.page,
            language=subscriber.language,
        )
    )


def _say(answer: Answer) -> str:
    """What its owner may know of the answer: the status, never a body."""
    if answer.outcome is Outcome.FAILED and answer.text == "no echo":
        return _("The endpoint answered %(code)s, but did not return the challenge.") % {"code": answer.code}
    if answer.code:
        return _("The endpoint answered %(code)s instead of 200.") % {"code": answer.code}
    return _("The endpoint did not answer.")


def _begin(wish: Wish) -> None:
    begin(wish)
    wish.state = WishState.DONE
    wish.save(update_fields=["state"])


def _mail_list(page: Page, address: str) -> None:
    owned = list(endpoints.of_owner(page, address).select_for_update(of=("self",)))
    now = timezone.now()
    since = now - max(span for _count, span in FEW_A_DAY)
    lists = Delivery.objects.filter(notice__kind=NoticeKind.ENDPOINTS, notice__created_at__gt=since)
    sent_at = lists.filter(subscriber__email=address).values_list("notice__created_at", flat=True)
    if not owned or not is_allowed(sent_at, now=now, caps=FEW_A_DAY):
        return
    for subscriber in owned:
        subscriber.manage_nonce, subscriber.manage_sent_at = new_nonce(), now
        subscriber.save(update_fields=["manage_nonce", "manage_sent_at"])
    send_mail(NoticeKind.ENDPOINTS, owned[0])
