"""How fast the past of 500 services is read from a year of roll-ups and 5,000 incidents.

`python -m bench.uptime [SERVICES]` fills a database of its own, prints each figure beside its limit and exits 1
where one is missed. With DATABASE_URL it uses that database, which must be empty.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

import django

SERVICES = 500
INCIDENTS = 5_000
DAYS = 365
LIMIT_SECONDS = 0.1
ROUNDS = 30
TOKYO = ZoneInfo("Asia/Tokyo")
DAY_SECONDS = 86_400
SHARE_OF_DAYS_NOT_WHOLLY_UP = 0.05


def fill(services: int) -> None:
    """A twentieth of the days with a failure or a gap; one service in twenty was not watched for a week."""
    from django.core.management import call_command
    from django.utils import timezone

    from incidents.models import Impact, Incident, Monitor, Page, Service, ServiceDay

    call_command("migrate", verbosity=0)
    now = timezone.now()
    chance = random.Random(1)
    page = Page.objects.create(name="Bench", organisation="Bench", host="bench.example.com")
    Service.objects.bulk_create(
        Service(page=page, slug=f"s{n}", name=f"S{n}", code="SVC", created_at=now - timedelta(days=400))
        for n in range(services)
    )
    ids = list(Service.objects.values_list("pk", flat=True))
    Monitor.objects.bulk_create(Monitor(service_id=pk, kind="http", name="m") for pk in ids)
    today = now.astimezone(TOKYO).date()
    rows = []
    for place, pk in enumerate(ids):
        for back in range(DAYS):
            if place % 20 == 0 and 100 <= back < 107:
                continue
            lost = chance.randrange(60, 7200) if chance.random() < SHARE_OF_DAYS_NOT_WHOLLY_UP else 0
            failing = lost if chance.random() < 0.5 else 0
            rows.append(
                ServiceDay(
                    service_id=pk,
                    day=today - timedelta(days=back),
                    seconds=DAY_SECONDS,
                    up=DAY_SECONDS - lost,
                    major_outage=failing,
                )
            )
    ServiceDay.objects.bulk_create(rows, batch_size=5000)
    began = [now - timedelta(minutes=chance.randrange(120, DAYS * 1440)) for _ in range(INCIDENTS)]
    Incident.objects.bulk_create(
        Incident(
            page=page,
            reference=f"INC-{n}",
            title="t",
            state="public",
            stage="resolved",
            started_at=at,
            opened_at=at,
            published_at=at,
            resolved_at=at + timedelta(hours=2),
        )
        for n, at in enumerate(began)
    )
    incidents = list(Incident.objects.values_list("pk", "started_at"))
    Impact.objects.bulk_create(
        (
            Impact(
                incident_id=pk,
                service_id=service_id,
                status=chance.choice(["degraded", "partial_outage", "major_outage"]),
                from_at=at,
                until_at=at + timedelta(minutes=chance.randrange(5, 120)),
            )
            for pk, at in incidents
            for service_id in chance.sample(ids, 2)
        ),
        batch_size=5000,
    )


def fastest(read: Callable[[], object]) -> float:
    """Seconds of the fastest of many readings: whatever else the machine does only adds to them."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        read()
        taken.append(time.perf_counter() - began)
    return min(taken)


def readings() -> dict[str, Callable[[], object]]:
    """What the front page asks, and what the page of all services asks."""
    from django.utils import timezone

    from incidents.models import Page
    from incidents.queries.past_days import Past
    from incidents.queries.uptime import PERIODS, load_pasts

    page = Page.objects.get()

    def load(days: int) -> Iterable[Past]:
        return load_pasts(page, days=days, now=timezone.now()).values()

    def bars() -> object:
        return [[past.day(index) for index in past.unusual()] for past in load(90)]

    def figures() -> object:
        return [
            [(past.declared_in(days), past.seen_in(days)) for days in PERIODS] for past in load(PERIODS[-1])
        ]

    return {
        "the bars of 90 days": bars,
        f"the uptime of {', '.join(map(str, PERIODS))} days": figures,
    }


def main() -> int:
    services = int(sys.argv[1]) if len(sys.argv) > 1 else SERVICES
    limit = LIMIT_SECONDS * max(1, services / SERVICES)
    with tempfile.TemporaryDirectory() as data_dir:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "statuspage.settings", "DATA_DIR": data_dir}
        django.setup()
        from django.db import connection

        fill(services)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        taken = {name: fastest(read) for name, read in readings().items()}
        connection.close()
    for name, seconds in taken.items():
        missed = "" if seconds < limit else "  MISSED"
        print(f"{seconds * 1000:7.1f} ms  for {name} of {services} services (under 100 for 500){missed}")
    return 0 if max(taken.values()) < limit else 1


if __name__ == "__main__":
    sys.exit(main())
