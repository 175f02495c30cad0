"""What may happen to a subscription, and what is mailed for it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    Notice,
    NoticeKind,
    Page,
    Subscriber,
    SubscriberState,
)
from incidents.notices import fanout
from incidents.queries import subscribers
from incidents.queries.subscribers import LinkState
from tests.at_once import run_at_once
from tests.make_notices import make_incident, make_page, make_service, make_subscriber, make_update

pytestmark = pytest.mark.django_db

ADDRESS = "reader@example.com"


@pytest.fixture
def page() -> Page:
    return make_page()


def ask(page: Page, email: str = ADDRESS, **fields: object) -> Subscriber:
    values = {"language": "ja", "service_ids": None, **fields}
    actions.subscribe(page, email=email, **values)  # type: ignore[arg-type]
    return Subscriber.objects.get(page=page, email=email.lower())


def mailed(kind: str) -> int:
    return Notice.objects.filter(kind=kind).count()


def let_pass(span: timedelta) -> None:
    """As if everything so far had happened that much earlier."""
    for notice in Notice.objects.all():
        Notice.objects.filter(pk=notice.pk).update(created_at=notice.created_at - span)
    for subscriber in Subscriber.objects.all():
        for field in ("confirm_sent_at", "manage_sent_at"):
            at = getattr(subscriber, field)
            Subscriber.objects.filter(pk=subscriber.pk).update(**{field: at and at - span})


def test_a_new_address_is_pending_until_it_confirms(page: Page) -> None:
    subscriber = ask(page, "Reader@Example.COM")
    assert (subscriber.email, subscriber.state) == (ADDRESS, SubscriberState.PENDING)
    assert mailed("confirm") == 1
    actions.confirm(subscribers.confirm_token(subscriber))
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.ACTIVE
    assert subscriber.confirmed_at is not None


def test_choices_are_kept_from_the_request_on(page: Page) -> None:
    archive, _other = make_service(page), make_service(page, "Web filter")
    subscriber = ask(page, language="en", service_ids=[archive.pk])
    assert (subscriber.language, subscriber.all_services) == ("en", False)
    assert list(subscriber.services.all()) == [archive]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "a@localhost"}, "email"),
        ({"language": "fr"}, "language"),
        ({"service_ids": []}, "services"),
        ({"service_ids": [999_999]}, "services"),
    ],
)
def test_bad_input_names_its_field_and_saves_nothing(
    page: Page, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        ask(page, **fields)  # type: ignore[arg-type]
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
    assert (subscriber.pk, subscriber.state) == (gone.pk, SubscriberState.PENDING)
    actions.confirm(subscribers.confirm_token(subscriber))
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_a_page_or_a_domain_flooded_with_requests_mails_no_more(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "DOMAIN_CONFIRMATIONS_AN_HOUR", 2)
    monkeypatch.setattr(actions, "PAGE_CONFIRMATIONS_AN_HOUR", 4)
    for number in range(3):
        ask(page, f"a{number}@one.example")
    assert mailed("confirm") == 2
    for number in range(3):
        ask(page, f"a@other{number}.example")
    assert mailed("confirm") == 4


def test_a_confirmation_that_was_given_changes_nothing_the_second_time(page: Page) -> None:
    subscriber = ask(page)
    token = subscribers.confirm_token(subscriber)
    first = actions.confirm(token).confirmed_at
    assert actions.confirm(token).confirmed_at == first


def test_a_link_is_good_for_seven_days_then_offers_another_to_the_same_address(page: Page) -> None:
    subscriber = ask(page)
    old = subscribers.confirm_token(subscriber)
    let_pass(timedelta(days=7, minutes=1))
    link = subscribers.find_confirming(old)
    assert link is not None
    assert link.state == LinkState.EXPIRED
    with pytest.raises(Refused, match="expired"):
        actions.confirm(old)
    actions.send_confirmation_again(old)
    assert list(Delivery.objects.values_list("subscriber__email", flat=True)) == [ADDRESS, ADDRESS]
    subscriber.refresh_from_db()
    new = subscribers.confirm_token(subscriber)
    assert new != old
    actions.confirm(new)
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_the_link_of_an_earlier_mail_stays_good_while_it_is_young(page: Page) -> None:
    first = subscribers.confirm_token(ask(page))
    let_pass(timedelta(minutes=11))
    ask(page)
    assert actions.confirm(first).state == SubscriberState.ACTIVE


def test_a_token_of_one_purpose_serves_no_other(page: Page) -> None:
    subscriber = ask(page)
    confirm, unsubscribe = subscribers.confirm_token(subscriber), subscribers.unsubscribe_token(subscriber)
    for token, use in ((confirm, actions.unsubscribe), (unsubscribe, actions.confirm)):
        with pytest.raises(Refused, match="not valid"):
            use(token)
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_leaving_takes_back_what_still_waits(page: Page) -> None:
    subscriber = make_subscriber(page, ADDRESS)
    hold_until = timezone.now() + timedelta(seconds=30)
    fanout.queue_update(make_update(make_incident(page)), hold_until=hold_until)
    token = subscribers.unsubscribe_token(subscriber)
    for _ in range(2):
        actions.unsubscribe(token)
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
        actions.change_choices(token, language="ja", service_ids=[])
    changed = actions.change_choices(token, language="en", service_ids=[archive.pk])
    assert (changed.language, list(changed.services.all())) == ("en", [archive])
    with pytest.raises(Refused, match="expired"):
        actions.change_choices(token, language="ja", service_ids=None)
    entry = AuditEntry.objects.get(action="change_choices")
    assert (entry.before, entry.after) == (
        {"language": "ja", "services": None},
        {"language": "en", "services": ["mail-archive"]},
    )


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
    actions.confirm(subscribers.confirm_token(ask(page)))
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
    assert actions.is_allowed(earlier, now=now, caps=actions.CAPS[NoticeKind.CONFIRM]) is allowed


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_meets_an_unsubscription_does_not_undo_it(page: Page) -> None:
    subscriber = ask(page)
    confirming, leaving = subscribers.confirm_token(subscriber), subscribers.unsubscribe_token(subscriber)
    raised = run_at_once(lambda: actions.unsubscribe(leaving), lambda: actions.confirm(confirming))
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
