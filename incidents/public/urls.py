"""The addresses of a page: its first language at the root, the others under /<language>/."""

from django.urls import include, path, register_converter

from incidents.public import reports, subscribing_urls, views


class LanguageConverter:
    regex = "[a-z]{2}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LanguageConverter, "language")

pages = [
    path("", views.show_overview, name="overview"),
    path("history", views.show_history, name="history"),
    path("incidents/<slug:reference>", views.show_incident, name="incident"),
    path("services/<slug:slug>", views.show_service, name="service"),
    path("reports/<slug:number>", reports.show_report, name="report"),
    path("reports/<slug:number>.txt", reports.show_report_text, name="report_text"),
    path("reports/<slug:number>.md", reports.show_report_markdown, name="report_markdown"),
    *subscribing_urls.urlpatterns,
]

urlpatterns = [
    path("robots.txt", views.show_robots, name="robots"),
    path("", include(pages)),
    path("<language:language>/", include(pages)),
]
