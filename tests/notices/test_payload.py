"""What is posted to webhooks, held against what Statuspage posts."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import maintenance as maintenance_actions
from incidents.lib import times
from incidents.lib.ids import short_id
from incidents.models import Channel, Delivery, Page, Subscriber
from incidents.notices import outbox
from incidents.notices.channels import webhook
from tests import make
from tests.endpoints import Endpoints

pytestmark = pytest.mark.django_db

INCIDENT = {
    *("name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink"),
    *("postmortem_ignored", "postmortem_body", "postmortem_body_last_updated_at", "postmortem_published_at"),
    *("postmortem_notified_subscribers", "postmortem_notified_twitter", "backfilled", "scheduled_for"),
    *("scheduled_until", "scheduled_remind_prior", "scheduled_reminded_at", "impact_override"),
    *("scheduled_auto_in_progress", "scheduled_auto_completed", "id", "page_id", "incident_updates"),
    "components",
}
UPDATE = {
    *("status", "body", "created_at", "updated_at", "display_at", "affected_components", "custom_tweet"),
    *("deliver_notifications", "id", "incident_id"),
}
COMPONENT = {
    *("status", "name", "created_at", "updated_at", "position", "description", "showcase", "id", "page_id"),
    "group_id",
}
COMPONENT_UPDATE = {"old_status", "new_status", "created_at", "component_type", "id", "component_id"}
# The keys of webhooks recorded in 2017.


@pytest.fixture
def page() -> Page:
    return make.page(languages=["ja", "en"])


@pytest.fixture
def reader(page: Page, endpoints: Endpoints) -> Subscriber:
    return make.subscriber(
        page,
        "owner@example.com",
        channel=Channel.WEBHOOK,
        endpoint=endpoints.url(),
        secret=webhook.new_secret(),
    )


def deliver(endpoints: Endpoints) -> list[Any]:
    before = len(endpoints.posted)
    for _ in (1, 2):  # what is told of one thing goes one after the other
        Delivery.objects.filter(state="queued").update(next_attempt_at=timezone.now())
        outbox.deliver_due()
    return [posted.json for posted in endpoints.posted[before:]]


def test_an_update_is_the_incident_and_then_each_change_of_a_component(
    page: Page, reader: Subscriber, endpoints: Endpoints
) -> None:
    slow, fine = make.service(page, name="メール"), make.service(page)
    incident = make.incident(page, {slow: "degraded"})
    make.update(incident, notify=True)
    told, changed = deliver(endpoints)
    assert set(told) == {"meta", "page", "incident"} and set(changed) == {
        *("meta", "page", "component", "component_update")
    }
    assert set(told["incident"]) >= INCIDENT and set(told["incident"]["incident_updates"][0]) >= UPDATE
    assert set(changed["component"]) == COMPONENT and set(changed["component_update"]) == COMPONENT_UPDATE
    assert told["incident"]["name"] == incident.title
    assert [c["name"] for c in told["incident"]["components"]] == ["メール"]
    assert told["page"] == {
        "id": short_id("page", page.pk),
        "status_indicator": "minor",
        "status_description": "Partially Degraded Service",
    }
    update = changed["component_update"]
    assert (update["old_status"], update["new_status"]) == ("operational", "degraded_performance")
    assert update["component_id"] == changed["component"]["id"] == short_id("service", slow.pk)
    assert all(len(one) == 12 for one in (told["incident"]["id"], update["id"]))
    assert fine.name not in json.dumps(told)


def test_the_messages_of_one_delivery_have_ids_of_their_own_that_stay(
    page: Page, reader: Subscriber, endpoints: Endpoints
) -> None:
    make.update(make.incident(page), notify=True)
    deliver(endpoints)
    first, second = (posted.headers["webhook-id"] for posted in endpoints.posted)
    assert second == f"{first}-1"


def test_each_owner_is_told_in_the_language_chosen(page: Page, endpoints: Endpoints) -> None:
    """In one pass: nobody gets what was written for another."""
    service = make.service(page, name="検索", texts={"en": {"name": "Search"}})
    for language in page.languages:
        fields = {"language": language, "endpoint": endpoints.url(f"/{language}")}
        make.subscriber(
            page, "owner@example.com", channel=Channel.WEBHOOK, secret=webhook.new_secret(), **fields
        )
    incident = make.incident(page, {service: "degraded"}, title="検索の遅延", titles={"en": "Slow search"})
    make.update(incident, body="調査中です。", texts={"en": {"body": "We are looking."}}, notify=True)
    make.maintenance(
        page, {service: "maintenance"}, title="計画停止", titles={"en": "Planned work"}, notify=True
    )
    deliver(endpoints)

    def told(language: str) -> dict[str, tuple[str, str]]:
        bodies = [one.json for one in endpoints.to(f"/{language}") if "incident" in one.json]
        return {
            one["name"]: (one["incident_updates"][0]["body"], one["components"][0]["name"])
            for one in (body["incident"] for body in bodies)
        }

    planned = "データベースを新しい版に更新いたします。"
    assert told("ja") == {"検索の遅延": ("調査中です。", "検索"), "計画停止": (planned, "検索")}
    assert told("en") == {"Slow search": ("We are looking.", "Search"), "Planned work": (planned, "Search")}
    changed = [one.json for one in endpoints.to("/en") if "component" in one.json]
    assert {one["component"]["name"] for one in changed} == {"Search"}


def test_who_chose_services_hears_of_their_changes_alone(page: Page, endpoints: Endpoints) -> None:
    mine, other = make.service(page, group="Mail"), make.service(page)
    fields = {"channel": Channel.WEBHOOK, "secret": webhook.new_secret()}
    make.subscriber(page, "a@example.com", mine, endpoint=endpoints.url("/a"), **fields)
    by_group = make.subscriber(page, "b@example.com", mine, endpoint=endpoints.url("/b"), **fields)
    by_group.services.clear()
    by_group.groups.add(mine.group)  # type: ignore[arg-type]
    by_group.services.add(other)
    make.update(make.incident(page, {mine: "degraded", other: "major_outage"}), notify=True)
    deliver(endpoints)

    def changed(path: str) -> set[str]:
        return {one.json["component"]["name"] for one in endpoints.to(path) if "component" in one.json}

    assert changed("/a") == {mine.name}
    assert changed("/b") == {mine.name, other.name}


def test_an_update_is_told_as_of_its_time(page: Page, reader: Subscriber, endpoints: Endpoints) -> None:
    """However late it leaves: what came after it is told by a message of its own."""
    incident = make.incident(page)
    make.update(incident, notify=True)
    make.update(incident, "resolved", recovered_at=times.now(), notify=True)
    told = [one["incident"] for one in deliver(endpoints) if "incident" in one]
    assert [one["status"] for one in told] == ["investigating", "resolved"]
    assert [len(one["incident_updates"]) for one in told] == [1, 2]
    assert [one["resolved_at"] is None for one in told] == [True, False]


def test_a_maintenance_is_an_incident_with_a_window(
    page: Page, reader: Subscriber, endpoints: Endpoints
) -> None:
    maintenance = make.maintenance(page, notify=True)
    (told,) = deliver(endpoints)
    incident = told["incident"]
    assert set(incident) >= INCIDENT
    assert (incident["status"], incident["impact"]) == ("scheduled", "maintenance")
    assert incident["scheduled_for"] and incident["scheduled_until"]
    assert incident["name"] == maintenance.title


def test_a_cancelled_maintenance_is_told_as_over(
    page: Page, reader: Subscriber, endpoints: Endpoints
) -> None:
    maintenance = make.maintenance(page, notify=True)
    deliver(endpoints)
    maintenance_actions.cancel_maintenance(maintenance)
    told = deliver(endpoints)[0]["incident"]
    assert (told["status"], told["x_cancelled"]) == ("completed", True)


def test_everybody_has_a_link_of_his_own_to_leave_by(
    page: Page, reader: Subscriber, endpoints: Endpoints
) -> None:
    make.update(make.incident(page), notify=True)
    meta = deliver(endpoints)[0]["meta"]
    assert set(meta) == {"unsubscribe", "documentation", "generated_at"}
    assert "/unsubscribe/" in meta["unsubscribe"]
    assert (
        timedelta(0) <= timezone.now() - datetime.fromisoformat(meta["generated_at"]) < timedelta(minutes=1)
    )
