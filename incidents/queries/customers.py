"""Customers as staff choose among them."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from incidents.models import Customer, CustomerContact, Page


def customers_of(page: Page) -> QuerySet[Customer]:
    return Customer.objects.filter(page=page).prefetch_related("services")


def profile(customer: Customer) -> str:
    """What an update or a note may be for them by: the services they use, and what else is so of them."""
    services = sorted(service.name for service in customer.services.all())
    return ", ".join([*services, *customer.conditions])


def customers_before(
    pages: Iterable[Page], *, before: int | None, most: int
) -> tuple[list[Customer], int | None]:
    """The newest first, from the one before `before`, with all that is known of each; and what to give for the
    next ones."""
    found = Customer.objects.filter(page__in=pages)
    rest = found if before is None else found.filter(pk__lt=before)
    people = Prefetch("contacts", queryset=CustomerContact.objects.order_by("pk"))
    in_order = rest.select_related("page").prefetch_related("services", people).order_by("-pk")
    rows = list(in_order[: most + 1])
    return rows[:most], rows[most - 1].pk if len(rows) > most else None
