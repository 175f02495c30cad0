import pytest

from tests import make
from tests.snapshots.v2.fields import ENDPOINTS, faults
from tests.snapshots.v2.scene import full_page, read

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Etc/UTC", "America/Los_Angeles"])
def test_every_key_is_there_with_its_type_and_no_other(endpoint: str, zone: str) -> None:
    full_page(time_zone=zone)
    assert list(faults(read(endpoint), endpoint)) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_empty_page_has_empty_lists_and_never_null(endpoint: str) -> None:
    make.page(host="testserver")
    answer = read(endpoint)
    assert list(faults(answer, endpoint)) == []
    assert all(value == [] for value in answer.values() if isinstance(value, list))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"time_zone": None}, ["page.time_zone: None is no str"]),
        ({"x_more": 1}, ["page.x_more: not in the table"]),
        (
            {"updated_at": "2020-09-04T12:50:00+09:00"},
            ["page.updated_at: '2020-09-04T12:50:00+09:00' is no stamp"],
        ),
        ({"id": "ABC"}, ["page.id: 'ABC' is no id"]),
    ],
)
def test_the_table_finds_what_is_wrong(change: dict[str, object], found: list[str]) -> None:
    make.page(host="testserver")
    answer = read("status.json")["page"] | change
    assert list(faults(answer, "page", where="page")) == found
