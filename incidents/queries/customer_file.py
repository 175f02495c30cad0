"""What was sent to one customer's contacts, as a file for the customer."""

from collections.abc import Iterator

from incidents.lib.cells import write_rows
from incidents.models import Customer, Delivery, Notice

COLUMNS = (
    *("address", "contact", "kind", "reference", "title", "number"),
    *("queued_at", "due_at", "sent_at", "state", "code", "reply"),
)


def write_customer(customer: Customer) -> Iterator[str]:
    """Each delivery to an address of its contacts by the customer's page, the oldest first, in the page's zone."""
    return write_rows(COLUMNS, _rows(customer))


def _rows(customer: Customer) -> Iterator[list[str]]:
    zone = customer.page.zone
    names = {email.lower(): name for email, name in customer.contacts.values_list("email", "name")}
    found = Delivery.objects.filter(subscriber__page=customer.page, subscriber__email__in=names)
    told = ("notice__incident", "notice__update", "notice__report", "notice__maintenance")
    related = ("subscriber", "notice__maintenance_update", *told)
    for row in found.select_related(*related).order_by("notice_id", "pk").iterator(chunk_size=2000):
        instants = (row.notice.created_at, row.notice.due_at, row.sent_at)
        yield [
            row.reader.email,
            names[row.reader.email],
            row.notice.kind,
            *_about(row.notice),
            *(at.astimezone(zone).isoformat(timespec="seconds") if at else "" for at in instants),
            row.state,
            row.last_code,
            row.last_reply,
        ]


def _about(notice: Notice) -> tuple[str, str, str]:
    update = notice.update or notice.maintenance_update
    number = str(update.number) if update else ""
    if notice.incident:
        reference = notice.report.number if notice.report else notice.incident.reference
        return reference or "", notice.incident.title, number
    return "", notice.maintenance.title if notice.maintenance else "", number
