import re

import pytest
from django.db.models import Choices
from django.test import Client
from django.urls import URLPattern

from incidents.api.urls import urlpatterns
from incidents.models import Channel, DeliveryState, MailEventKind, Stages, SubscriberState
from tests.api.v1.described import DOCUMENT, misfits

SCHEMAS = DOCUMENT["components"]["schemas"]


def routes() -> set[str]:
    found = {str(entry.pattern) for entry in urlpatterns if isinstance(entry, URLPattern)}
    return {"/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in found if route.startswith("v1/")}


def test_every_route_is_described_and_nothing_else() -> None:
    assert set(DOCUMENT["paths"]) == routes()


def test_every_place_of_a_path_is_a_parameter_and_every_reference_leads_somewhere() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {
                reference["$ref"].rsplit("/", 1)[1]
                for reference in operation.get("parameters", [])
                if "$ref" in reference
            }
            assert set(re.findall(r"{(\w+)}", path)) <= named
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', str(DOCUMENT).replace("'", '"')):
        found = DOCUMENT
        for name in reference.split("/"):
            found = found[name]


@pytest.mark.parametrize(
    ("schema", "field", "values"),
    [
        ("Delivery", "state", DeliveryState),
        ("Delivery", "channel", Channel),
        ("Subscriber", "state", SubscriberState),
        ("Subscriber", "stages", Stages),
        ("Event", "kind", MailEventKind),
    ],
)
def test_every_value_that_is_stored_is_described(schema: str, field: str, values: type[Choices]) -> None:
    assert SCHEMAS[schema]["properties"][field]["enum"] == values.values


@pytest.mark.django_db
def test_the_description_is_for_everyone() -> None:
    response = Client().get("/v1/openapi.json")
    assert (response.status_code, response.json()) == (200, DOCUMENT)
    assert not response.cookies


def test_a_wrong_shape_is_noticed() -> None:
    right = {"median": 1, "slowest": 2}
    assert misfits(right, SCHEMAS["Waits"]) == []
    for wrong in (
        {"median": 1},
        {**right, "more": 1},
        {**right, "median": "1"},
        {**right, "median": True},
        None,
    ):
        assert misfits(wrong, SCHEMAS["Waits"])
