"""What may happen to a subscription, and what is mailed for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from incidents.actions import leaving, sign_ups
from incidents.actions import subscriber as actions
from incidents.actions.subscriber import Origin
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    Follow,
    Notice,
    Page,
    ServiceGroup,
    SignUp,
    Subscriber,
    SubscriberState,
    Wish,
)
from incidents.notices import fanout
from incidents.queries import subscribers
from incidents.queries.choices import Choices, choices_of
from incidents.queries.subscribers import LinkState
from tests.at_once import run_at_once
from tests.make_notices import make_incident, make_page, make_service, make_subscriber, make_update

pytestmark = pytest.mark.django_db

ADDRESS = "reader@example.com"


@pytest.fixture
def page() -> Page:
    return make_page()


def ask(page: Page, email: str = ADDRESS, *, network: str = "", **chosen: Any) -> Subscriber:
    choices = Choices(**{"language": "ja", **chosen})
    actions.subscribe(page, email=email, choices=choices, origin=Origin("form", network))
    return Subscriber.objects.get(page=page, email=email.lower())


def token_of(subscriber: Subscriber) -> str:
    """That of the mail sent last."""
    return subscribers.confirm_token(subscriber.wishes.latest("pk"))


def confirmed(page: Page, email: str = ADDRESS, **chosen: Any) -> Subscriber:
    actions.confirm(token_of(ask(page, email, **chosen)))
    return Subscriber.objects.get(page=page, email=email)


def mailed(kind: str) -> int:
    return Notice.objects.filter(kind=kind).count()


def let_pass(span: timedelta) -> None:
    """As if everything so far had happened that much earlier."""
    for model, field in ((Notice, "created_at"), (Wish, "asked_at"), (SignUp, "at")):
        model.objects.update(**{field: F(field) - span})
    Subscriber.objects.update(manage_sent_at=F("manage_sent_at") - span)


def test_a_new_address_is_pending_until_it_confirms(page: Page) -> None:
    subscriber = ask(page, "Reader@Example.COM")
    assert (subscriber.email, subscriber.state) == (ADDRESS, SubscriberState.PENDING)
    assert mailed("confirm") == 1
    actions.confirm(token_of(subscriber))
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.ACTIVE
    assert subscriber.confirmed_at is not None


def test_a_request_changes_nothing_before_its_link_is_confirmed(page: Page) -> None:
    archive, _other = make_service(page), make_service(page, "Web filter")
    subscriber = ask(page, language="en", services=(archive.pk,), kinds=("incidents",), stages="ends")
    assert subscriber.services.count() == 0
    actions.confirm(token_of(subscriber))
    subscriber.refresh_from_db()
    assert (subscriber.language, subscriber.all_services, subscriber.stages) == ("en", False, "ends")
    assert list(subscriber.services.all()) == [archive]
    assert (subscriber.wants_incidents, subscriber.wants_maintenance) == (True, False)


def test_the_choices_confirmed_are_those_of_the_link_that_was_opened(page: Page) -> None:
    """Whoever asks for somebody else's address in between changes nothing of what the owner confirms."""
    archive = make_service(page)
    mine = token_of(ask(page, services=(archive.pk,), time_zone="Asia/Kathmandu"))
    let_pass(timedelta(minutes=11))
    theirs = token_of(ask(page, kinds=("reports",), language="en"))
    assert mine != theirs
    actions.confirm(mine)
    subscriber = Subscriber.objects.get()
    assert choices_of(subscriber) == Choices("ja", services=(archive.pk,), time_zone="Asia/Kathmandu")
    actions.confirm(theirs)
    assert choices_of(Subscriber.objects.get()) == choices_of(subscriber)


def test_the_proof_of_consent_is_kept(page: Page) -> None:
    actions.confirm(token_of(ask(page, network="192.0.2.0/24")))
    subscriber = Subscriber.objects.get()
    assert (subscriber.consent_source, subscriber.requested_from) == ("form", "192.0.2.0/24")


def test_a_group_can_be_chosen_and_one_of_another_page_cannot(page: Page) -> None:
    group = ServiceGroup.objects.create(page=page, name="Security")
    foreign = ServiceGroup.objects.create(page=make_page(host="other.example"), name="Foreign")
    assert list(confirmed(page, services=(), groups=(group.pk,)).groups.all()) == [group]
    with pytest.raises(Refused):
        ask(page, "other@example.com", services=(), groups=(foreign.pk,))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "a@localhost"}, "email"),
        ({"language": "fr"}, "language"),
        ({"services": ()}, "services"),
        ({"services": (999_999,)}, "services"),
        ({"services": (), "groups": (999_999,)}, "services"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("gossip",)}, "kinds"),
        ({"stages": "some"}, "stages"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_bad_input_names_its_field_and_saves_nothing(page: Page, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(page, **fields)
    assert refused.value.field == field
    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()


def test_a_pending_address_is_asked_once_in_ten_minutes_and_three_times_a_day(page: Page) -> None:
    for _ in range(3):
        ask(page)
    assert mailed("confirm") == 1
    for expected in (2, 3, 3, 3):
        let_pass(timedelta(minutes=11))
        ask(page)
        assert mailed("confirm") == expected
    let_pass(timedelta(days=1))
    ask(page)
    assert mailed("confirm") == 4


def test_an_active_address_hears_once_a_day_that_it_is_subscribed_and_keeps_its_choices(page: Page) -> None:
    make_subscriber(page, ADDRESS)
    for _ in range(2):
        subscriber = ask(page, language="en")
    assert (mailed("already"), mailed("confirm")) == (1, 0)
    assert (subscriber.state, subscriber.language) == (SubscriberState.ACTIVE, "ja")


def test_who_left_can_come_back_by_confirming_again(page: Page) -> None:
    gone = make_subscriber(page, ADDRESS, state=SubscriberState.UNSUBSCRIBED)
    subscriber = ask(page)
    assert (subscriber.pk, subscriber.state) == (gone.pk, SubscriberState.UNSUBSCRIBED)
    actions.confirm(token_of(subscriber))
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_one_network_asks_for_ten_addresses_in_ten_minutes(page: Page) -> None:
    for number in range(12):
        ask(page, f"a@{number}.example", network="192.0.2.0/24")
    assert mailed("confirm") == 10
    ask(page, "b@one.example", network="198.51.100.0/24")
    assert mailed("confirm") == 11
    let_pass(timedelta(minutes=11))
    ask(page, "a@11.example", network="192.0.2.0/24")
    assert mailed("confirm") == 12


def test_the_spellings_of_one_gmail_box_are_counted_as_one(page: Page) -> None:
    for email in ("re.ader@gmail.com", "reader+news@gmail.com", "READER@googlemail.com"):
        ask(page, email)
    assert mailed("confirm") == 1
    assert not SignUp.objects.filter(address__contains="reader").exists()


def test_asking_in_vain_keeps_nobody_from_being_subscribed_later(page: Page) -> None:
    for _ in range(50):
        ask(page)
    let_pass(timedelta(minutes=11))
    ask(page)
    assert mailed("confirm") == 2


def test_what_the_owner_confirmed_counts_against_nobody(page: Page) -> None:
    confirmed(page)
    assert not SignUp.objects.exists()


def test_a_page_or_a_domain_flooded_with_requests_mails_no_more(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ups, "DOMAIN_MAILS_AN_HOUR", 2)
    monkeypatch.setattr(sign_ups, "PAGE_MAILS_AN_HOUR", 4)
    for number in range(3):
        ask(page, f"a{number}@one.example")
    assert mailed("confirm") == 2
    for number in range(3):
        ask(page, f"a@other{number}.example")
    assert mailed("confirm") == 4


def test_a_confirmation_that_was_given_changes_nothing_the_second_time(page: Page) -> None:
    subscriber = ask(page)
    token = token_of(subscriber)
    first = actions.confirm(token).subscriber.confirmed_at
    assert actions.confirm(token).subscriber.confirmed_at == first


def test_a_link_is_good_for_seven_days_then_offers_another_to_the_same_address(page: Page) -> None:
    subscriber = ask(page)
    old = token_of(subscriber)
    let_pass(timedelta(days=7, minutes=1))
    link = subscribers.find_confirming(old)
    assert link is not None
    assert link.state == LinkState.EXPIRED
    with pytest.raises(Refused, match="expired"):
        actions.confirm(old)
    actions.send_confirmation_again(old)
    assert list(Delivery.objects.values_list("subscriber__email", flat=True)) == [ADDRESS, ADDRESS]
    subscriber.refresh_from_db()
    new = token_of(subscriber)
    assert new != old
    actions.confirm(new)
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_the_link_of_an_earlier_mail_stays_good_while_it_is_young(page: Page) -> None:
    first = token_of(ask(page))
    let_pass(timedelta(minutes=11))
    ask(page)
    assert actions.confirm(first).subscriber.state == SubscriberState.ACTIVE


def test_a_token_of_one_purpose_serves_no_other(page: Page) -> None:
    subscriber = ask(page)
    confirm, unsubscribe = token_of(subscriber), subscribers.unsubscribe_token(subscriber)
    for token, use in ((confirm, leaving.unsubscribe), (unsubscribe, actions.confirm)):
        with pytest.raises(Refused, match="not valid"):
            use(token)
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_leaving_takes_back_what_still_waits(page: Page) -> None:
    subscriber = make_subscriber(page, ADDRESS)
    hold_until = timezone.now() + timedelta(seconds=30)
    fanout.queue_update(make_update(make_incident(page)), hold_until=hold_until)
    token = subscribers.unsubscribe_token(subscriber)
    for _ in range(2):
        leaving.unsubscribe(token)
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED
    assert Delivery.objects.get().state == DeliveryState.CANCELLED
    assert AuditEntry.objects.filter(action="unsubscribe").count() == 1


def test_a_manage_link_goes_to_active_addresses_only(page: Page) -> None:
    make_subscriber(page, ADDRESS)
    make_subscriber(page, "pending@example.com", state=SubscriberState.PENDING, confirmed_at=None)
    for email in (ADDRESS, "pending@example.com", "stranger@example.com"):
        actions.request_manage_link(page, email)
    assert list(Delivery.objects.values_list("subscriber__email", "notice__kind")) == [(ADDRESS, "manage")]


def test_a_manage_link_changes_choices_once(page: Page) -> None:
    make_subscriber(page, ADDRESS)
    archive = make_service(page)
    actions.request_manage_link(page, ADDRESS)
    token = subscribers.manage_token(Subscriber.objects.get())
    with pytest.raises(Refused):
        actions.change_choices(token, Choices("ja", services=()))
    changed = actions.change_choices(token, Choices("en", services=(archive.pk,)))
    assert (changed.language, list(changed.services.all())) == ("en", [archive])
    with pytest.raises(Refused, match="expired"):
        actions.change_choices(token, Choices("ja"))
    entry = AuditEntry.objects.get(action="change_choices")
    assert (entry.before["language"], entry.before["services"]) == ("ja", None)
    assert (entry.after["language"], entry.after["services"]) == ("en", ["mail-archive"])


def test_a_manage_link_lives_fifteen_minutes_from_the_departure_of_its_mail(page: Page) -> None:
    make_subscriber(page, ADDRESS)
    actions.request_manage_link(page, ADDRESS)
    let_pass(timedelta(minutes=20))
    token = subscribers.manage_token(Subscriber.objects.get())
    link = subscribers.find_managing(token)
    assert link is not None
    assert link.state == LinkState.EXPIRED
    Delivery.objects.update(state=DeliveryState.SENT, sent_at=timezone.now() - timedelta(minutes=14))
    link = subscribers.find_managing(token)
    assert link is not None
    assert link.state == LinkState.VALID


def test_no_audit_entry_holds_an_address(page: Page) -> None:
    actions.confirm(token_of(ask(page)))
    for entry in AuditEntry.objects.all():
        assert ADDRESS not in f"{entry} {entry.before} {entry.after}"
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "mail_confirm",
        "confirm_subscription",
    }


@pytest.mark.parametrize(
    ("minutes_ago", "allowed"),
    [
        ([], True),
        ([9], False),
        ([11], True),
        ([11, 30], True),
        ([11, 30, 60], False),
        ([11, 30, 60 * 24], True),
        ([60 * 48] * 5, False),
        ([60 * 24 * 31] * 5, True),
    ],
)
def test_caps_count_what_was_mailed_in_each_span(minutes_ago: list[int], allowed: bool) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    earlier = [now - timedelta(minutes=m) for m in minutes_ago]
    assert sign_ups.is_allowed(earlier, now=now, caps=sign_ups.ADDRESS_CAPS) is allowed


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_meets_an_unsubscription_does_not_undo_it(page: Page) -> None:
    subscriber = ask(page)
    confirming, going = token_of(subscriber), subscribers.unsubscribe_token(subscriber)
    raised = run_at_once(lambda: leaving.unsubscribe(going), lambda: actions.confirm(confirming))
    assert isinstance(raised, Refused)
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.UNSUBSCRIBED


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_for_a_link_are_one_mail(page: Page) -> None:
    make_subscriber(page, email=ADDRESS)

    def request() -> None:
        actions.request_manage_link(page, ADDRESS)

    assert run_at_once(request, request) is None
    assert mailed("manage") == 1


def test_following_an_incident_waits_for_the_mailbox_and_asks_no_more(page: Page) -> None:
    incident = make_incident(page)
    for email, state in ((ADDRESS, SubscriberState.ACTIVE), ("new@example.org", None)):
        before = make_subscriber(page, email, state=state) if state else None
        actions.follow(page, incident, email=email, language="en")
        assert not Follow.objects.filter(subscriber__email=email).exists()
        subscriber = Subscriber.objects.get(email=email)
        actions.confirm(token_of(subscriber))
        subscriber.refresh_from_db()
        assert subscriber.state == SubscriberState.ACTIVE
        assert subscriber.follows.get().incident == incident
        assert subscriber.all_services is (before is not None)
    assert mailed("follow") == 2


def test_who_left_follows_one_incident_without_the_old_choices(page: Page) -> None:
    make_subscriber(page, ADDRESS, state=SubscriberState.UNSUBSCRIBED)
    actions.follow(page, make_incident(page), email=ADDRESS, language="ja")
    actions.confirm(token_of(Subscriber.objects.get()))
    assert choices_of(Subscriber.objects.get()).services == ()


def test_only_the_last_one_quiets_one_incident(page: Page) -> None:
    subscriber, incident = make_subscriber(page, ADDRESS), make_incident(page)
    token = subscribers.last_only_token(subscriber, incident)
    for _ in range(2):
        actions.want_last_only(token)
    assert subscriber.follows.get().last_only
    with pytest.raises(Refused):
        actions.want_last_only(subscribers.unsubscribe_token(subscriber))


def managing(page: Page, email: str = ADDRESS) -> str:
    actions.request_manage_link(page, email)
    return subscribers.manage_token(Subscriber.objects.get(email=email))


def test_a_new_address_takes_over_once_it_confirmed_and_the_old_one_is_told(page: Page) -> None:
    subscriber, incident = make_subscriber(page, ADDRESS, services=[make_service(page)]), make_incident(page)
    Follow.objects.create(subscriber=subscriber, incident=incident)
    choices = choices_of(subscriber)
    actions.change_choices(managing(page), choices, new_email="New@Example.org")
    assert Subscriber.objects.get(pk=subscriber.pk).email == ADDRESS
    taker = Subscriber.objects.get(email="new@example.org")
    waiting = fanout.queue_update(make_update(incident), hold_until=timezone.now()).deliveries.get()
    actions.confirm(token_of(taker))
    subscriber.refresh_from_db()
    waiting.refresh_from_db()
    assert (subscriber.email, subscriber.state) == ("new@example.org", SubscriberState.ACTIVE)
    assert (choices_of(subscriber), subscriber.follows.count()) == (choices, 1)
    assert (waiting.subscriber, waiting.domain, waiting.state) == (subscriber, "example.org", "queued")
    old = Subscriber.objects.get(email=ADDRESS)
    assert old.state == SubscriberState.UNSUBSCRIBED
    assert Notice.objects.get(kind="moved").deliveries.get().subscriber == old
    assert subscriber.api_id == subscribers.api_id(page, "new@example.org")


def test_a_change_to_a_subscribed_address_tells_that_address_alone(page: Page) -> None:
    subscriber = make_subscriber(page, ADDRESS)
    make_subscriber(page, "other@example.org")
    actions.change_choices(managing(page), choices_of(subscriber), new_email="other@example.org")
    assert (mailed("move"), mailed("already")) == (0, 1)


def test_the_links_that_the_old_address_holds_open_nothing_after_a_move(page: Page) -> None:
    subscriber, incident = make_subscriber(page, ADDRESS), make_incident(page)
    actions.follow(page, incident, email=ADDRESS, language="ja")
    old_link = token_of(subscriber)
    actions.change_choices(managing(page), choices_of(subscriber), new_email="new@example.org")
    actions.confirm(token_of(Subscriber.objects.get(email="new@example.org")))
    with pytest.raises(Refused, match="expired"):
        actions.confirm(old_link)


def test_a_move_that_meets_a_departure_changes_nothing(page: Page) -> None:
    subscriber = make_subscriber(page, ADDRESS)
    actions.change_choices(managing(page), choices_of(subscriber), new_email="new@example.org")
    link = token_of(Subscriber.objects.get(email="new@example.org"))
    leaving.unsubscribe(subscribers.unsubscribe_token(subscriber))
    with pytest.raises(Refused, match="expired"):
        actions.confirm(link)
    assert set(Subscriber.objects.values_list("state", flat=True)) == {"unsubscribed", "pending"}


def test_choices_leave_out_the_incidents_that_are_not_followed_any_more(page: Page) -> None:
    subscriber = make_subscriber(page, ADDRESS)
    kept, gone = (
        Follow.objects.create(subscriber=subscriber, incident=make_incident(page, reference=f"INC-{n}"))
        for n in (1, 2)
    )
    only_follows = Choices("ja", services=())
    with pytest.raises(Refused):
        actions.change_choices(managing(page), only_follows, unfollow=[kept.pk, gone.pk])
    token = subscribers.manage_token(Subscriber.objects.get())
    actions.change_choices(token, only_follows, unfollow=[gone.pk])
    assert list(subscriber.follows.all()) == [kept]
