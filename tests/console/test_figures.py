import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.log import add_entry
from incidents.lib import times
from incidents.models import Incident, Page, Service
from incidents.queries.figures import figures_of_page
from incidents.queries.response import Figure, Kept, Promise
from incidents.snapshots.figures import draw_figures, unit_for
from tests import make
from tests.console.conftest import Desk

NOW = make.jst("2026-06-30 12:00")


def incident(page: Page, service: Service, day: str = "2026-06-01") -> Incident:
    """Begins 9:00; enquired 9:20, opened 9:30, told 9:40 and 10:10, over 11:00."""
    began = make.jst(f"{day} 09:00")
    with times.at(began + timedelta(minutes=30)):
        made = make.incident(page, {service: "degraded"}, started_at=began)
        add_entry(made, text="Enquiry.", happened_at=began + timedelta(minutes=20), kind="enquiry")
    promised = began + timedelta(minutes=60)
    for minutes, stage, values in (
        (40, "investigating", {"next_update_at": promised}),
        (70, "identified", {"promise_nothing": True}),
        (120, "resolved", {}),
    ):
        with times.at(began + timedelta(minutes=minutes)):
            make.update(made, stage, **values)
    return made


def csv_of(desk: Desk) -> list[dict[str, str]]:
    with times.at(NOW):
        response = desk.client.get("/console/figures/file/")
        text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_figures_of_an_incident_come_from_its_record(desk: Desk) -> None:
    service = make.service(desk.page)
    incident(desk.page, service)
    everything, of_service = figures_of_page(desk.page, now=NOW)
    quarter = everything.quarters[-1]
    assert str(quarter.quarter) == "2026-Q2"
    medians = {figure: quarter.figures[figure].median for figure in Figure}
    assert medians == {
        Figure.DETECT: timedelta(minutes=30),
        Figure.ENQUIRY: timedelta(minutes=20),
        Figure.RECOGNITION: timedelta(minutes=10),
        Figure.BETWEEN: timedelta(minutes=40),
        Figure.RESOLVE: timedelta(minutes=120),
        Figure.REPORT: None,
    }
    assert quarter.figures[Figure.BETWEEN].longest == timedelta(minutes=50)
    assert quarter.promises[Promise.UPDATE] == Kept(broken=1)
    assert of_service.quarters == everything.quarters


def test_each_quarter_and_service_has_its_own_and_all_count_an_incident_once(desk: Desk) -> None:
    mail, search = make.service(desk.page), make.service(desk.page)
    incident(desk.page, mail)
    incident(desk.page, search)
    incident(desk.page, mail, "2026-03-31")
    incident(desk.page, mail, "2024-01-01")  # longer ago than is shown
    make.incident(desk.page, {mail: "degraded"})  # a draft
    counts = [
        [quarter.incidents for quarter in one.quarters[-2:]] for one in figures_of_page(desk.page, now=NOW)
    ]
    assert counts == [[1, 2], [1, 1], [0, 1]]


def test_an_incident_at_midnight_belongs_to_the_quarter_of_the_pages_zone(desk: Desk) -> None:
    service = make.service(desk.page)
    made = incident(desk.page, service)
    Incident.objects.filter(pk=made.pk).update(started_at=make.jst("2026-04-01 00:30"))
    quarters = figures_of_page(desk.page, now=NOW)[0].quarters
    assert [quarter.incidents for quarter in quarters[-2:]] == [0, 1]


def test_the_screen_shows_charts_and_says_that_the_numbers_are_small(desk: Desk) -> None:
    service = make.service(desk.page, name="Archive & Co")
    incident(desk.page, service)
    with times.at(NOW):
        html = desk.client.get(f"/console/figures/?service={service.slug}").content.decode()
    assert html.count('class="middle"') == 5
    assert "(few)" in html
    assert "Archive &amp; Co" in html
    assert "0 of 1" in html
    assert "Nothing to measure yet." in html


def test_a_page_without_incidents_has_figures_of_nothing(desk: Desk) -> None:
    assert "Nothing to measure yet." in desk.client.get("/console/figures/").content.decode()


def test_the_file_has_a_line_a_service_and_quarter_and_no_formulas(desk: Desk) -> None:
    service = make.service(desk.page, name="=1+1")
    incident(desk.page, service)
    rows = csv_of(desk)
    assert [row["service"] for row in rows[::8]] == ["(all)", "'=1+1"]
    last = rows[-1]
    assert (last["quarter"], last["incidents"]) == ("2026-Q2", "1")
    assert (last["between_count"], last["between_median_minutes"]) == ("2", "40.0")
    assert (last["report_count"], last["report_median_days"]) == ("0", "")
    assert (last["update_promises_broken"], last["told_before_enquiry"]) == ("1", "0")


def test_the_number_of_queries_does_not_grow(desk: Desk) -> None:
    def cost() -> int:
        with times.at(NOW), CaptureQueriesContext(connection) as queries:
            desk.client.get("/console/figures/")
        return len(queries)

    incident(desk.page, make.service(desk.page))
    one = cost()
    for _ in range(2):
        incident(desk.page, make.service(desk.page))
    assert cost() == one
    assert one <= 12


def test_a_quarter_is_a_bar_as_high_as_its_value(desk: Desk) -> None:
    service = make.service(desk.page)
    incident(desk.page, service, "2026-03-31")
    incident(desk.page, service)
    views = {view.figure: view for view in draw_figures(figures_of_page(desk.page, now=NOW)[0].quarters)}
    between = views[Figure.BETWEEN].drawing
    assert between is not None
    assert (between.top, views[Figure.BETWEEN].unit) == (50, "minutes")
    assert between.longest == "M775 200v-200h75v200ZM900 200v-200h75v200Z"
    assert between.medians == "M775 200v-160h75v160ZM900 200v-160h75v160Z"
    assert views[Figure.REPORT].drawing is None


@pytest.mark.parametrize(
    ("longest", "unit"),
    [
        (timedelta(minutes=120), "minutes"),
        (timedelta(minutes=121), "hours"),
        (timedelta(hours=48), "hours"),
        (timedelta(days=30), "days"),
    ],
)
def test_a_chart_is_drawn_in_a_unit_that_suits_it(longest: timedelta, unit: str) -> None:
    assert unit_for(longest) == unit
