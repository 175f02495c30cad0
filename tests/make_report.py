"""Builders of reports in every step of their life."""

import io
from typing import Any

from PIL import Image

from incidents.actions.page import change_settings
from incidents.actions.report import draft_report, save_report
from incidents.actions.report_review import approve_report, request_review
from incidents.lib import times
from incidents.models import Figure, Incident, IssuedEdition, Page, Report, Service, Staff
from incidents.reports import issue
from tests import make
from tests.make import jst

TEXTS = {
    "what_happened": "検索の結果が遅れました。",
    "scope": "すべてのお客様。",
    "cause": "ディスクが一杯になりました。",
    "measures": "1. 容量を倍にします。\n2. 監視を加えます。",
}


def png() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(drawn, "PNG")
    return drawn.getvalue()


def figure(of: Report, name: str, *, image: bytes) -> Figure:
    return Figure.objects.create(
        report=of,
        name=name,
        image=image,
        media_type="image/png",
        width=40,
        height=30,
        digest="0" * 64,
        added_at=times.now(),
    )


def staff(name: str) -> Staff:
    return Staff.objects.create_user(f"{name}@example.com", "correct horse battery", name=name)


def resolved(on: Page | None = None) -> Incident:
    """An hour and a half of 2020, told in two updates. A page in one language is quicker to write."""
    page = on or make.page(languages=["ja"])
    named = Service.objects.filter(page=page, name="Email Archive").first()
    service = named or make.service(page, name="Email Archive", code="HEA")
    incident = make.incident(
        page, {service: "degraded"}, title="Email Archive 検索の遅延", started_at=jst("2020-09-04 12:00")
    )
    make.update(incident, happened_at=jst("2020-09-04 12:46"))
    make.update(incident, "resolved", happened_at=jst("2020-09-04 13:30"))
    return incident


def careful_page() -> Page:
    """Where a second person approves."""
    return change_settings(make.page(languages=["ja"]), {"four_eyes": True})


def draft(of: Incident | None = None, *, writer: Staff | None = None, **values: Any) -> Report:
    """Complete: it can be issued as it is."""
    report = draft_report(of or resolved(), actor=writer)
    return save_report(report, {**TEXTS, **values}, version=report.version, actor=writer)


def issued(report: Report | None = None, **given: Any) -> Report:
    return issue.issue(report or draft(), **{"reach": "quiet", **given})


def approved(report: Report, *, by: Staff) -> Report:
    report = request_review(report, version=report.version, actor=by)
    return approve_report(report, version=report.version, actor=by)


def revised(report: Report, **given: Any) -> Report:
    """The next edition, issued."""
    report = issue.begin_revision(report)
    report = save_report(report, {"cause": "別の原因です。"}, version=report.version)
    return issued(report, **{"changes": "原因を改めました。", **given})


def edition(of: Report, revision: int) -> IssuedEdition:
    found = IssuedEdition.objects.select_related("report__incident__page", "report__service")
    return found.get(report=of, revision=revision)
