"""What tests of the console type into its forms."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incidents.models import Report, Service
from incidents.reports.editing import shown


def typed(at: datetime) -> str:
    """An instant as a browser sends it, in the page's zone."""
    return f"{at.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%dT%H:%M}"


def composed(*services: Service, **values: Any) -> dict[str, Any]:
    """A composer filled in: the services degraded, the promise by severity, mails in the hold."""
    given = {
        "stage": "identified",
        "body": "We found the cause.",
        "severity": "minor",
        "promise": "severity",
        "notify": "on",
        "hold": "hold",
        "request_key": "key-1",
    }
    return given | {f"service_{service.pk}": "degraded" for service in services} | values


def written(report: Report, **values: Any) -> dict[str, Any]:
    """A report's form filled in from the report."""
    given = {
        "organisation": report.organisation,
        "subject": report.subject,
        "edition": report.edition,
        "what_happened": "Searches were late.",
        "scope": "All customers.",
        "cause": "A full disk.",
        "measures": "A larger disk.",
        "period_from": typed(report.period_from),
        "period_until": typed(report.period_until) if report.period_until else "",
    }
    return given | bases(report) | values


def bases(report: Report) -> dict[str, str]:
    """What each field of the report's form says now, as the form sends it along."""
    names = ("organisation", "subject", "edition", "greeting", "apology", "what_happened", "scope", "cause")
    facts = ("measures", "period_from", "period_until", "from_is_approximate", "until_is_approximate")
    return {f"base_{name}": shown(getattr(report, name)) for name in (*names, *facts)}


def issued(report: Report, **values: Any) -> dict[str, Any]:
    """The form that issues it as it stands, telling those whom the incident concerned."""
    report.refresh_from_db()
    return {"issued_on": "2020-10-08", "reach": "audience", "version": report.version, **values}
