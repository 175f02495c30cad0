"""Figures of a report's draft."""

import hashlib

from django.db import transaction

from incidents.actions import audit
from incidents.actions.report_signing import text_changed
from incidents.actions.report_text import lock_text
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.images import redraw_figure
from incidents.models import Figure, Report, Staff

MOST_FIGURES = 40


@transaction.atomic
def add_figure(report: Report, data: bytes, *, claimed: str, actor: Staff | None = None) -> Figure:
    """Keeps the picture drawn anew; `claimed` is the media type that came with it. Names are never used again."""
    drawn = redraw_figure(data, claimed=claimed, field="figure")
    held = lock_text(report)
    names = list(Figure.objects.filter(report=held).values_list("name", flat=True))
    if len(names) >= MOST_FIGURES:
        raise Refused(f"expected at most {MOST_FIGURES} figures", field="figure")
    digest = hashlib.sha256(drawn.data).hexdigest()
    figure = Figure.objects.create(
        report=held,
        name=f"figure-{max((_number(name) for name in names), default=0) + 1}",
        image=drawn.data,
        media_type=drawn.media_type,
        width=drawn.width,
        height=drawn.height,
        digest=digest,
        added_at=times.now(),
        added_by=actor,
    )
    text_changed(held)
    held.save(update_fields=["version", "state"])
    audit.record("add_report_figure", held, actor=actor, after={"name": figure.name, "digest": digest})
    return figure


@transaction.atomic
def remove_figure(report: Report, name: str, *, actor: Staff | None = None) -> None:
    held = lock_text(report)
    if Figure.objects.filter(report=held, name=name).delete()[0]:
        text_changed(held)
        held.save(update_fields=["version", "state"])
        audit.record("remove_report_figure", held, actor=actor, before={"name": name})


def _number(name: str) -> int:
    rest = name.removeprefix("figure-")
    return int(rest) if rest.isdecimal() else 0
