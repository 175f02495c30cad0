"""Customers as staff choose among them."""

from django.db.models import QuerySet

from incidents.models import Customer, Page


def customers_of(page: Page) -> QuerySet[Customer]:
    return Customer.objects.filter(page=page).prefetch_related("services")


def profile(customer: Customer) -> str:
    """What an update or a note may be for them by: the services they use, and what else is so of them."""
    services = sorted(service.name for service in customer.services.all())
    return ", ".join([*services, *customer.conditions])
