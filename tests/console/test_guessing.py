import pytest
from django.core.cache import cache
from django.test import Client

from tests import make

pytestmark = pytest.mark.django_db
TYPED = {"login": "staff@example.com", "password": "correct horse battery"}


def test_the_count_of_guesses_outlives_a_flood_of_guesses_at_other_accounts() -> None:
    make.staff(email=TYPED["login"], password=TYPED["password"])
    client = Client()
    for _ in range(6):
        client.post("/console/login/", TYPED | {"password": "wrong"})
    for number in range(1_000):
        cache.set(f"other-account-{number}", [1.0], 300)
    assert client.post("/console/login/", TYPED).status_code != 302


def test_guesses_from_another_place_are_counted_for_the_account_too() -> None:
    make.staff(email=TYPED["login"], password=TYPED["password"])
    for number in range(6):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/console/login/", TYPED | {"password": "wrong"})
    assert Client(REMOTE_ADDR="192.0.2.99").post("/console/login/", TYPED).status_code != 302
