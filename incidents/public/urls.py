"""The addresses of a page: its first language at the root, the others under /<language>/."""

from django.urls import include, path, re_path, register_converter

from incidents.public import members_urls, subscribing_urls, views


class LanguageConverter:
    regex = "[a-z]{2}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


# Whose addresses without their last slash lead to those with it, and who have 404 pages of their own.
NOT_STAFF = "(?!(?:console|admin)(?:/|$))"

register_converter(LanguageConverter, "language")

urlpatterns = [
    path("", include(subscribing_urls)),
    path("", include(members_urls)),
    path("<language:language>/", include(subscribing_urls)),
    path("<language:language>/", include(members_urls)),
    path("", views.show, name="overview"),
    re_path(rf"^(?P<address>{NOT_STAFF}.+)$", views.show, name="published"),
]
