"""What a member of staff does at the console, in the words of the work."""

from datetime import datetime, timedelta

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.models import Service
from tests.make import JST

PASSWORD = "correct horse battery"


def sign_in(tab: Tab, email: str, password: str = PASSWORD) -> None:
    tab.goto("/console/")
    tab.fill("#id_login", email)
    tab.fill("#id_password", password)
    tab.click("#sign-in")
    tab.wait_for_url("**/console/")


def choose(tab: Tab, name: str, value: str) -> None:
    tab.locator(f"[name={name}][value={value}]").check()


def write_update(tab: Tab, stage: str, body: str, *, scope: dict[Service, str] | None = None) -> None:
    """Fills the composer in; nothing is sent."""
    choose(tab, "stage", stage)
    tab.fill("#id_body", body)
    for service, status in (scope or {}).items():
        tab.select_option(f"#id_service_{service.pk}", status)


def promise(tab: Tab, instant: datetime) -> None:
    choose(tab, "promise", "at")
    tab.fill("#id_next_update_at", to_field(instant))


def publish(tab: Tab, *, number: int) -> None:
    """Sends the composer, and waits until the update is on the screen."""
    tab.click("#publish-update")
    expect(tab.locator(f"#update-{number}")).to_be_visible()


def to_field(instant: datetime) -> str:
    """As a `datetime-local` input takes it, in the page's zone."""
    return instant.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


def clock(instant: datetime) -> str:
    return instant.astimezone(JST).strftime("%H:%M")


def in_minutes(minutes: int, *, after: datetime) -> datetime:
    return (after + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
