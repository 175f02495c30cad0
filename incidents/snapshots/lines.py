"""The lines of long lists of incidents, each rendered once for as long as it stays what it is."""

from collections.abc import Iterable, Sequence

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from incidents.queries.lines import incident_lines
from incidents.queries.published import IncidentKey
from incidents.snapshots.edition import Edition
from incidents.snapshots.site import Site

TEMPLATE = "public/_incident_line.html"


def lines_of(site: Site, keys: Iterable[IncidentKey], edition: Edition) -> dict[str, SafeString]:
    """HTML by the incident's reference."""

    def make(lacking: Sequence[str]) -> dict[str, SafeString]:
        lines = incident_lines(site.page, lacking, language=edition.language)
        frame = {"page": site.page, "prefix": edition.prefix, "now": site.now, "detailed": True}
        with translation.override(edition.language):
            return {line.reference: render_to_string(TEMPLATE, frame | {"incident": line}) for line in lines}

    wanted = {key.reference: key.version for key in keys}
    return site.kept.many(f"lines {edition.language}", wanted, make)
