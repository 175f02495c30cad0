"""Subscribers as staff and their programs look for them."""

from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from incidents.models import Channel, Delivery, MailEvent, Page, Subscriber

LONGEST_WORDS = 254


def search_subscribers(
    *, words: str = "", state: str = "", pages: Iterable[Page] | None = None
) -> QuerySet[Subscriber]:
    """By a part of the address (`@example.com` finds a whole domain) or number, and state; of all pages where none
    is named."""
    found = Subscriber.objects.all() if pages is None else Subscriber.objects.filter(page__in=pages)
    wanted = words.replace("\0", "").strip().lower()[:LONGEST_WORDS]
    if wanted.startswith("@"):
        found = found.filter(email__endswith=wanted)
    elif wanted:
        found = found.filter(Q(email__contains=wanted) | Q(channel=Channel.SMS, endpoint__contains=wanted))
    return found.filter(state=state) if state else found


def subscribers_before(
    found: QuerySet[Subscriber], *, before: int | None, most: int
) -> tuple[list[Subscriber], int | None]:
    """The newest first, from the one before `before`; and what to give for the next ones."""
    rest = found if before is None else found.filter(pk__lt=before)
    rows = list(
        rest.select_related("page").prefetch_related("services", "groups").order_by("-pk")[: most + 1]
    )
    return rows[:most], rows[most - 1].pk if len(rows) > most else None


def history_before(
    subscriber: Subscriber, *, before: int | None, most: int
) -> tuple[list[Delivery], int | None]:
    """Everything that was told them, the newest first, each with what came back of it."""
    found = Delivery.objects.filter(subscriber=subscriber)
    rest = found if before is None else found.filter(pk__lt=before)
    told = ("notice__page", "notice__incident", "notice__update", "notice__report")
    works = ("notice__maintenance", "notice__maintenance_update")
    events = Prefetch("mail_events", queryset=MailEvent.objects.order_by("at", "pk"))
    in_order = rest.select_related("subscriber", *told, *works).prefetch_related(events).order_by("-pk")
    rows = list(in_order[: most + 1])
    return rows[:most], rows[most - 1].pk if len(rows) > most else None


def stray_events(subscriber: Subscriber) -> QuerySet[MailEvent]:
    """What came back of mails that are not on the record any more."""
    return MailEvent.objects.filter(subscriber=subscriber, delivery=None).order_by("-at", "-pk")[:50]
