import pytest

from incidents.actions.service import set_status
from incidents.models import Page, Service, ServiceGroup
from incidents.queries.group import GroupNode
from incidents.queries.page import overview
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


def nest(name: str, *, into: str) -> None:
    ServiceGroup.objects.filter(name=name).update(parent=ServiceGroup.objects.get(name=into))


def named(nodes: tuple[GroupNode, ...]) -> dict[str, object]:
    """Each group's services, then the groups in it."""
    return {
        node.group.name: [
            *(service.name for service in node.group.services),
            *([named(node.subgroups)] if node.subgroups else []),
        ]
        for node in nodes
    }


def put(page: Page, name: str, group: str = "") -> Service:
    return make.service(page, name=name, group=group)


def test_groups_stand_in_groups_and_services_in_none_come_first(page: Page) -> None:
    put(page, "SMTP", "Sending")
    put(page, "IMAP", "Reading")
    put(page, "Spam", "Filters")
    put(page, "Website")
    nest("Filters", into="Sending")
    shown = overview(page)
    assert named(shown.group_tree) == {
        "": ["Website"],
        "Sending": ["SMTP", {"Filters": ["Spam"]}],
        "Reading": ["IMAP"],
    }
    assert [service.name for service in shown.services] == ["Website", "SMTP", "Spam", "IMAP"]


def test_a_group_that_holds_only_groups_is_shown_and_an_empty_one_is_not(page: Page) -> None:
    put(page, "Spam", "Filters")
    for name in ("Mail", "Nothing yet"):
        ServiceGroup.objects.create(page=page, name=name)
    nest("Filters", into="Mail")
    assert named(overview(page).group_tree) == {"Mail": [{"Filters": ["Spam"]}]}


def test_groups_that_stand_in_each_other_lose_no_service(page: Page) -> None:
    put(page, "SMTP", "Sending")
    put(page, "Spam", "Filters")
    put(page, "Rules", "Deepest")
    nest("Filters", into="Sending")
    nest("Sending", into="Filters")
    nest("Deepest", into="Sending")
    assert {service.name for service in overview(page).services} == {"SMTP", "Spam", "Rules"}


def test_a_group_has_the_worst_status_of_all_inside_and_stays_open_for_it(page: Page) -> None:
    put(page, "SMTP", "Sending")
    hit = put(page, "Spam", "Filters")
    nest("Filters", into="Sending")
    ServiceGroup.objects.update(is_collapsed=True)
    [sending] = overview(page).group_tree
    assert (sending.status, sending.is_open) == ("operational", False)
    set_status(hit, "maintenance")
    [sending] = overview(page).group_tree
    assert (sending.status, sending.is_open) == ("maintenance", True)
    assert sending.subgroups[0].is_open
