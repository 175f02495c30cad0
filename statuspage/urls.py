"""Every address, in the order in which they are tried."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from statuspage.health import answer_healthz, answer_readyz

FACES = (("console/", "incidents.console.urls"), ("", "incidents.hooks.urls"), ("", "incidents.public.urls"))
handler404 = "incidents.public.views.show_not_found"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", answer_healthz, name="healthz"),
    path("readyz", answer_readyz, name="readyz"),
    path("console/", include("allauth.account.urls")),
    *(path(prefix, include(module)) for prefix, module in FACES if find_spec(module)),
]
