"""Every address, in the order in which they are tried."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from statuspage.health import answer_healthz, answer_readyz

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "incidents.public.views.show_bad_request"
handler404 = "incidents.public.views.show_not_found"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", answer_healthz, name="healthz"),
    path("readyz", answer_readyz, name="readyz"),
    path("console/", include("incidents.console.account_urls")),
    path("console/", include("incidents.console.urls")),
    path("admin/", admin.site.urls),
    path("", include("incidents.hooks.urls")),
    path("", include("incidents.api.urls")),
    path("", include("incidents.public.urls")),
]
