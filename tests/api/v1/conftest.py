from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from incidents.actions.api_token import create_token


@dataclass(frozen=True)
class Program:
    """What asks the API with a key."""

    key: str

    def get(self, path: str, **query: Any) -> Any:
        return Client().get(path, query, headers={"Authorization": f"Bearer {self.key}"})

    def delete(self, path: str) -> Any:
        return Client().delete(path, headers={"Authorization": f"Bearer {self.key}"})

    def post(self, path: str, body: str = "") -> Any:
        return Client().post(
            path, body, content_type="application/json", headers={"Authorization": f"Bearer {self.key}"}
        )


@pytest.fixture
def reader(db: None) -> Program:
    return Program(create_token("reader", scope="read")[1])


@pytest.fixture
def writer(db: None) -> Program:
    return Program(create_token("writer", scope="write")[1])


@pytest.fixture
def admin(db: None) -> Program:
    return Program(create_token("admin", scope="admin")[1])


@pytest.fixture(autouse=True)
def no_guesses(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
