"""A database fails and nine services with it, as monitors see it on real servers: one draft, one call, one incident."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from incidents.actions import automation, staff_watch
from incidents.actions.service import set_dependencies
from incidents.actions.staff_alert import Step, add_contact, set_steps
from incidents.lib import times
from incidents.models import Delivery, Incident, IncidentState, Monitor, Page, Service, Watch
from incidents.monitors import run
from incidents.notices import outbox
from incidents.queries.page import overview
from tests import make
from tests.servers import Server, serving
from tests.smtp import Sink, sink

__all__ = ["sink"]

pytestmark = pytest.mark.django_db(transaction=True)
DEPENDANTS = 9


@pytest.fixture
def site(settings: Settings) -> Iterator[Server]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with serving() as made:
        yield made


class Shop:
    """A database that publishes by itself, and what stands on it; every half minute all is checked."""

    def __init__(self, page: Page, site: Server) -> None:
        self._site, self._began_at, self.seconds = site, timezone.now(), 0
        database = make.service(page, name="Database", policy="publish")
        services = [make.service(page, name=f"Service {n}") for n in range(DEPENDANTS)]
        for service in services:
            set_dependencies(service, [database])
        for service in (*services, database):
            make.monitor(service, "http", target="http://127.0.0.1/")

    @property
    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self.seconds)

    def go_on(self, *, half_minutes: int, path: str) -> None:
        Monitor.objects.update(target=f"http://127.0.0.1:{self._site.port}/{path}")
        for _ in range(half_minutes):
            self.seconds += 30
            Watch.objects.update(next_check_at=timezone.now())
            with times.at(self.now):
                run.check_due()
                automation.run()
                staff_watch.run()
                outbox.deliver_due(seconds=5)


def test_one_draft_one_call_and_one_incident_that_ends_by_itself(sink: Sink, site: Server) -> None:
    page = make.page(host="status.example")
    one = add_contact(page, name="duty", channel="email", place="duty@example.com", language="en")
    set_steps(page, [Step(0, (one.pk,))])
    shop = Shop(page, site)
    shop.go_on(half_minutes=22, path="text/x")

    shop.go_on(half_minutes=3, path="status/503")
    draft = Incident.objects.exclude(state=IncidentState.DISMISSED).get()
    assert draft.state == IncidentState.DRAFT
    assert draft.impacts.count() == 1 + DEPENDANTS
    assert draft.signals.values("service").distinct().count() == 1 + DEPENDANTS
    assert "Database" in draft.title
    calls_of_draft = Delivery.objects.filter(notice__staff_alert__incident=draft)
    assert calls_of_draft.count() == 1

    shop.go_on(half_minutes=20, path="status/503")
    draft.refresh_from_db()
    assert draft.state == IncidentState.PUBLIC
    assert [impact.service.name for impact in draft.impacts.all()] == ["Database"]

    shop.go_on(half_minutes=30, path="text/x")
    draft.refresh_from_db()
    assert draft.stage == "resolved"
    assert not Incident.objects.exclude(state=IncidentState.DISMISSED).exclude(pk=draft.pk).exists()
    with times.at(shop.now):
        assert overview(page).status == "operational"
    assert Service.objects.count() == 1 + DEPENDANTS
