"""Whatever people write as a title or a text: every format that programs read stays whole."""

import json
from xml.etree import ElementTree as ET

import feedparser
from hypothesis import assume, given
from hypothesis import strategies as st

from incidents.lib.errors import Refused
from incidents.lib.markdown import render
from incidents.lib.xml import clean
from incidents.models import Page, ServiceStatus
from incidents.models.fold import Change
from incidents.queries.incident_view import ImpactView, IncidentView
from incidents.queries.page import Overview
from incidents.queries.update_view import UpdateView
from incidents.queries.v2.components import Components
from incidents.queries.v2.incidents import incident_object
from incidents.queries.v2.present import Present
from incidents.snapshots.edition import Edition
from incidents.snapshots.feeds import atom, rss
from incidents.snapshots.feeds.entries import incident_entry
from incidents.snapshots.v2.documents import dump
from tests.lib.hostile_text import hostile_text, patient
from tests.snapshots.v2.fields import faults
from tests.snapshots.v2.scene import NOW

ANY_TEXT = st.one_of(hostile_text(), st.text(max_size=30))
PAGE = Page(pk=1, name="Status", host="status.example.com", languages=["ja", "en"], updated_at=NOW)
EDITION = Edition(PAGE, "ja", NOW)


def incident(title: str, body: str) -> IncidentView:
    try:
        html = render(body)
    except Refused:
        assume(False)
    update = UpdateView(
        id=1,
        number=1,
        stage="investigating",
        severity="minor",
        body=body,
        body_html=html,
        scope={1: "degraded"},
        change=Change.FIRST,
        happened_at=NOW,
        published_at=NOW,
        edited_at=None,
        next_update_at=None,
    )
    return IncidentView(
        id=1,
        reference="INC-20200904-01",
        title=title,
        stage="investigating",
        severity="minor",
        concerned="",
        workaround="",
        started_at=NOW,
        published_at=NOW,
        updated_at=NOW,
        resolved_at=None,
        next_update_at=None,
        updates=(update,),
        impacts=(ImpactView(1, "Mail", "mail", ServiceStatus.DEGRADED, NOW, None),),
        report_number=None,
        report_issued_at=None,
        report_pending=False,
    )


def present() -> Present:
    overview = Overview(PAGE, NOW, None, ServiceStatus.OPERATIONAL, (), (), (), (), ())
    made = Present(EDITION, overview)
    made.__dict__["components"] = Components((), {})  # else looked up
    return made


@patient
@given(title=ANY_TEXT, body=ANY_TEXT)
def test_json(title: str, body: str) -> None:
    answer = json.loads(dump(incident_object(incident(title, body), present())))
    assert answer["name"] == title
    assume(title)  # the table wants one
    assert list(faults(answer, "incident")) == []


@patient
@given(title=ANY_TEXT, body=ANY_TEXT)
def test_feeds(title: str, body: str) -> None:
    entries = [incident_entry(incident(title, body), EDITION)]
    for kind in (atom, rss):
        written = kind.write(entries, EDITION, title=title)
        titles = [node.text or "" for node in ET.fromstring(written).iter() if node.tag.endswith("title")]
        # A reader of XML sees every line end as one character.
        assert titles == [clean(title).replace("\r\n", "\n").replace("\r", "\n")] * 2
        found = feedparser.parse(written)
        assert not found.bozo and len(found.entries) == 1
        assert found.entries[0].link.endswith("/incidents/INC-20200904-01")
