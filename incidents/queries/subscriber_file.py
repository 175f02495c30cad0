"""The active subscribers of a page as a file that `import_subscribers` reads."""

from collections.abc import Iterator

from django.db.models import QuerySet

from incidents.lib.cells import write_rows
from incidents.models import Channel, Page, Subscriber, SubscriberState
from incidents.queries.choices import KINDS
from incidents.queries.selection import NOTHING, Names, group_names, service_names

COLUMNS = (
    *("email", "language", "services", "groups", "kinds", "stages", "time_zone"),
    *("consent_date", "consent_source"),
)
CSV_TYPE = "text/csv; charset=utf-8"
CHUNK = 2_000


def write_subscribers(page: Page) -> Iterator[str]:
    """Line by line: memory does not grow with their number. Only mail, the channel that a file can bring."""
    return write_rows(COLUMNS, _rows(page))


def exported(page: Page) -> QuerySet[Subscriber]:
    active = Subscriber.objects.filter(page=page, state=SubscriberState.ACTIVE, channel=Channel.EMAIL)
    return active.prefetch_related("services", "groups").order_by("pk")


def _rows(page: Page) -> Iterator[list[str]]:
    services, groups = service_names(page), group_names(page)
    for subscriber in exported(page).iterator(chunk_size=CHUNK):
        chosen = _chosen(subscriber, services, groups)
        day = subscriber.confirmed_at.astimezone(page.zone).date() if subscriber.confirmed_at else ""
        yield [
            subscriber.email,
            subscriber.language,
            *chosen,
            _kinds(subscriber),
            subscriber.stages,
            subscriber.time_zone,
            str(day),
            subscriber.consent_source,
        ]


def _chosen(subscriber: Subscriber, services: Names, groups: Names) -> tuple[str, str]:
    """Who chose only what is gone has chosen nothing, which is not everything."""
    if subscriber.all_services:
        return "", ""
    told = services.write(row.pk for row in subscriber.services.all())
    grouped = groups.write(row.pk for row in subscriber.groups.all())
    return (told, grouped) if told or grouped else (NOTHING, "")


def _kinds(subscriber: Subscriber) -> str:
    wanted = [kind for kind in KINDS if getattr(subscriber, f"wants_{kind}")]
    if len(wanted) == len(KINDS):
        return ""
    return ";".join(wanted) or NOTHING
