"""What programs read in a page: structured data (schema.org) and what they show beside a link to it."""

import json
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.lib.markdown import plain
from incidents.models import MaintenanceState, Page, ServiceStatus
from incidents.notices.links import page_url
from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.service import ServiceView
from incidents.reports.document import Document

register = template.Library()

# Nothing in a string may end the element it stands in, or begin another.
_DISARMED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}
_LOCALES = {"ja": "ja_JP", "en": "en_US"}


@register.simple_tag(takes_context=True)
def address(context: Context, path: str) -> str:
    """Absolute, without a language."""
    page: Page = context["page"]
    return page_url(page, path)


@register.filter
def words(markdown: str) -> str:
    """On one line."""
    return " ".join(plain(markdown).split())


@register.filter
def locale(language: str) -> str:
    return _LOCALES.get(language, language)


@register.filter
def picture(incident: IncidentView) -> ServiceStatus:
    """The state whose picture stands beside a link to it."""
    return ServiceStatus.OPERATIONAL if incident.is_over else incident.status


@register.simple_tag(takes_context=True)
def page_data(context: Context, title: str) -> SafeString:
    return _script(context, {"@type": "WebPage", "name": title})


@register.simple_tag(takes_context=True)
def service_data(context: Context, service: ServiceView) -> SafeString:
    return _script(context, {"@type": "WebPage", "name": service.name, "about": _service(service.name)})


@register.simple_tag(takes_context=True)
def incident_data(context: Context, incident: IncidentView) -> SafeString:
    data = {
        "@type": "Article",
        "headline": incident.title,
        "identifier": incident.reference,
        "datePublished": incident.published_at.isoformat(),
        "dateModified": incident.updated_at.isoformat(),
        "about": [_service(name) for name in incident.services],
    }
    return _script(context, data)


@register.simple_tag(takes_context=True)
def maintenance_data(context: Context, maintenance: MaintenanceView) -> SafeString:
    is_cancelled = maintenance.state == MaintenanceState.CANCELLED
    data = {
        "@type": "Event",
        "name": maintenance.title,
        "identifier": maintenance.id,
        "startDate": maintenance.from_at.isoformat(),
        "endDate": maintenance.until_at.isoformat(),
        "eventStatus": f"https://schema.org/{'EventCancelled' if is_cancelled else 'EventScheduled'}",
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": context["url"]},
        "about": [_service(name) for name in maintenance.service_names],
    }
    return _script(context, data)


@register.simple_tag(takes_context=True)
def report_data(context: Context, document: Document) -> SafeString:
    data = {"@type": "Report", "headline": document.title, "reportNumber": document.number}
    return _script(context, data)


def _service(name: str) -> dict[str, str]:
    return {"@type": "Service", "name": name}


def _script(context: Context, data: dict[str, Any]) -> SafeString:
    """No browser runs it, so that the page's policy against scripts in the page does not touch it."""
    page: Page = context["page"]
    whole = {
        "@context": "https://schema.org",
        **data,
        "url": context["url"],
        "inLanguage": context["language"],
        "publisher": {"@type": "Organization", "name": page.organisation or page.name},
    }
    text = json.dumps(whole, ensure_ascii=False).translate(_DISARMED)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))
