"""An incident as plain text, for a reader who must pass it on inside a company."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents.lib.markdown import plain
from incidents.queries.incident_view import IncidentView
from incidents.templatetags.languages import name_only
from incidents.templatetags.page_time import format_day, format_estimate, format_instant


def summarise(incident: IncidentView, *, zone: ZoneInfo, language: str, address: str) -> str:
    """One `label: value` a line, then the latest update's words and the address of the whole."""

    def say(at: datetime) -> str:
        return format_instant(at, zone=zone, language=language)

    facts = [
        (_("Status"), incident.stage_label),
        (_("Severity"), incident.severity_label),
        (_("Started at"), say(incident.started_at)),
        (_("Resolved at"), say(incident.ended_at) if incident.ended_at else ""),
        (_("Affected services"), _affected(incident, language=language)),
        (_("Who is concerned"), _marked(incident, "concerned")),
        (_("What you can do"), _marked(incident, "workaround")),
        (_("Next update by"), say(incident.next_update_at) if incident.next_update_at else ""),
        (_("Estimated recovery"), _estimated(incident, zone=zone, language=language)),
        (_("Post-incident report"), _report(incident, language=language)),
    ]
    colon = "：" if language == "ja" else ": "
    lines = [f"{_marked(incident, 'title')} ({incident.reference})", ""]
    lines += [f"{label}{colon}{value}" for label, value in facts if value]
    if latest := incident.latest:
        step = _("Update %(n)s") % {"n": latest.number}
        lines += ["", f"{step} {say(latest.happened_at)}"]
        if only_in := latest.fallbacks.get("body"):
            lines += [f"[{name_only(only_in)}]"]
        lines += [plain(latest.body) or _("No text on record")]
    return "\n".join([*lines, "", address])


def _marked(incident: IncidentView, field: str) -> str:
    """The text, with the language it is in where that is not the one of the summary."""
    text, language = str(getattr(incident, field)), incident.fallbacks.get(field)
    return f"{text} [{name_only(language)}]" if language else text


def _estimated(incident: IncidentView, *, zone: ZoneInfo, language: str) -> str:
    told = incident.recovery
    return format_estimate(told, zone=zone, language=language) if told else ""


def _report(incident: IncidentView, *, language: str) -> str:
    if incident.report_number:
        withdrawn = f" ({_('Withdrawn')})" if incident.report_withdrawn else ""
        return f"{incident.report_number}{withdrawn}"
    if incident.report_due_on is None:
        return ""
    due = format_day(incident.report_due_on, language=language)
    return _("Being written, to be published by %(due)s") % {"due": due}


def _affected(incident: IncidentView, *, language: str) -> str:
    form, separator = ("{}（{}）", "、") if language == "ja" else ("{} ({})", ", ")
    impacts = incident.worst_impacts if incident.is_over else incident.open_impacts
    return separator.join(form.format(impact.service, impact.status.label) for impact in impacts)
