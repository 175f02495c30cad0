from dataclasses import dataclass

import pytest
from django.test import Client

from incidents.models import Page, Staff
from tests import make
from tests.smtp import sink

__all__ = ["Desk", "desk", "sink"]


@dataclass(frozen=True)
class Desk:
    """A member of staff, signed in to the console of a page, in English."""

    page: Page
    staff: Staff
    client: Client


@pytest.fixture
def desk(db: None) -> Desk:
    page = make.page()
    staff = make.staff()
    staff.language = "en"
    staff.save()
    client = Client()
    client.force_login(staff)
    client.get("/console/")  # the first screen writes the session; the next ones only read it
    return Desk(page, staff, client)
