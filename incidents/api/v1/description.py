"""`/v1/openapi.json`: the API as programs read about it. For everyone: it says nothing that the source does not."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

DESCRIPTION = Path(__file__).with_name("openapi.json").read_bytes()


@require_safe
def show_openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        DESCRIPTION, content_type="application/json", headers={"Cache-Control": "max-age=300"}
    )
